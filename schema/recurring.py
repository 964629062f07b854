"""Payments that come again and again."""

from __future__ import annotations

from datetime import date, datetime

import strawberry

from core import categories as core
from db.accounts import LISTING as ACCOUNTS
from db.recurring import RecurringFilter
from resolvers import accounts
from schema.accounts import Account
from schema.columns import column, money, shown
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.money import Money
from schema.node import Node
from schema.reads import One
from schema.related import one


@strawberry.type(description="A payment that comes in a period, as the rows of an account show.")
class RecurringTransaction(Node):
    merchant: str = column("r.merchant", description="The other party's cleaned name.")
    period: core.RecurringPeriod = column("r.period", description="How often it comes.")
    state: core.RecurringState = column("r.state", description="Whether it is expected again.")
    is_income: bool = column("r.is_income", description="Whether money comes in.")
    first_on: date = column("r.first_on", description="The day of the first.")
    last_on: date = column("r.last_on", description="The day of the last.")
    next_on: date | None = column(
        "r.next_on", description="When the next is expected; null where none is."
    )
    amount_low: Money = money(
        "r.amount_low",
        currency="r.currency",
        description="The lowest amount; money out is below 0.",
    )
    amount_high: Money = money(
        "r.amount_high", currency="r.currency", description="The highest amount."
    )
    occurrences: int = column("r.occurrences", description="How often it came.")
    missed: int = column("r.missed", description="How often it did not come when it should have.")
    confidence: int = column("r.confidence", description="How sure it is, in percent.")
    dismissed_at: datetime | None = column(
        "r.dismissed_at", description="When a member said that it is none; null: nobody did."
    )
    created_at: datetime = column("r.created_at", description="When it was found.")
    updated_at: datetime = column("r.updated_at", description="When it last changed.")
    model: strawberry.Private[core.RecurringItem]

    @staticmethod
    def of(item: core.RecurringItem) -> RecurringTransaction:
        """A recurring payment of the tenant's."""
        return shown(
            RecurringTransaction,
            item,
            id=encode("RecurringTransaction", item.id),
            key=item.id,
            model=item,
        )

    @resolved(
        description="The account that it is on.", reads=One(listing=ACCOUNTS, key="r.account_id")
    )
    async def account(self, info: Info) -> Account:
        """The account."""
        return await one(info.context, accounts.by_ids, self.model.account_id, Account.of)


@strawberry.input(
    description="Which recurring payments: all of these hold; what is left out asks nothing."
)
class RecurringTransactionFilter:
    account_id: strawberry.ID | None = strawberry.field(
        default=None, description="On this account."
    )
    period: list[core.RecurringPeriod] | None = strawberry.field(
        default=None, description="In one of these periods."
    )
    state: list[core.RecurringState] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    dismissed: bool | None = strawberry.field(
        default=False,
        description="true: those that members dismissed, in place of the others.",
    )
    expected_from: date | None = strawberry.field(
        default=None, description="Expected on this day or later."
    )
    expected_to: date | None = strawberry.field(
        default=None, description="Expected on this day or earlier."
    )

    def wanted(self) -> RecurringFilter:
        """The filter as reads take it."""
        return RecurringFilter(
            account_id=optional_key_of("Account", self.account_id),
            period=None if self.period is None else tuple(self.period),
            state=None if self.state is None else tuple(self.state),
            dismissed=self.dismissed is True,
            expected_from=self.expected_from,
            expected_to=self.expected_to,
        )
