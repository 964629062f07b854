"""Summaries of transactions, for charts and budgets."""

from __future__ import annotations

from datetime import date

import strawberry

from db.accounts import LISTING as ACCOUNTS
from db.select import Arguments
from db.summaries import Group, TransactionGrouping
from db.transaction_filter import TransactionFilter as Wanted
from resolvers import accounts, transactions
from schema.accounts import Account
from schema.columns import derived, money
from schema.context import Info
from schema.fields import resolved
from schema.money import Money
from schema.reads import One
from schema.related import maybe
from schema.scalars import CurrencyCode
from schema.transaction_filter import TransactionFilter


@strawberry.type(description="Transactions of one currency that are alike in what was asked.")
class TransactionGroup:
    month: date | None = derived(
        "g.month", description="The first day of the month; null unless grouped by MONTH."
    )
    category: str | None = derived(
        "g.category",
        description="The name of the category; null unless grouped by CATEGORY, and where nobody "
        "said.",
    )
    merchant_name: str | None = derived(
        "g.merchant_name",
        description="The other party's name without processors, numbers and places, as in "
        "`Transaction.merchant`, of several spellings the first; null unless grouped by MERCHANT, "
        "and where nothing names one.",
    )
    currency: CurrencyCode = derived(
        "g.currency", description="The currency: different ones are never added."
    )
    count: int = derived("g.count", description="How many transactions.")
    income: Money = money(
        "g.income", currency="g.currency", description="The sum of money in; zero or more."
    )
    expenses: Money = money(
        "g.expenses", currency="g.currency", description="The sum of money out; zero or less."
    )
    net: Money = money("g.net", currency="g.currency", description="Income and expenses together.")
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

    @resolved(
        description="The account; null unless grouped by ACCOUNT.",
        reads=One(listing=ACCOUNTS, key="g.account_id"),
    )
    async def account(self, info: Info) -> Account | None:
        """The account."""
        return await maybe(info.context, accounts.by_ids, self.model.account_id, Account.of)


def summary_rows(
    arguments: Arguments,
    *,
    group_by: list[TransactionGrouping],
    filter: TransactionFilter | None = None,
) -> str:
    """The statement of a summary. Raises BadInput."""
    wanted = Wanted() if filter is None else filter.wanted()
    return transactions.summary_statement(arguments, wanted=wanted, by=frozenset(group_by))
