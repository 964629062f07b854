"""The filter of transactions, as lists of all and of one account take it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import strawberry

from core import records
from db.select import Asked
from db.transaction_filter import Duplicates
from db.transaction_filter import TransactionFilter as Wanted
from db.transactions import TransactionOrder
from resolvers import transactions
from schema.ids import key_of, optional_key_of
from schema.scalars import CurrencyCode


@strawberry.input(
    description="Which transactions: all of these hold; what is left out or null asks nothing."
)
class TransactionFilter:
    account_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of one of these accounts, 1,000 at most."
    )
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="That came over this connection."
    )
    job_id: strawberry.ID | None = strawberry.field(
        default=None, description="That this job wrote last."
    )
    recurring_id: strawberry.ID | None = strawberry.field(
        default=None, description="That this recurring payment was found in."
    )
    posted_from: date | None = strawberry.field(
        default=None, description="Posted on this day or later; by the day that lists go by."
    )
    posted_to: date | None = strawberry.field(
        default=None, description="Posted on this day or earlier; by the day that lists go by."
    )
    amount_from: Decimal | None = strawberry.field(
        default=None, description="Of this amount or more; money out is negative."
    )
    amount_to: Decimal | None = strawberry.field(
        default=None, description="Of this amount or less; money out is negative."
    )
    status: list[records.TransactionStatus] | None = strawberry.field(
        default=None, description="In one of these states; left out: all but REMOVED."
    )
    category: list[str] | None = strawberry.field(
        default=None,
        description="Of one of these categories, by `Category.name` to the letter; 1,000 at most.",
    )
    currency: CurrencyCode | None = strawberry.field(default=None, description="In this currency.")
    merchant_name: str | None = strawberry.field(
        default=None,
        description="With this other party: as the source prints it, to the letter, or by a "
        "name as in `Transaction.merchant`, in each of the merchant's spellings.",
    )
    text: str | None = strawberry.field(
        default=None,
        description="With this in description, merchant or references, whatever the case; "
        "2 to 100 characters.",
    )
    reconciled: bool | None = strawberry.field(default=None, description="Reconciled, or not.")
    duplicates: Duplicates | None = strawberry.field(
        default=None,
        description="Whether to show those that do not count, as another one is the same booking; "
        "left out: they are left out.",
    )

    def wanted(self) -> Wanted:
        """The filter as reads take it."""
        return Wanted(
            account_ids=None
            if self.account_ids is None
            else tuple(key_of("Account", one) for one in self.account_ids),
            connection_id=optional_key_of("Connection", self.connection_id),
            job_id=optional_key_of("IngestionJob", self.job_id),
            recurring_id=optional_key_of("RecurringTransaction", self.recurring_id),
            posted_from=self.posted_from,
            posted_to=self.posted_to,
            amount_from=self.amount_from,
            amount_to=self.amount_to,
            status=None if self.status is None else tuple(self.status),
            categories=None if self.category is None else tuple(self.category),
            currency=self.currency,
            merchant=None
            if self.merchant_name is None
            else transactions.merchant_name(self.merchant_name),
            text=self.text,
            reconciled=self.reconciled,
            duplicates=self.duplicates or Duplicates.EXCLUDE,
        )


def asked_transactions(
    *,
    filter: TransactionFilter | None = None,
    order_by: TransactionOrder = TransactionOrder.POSTED_DATE_DESC,
) -> Asked:
    """What the arguments of a list of transactions ask for. Raises BadInput."""
    return transactions.asked(Wanted() if filter is None else filter.wanted(), order_by)
