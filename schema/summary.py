"""Summaries of transactions, for charts and budgets."""

from __future__ import annotations

from datetime import date

import strawberry

from db.summaries import Group
from resolvers import accounts
from schema.accounts import Account
from schema.context import Info
from schema.fields import resolved
from schema.money import Money
from schema.related import maybe
from schema.scalars import CurrencyCode


@strawberry.type(description="Transactions of one currency that are alike in what was asked.")
class TransactionGroup:
    month: date | None = strawberry.field(
        description="The first day of the month; null unless grouped by MONTH."
    )
    category: str | None = strawberry.field(
        description="The name of the category; null unless grouped by CATEGORY, and where nobody "
        "said."
    )
    merchant_name: str | None = strawberry.field(
        description="The other party; null unless grouped by MERCHANT, and where the source names "
        "none."
    )
    currency: CurrencyCode = strawberry.field(
        description="The currency: different ones are never added."
    )
    count: int = strawberry.field(description="How many transactions.")
    income: Money = strawberry.field(description="The sum of money in; zero or more.")
    expenses: Money = strawberry.field(description="The sum of money out; zero or less.")
    net: Money = strawberry.field(description="Income and expenses together.")
    model: strawberry.Private[Group]

    @staticmethod
    def of(group: Group) -> TransactionGroup:
        """A group of the tenant's transactions."""
        currency = CurrencyCode(group.currency)
        return TransactionGroup(
            month=group.month,
            category=group.category,
            merchant_name=group.merchant_name,
            currency=currency,
            count=group.count,
            income=Money(amount=group.income, currency=currency),
            expenses=Money(amount=group.expenses, currency=currency),
            net=Money(amount=group.net, currency=currency),
            model=group,
        )

    @resolved(description="The account; null unless grouped by ACCOUNT.")
    async def account(self, info: Info) -> Account | None:
        """The account."""
        return await maybe(info.context, accounts.by_ids, self.model.account_id, Account.of)
