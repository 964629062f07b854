"""Transactions as users read them: pages by filter and order, of one account or of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final
from uuid import UUID

from core.models import Transaction
from core.page import Page
from db import select
from db.queries import load
from db.select import Asked, Listing, Order
from db.session import Tx
from db.transaction_filter import BY_AMOUNT, BY_DATE, TransactionFilter, conditions

_SQL = load("transactions")

# What it was for: a member's word, else what the evidence says, else the source's word alone.
CATEGORY: Final = "coalesce(t.user_category, t.derived_category, t.source_category)"
# What the spellings of one merchant have in common; rows nobody has looked at have the raw name.
MERCHANT: Final = "coalesce(t.merchant_key, lower(t.merchant_name))"
# Where that belongs: one of the tenant's own says so, one of the taxonomy is its own code.
CODE: Final = (
    "coalesce((select c.code from app.categories as c where c.tenant_id = t.tenant_id"
    " and c.name = coalesce(t.user_category, t.derived_category, t.source_category)),"
    " case when t.user_category is null then t.category_code else t.user_category end)"
)
# What the card's acquirer says that the merchant sells, in `extra` under the names that sources use
# (`pipeline.judging.CODE_KEYS`); anything but four digits is no code.
CODE_OF_MERCHANT: Final = (
    "substring(coalesce(t.extra ->> 'mcc', t.extra ->> 'MCC', t.extra ->> 'sic', t.extra ->> 'SIC')"
    " from '^[0-9]{4}$')"
)
LISTING: Final = Listing(
    source="app.transactions as t",
    alias="t",
    overrides={"merchant_category_code": CODE_OF_MERCHANT},
)


class TransactionOrder(Enum):
    """The order of a list of transactions; ties go by id, so that pages are stable."""

    POSTED_DATE_DESC = "posted_date_desc"
    POSTED_DATE_ASC = "posted_date_asc"
    AMOUNT_DESC = "amount_desc"
    AMOUNT_ASC = "amount_asc"


ORDERS: Final = {
    TransactionOrder.POSTED_DATE_DESC: Order(name="date.desc", keys=BY_DATE),
    TransactionOrder.POSTED_DATE_ASC: Order(name="date.asc", keys=BY_DATE, descending=False),
    TransactionOrder.AMOUNT_DESC: Order(name="amount.desc", keys=BY_AMOUNT),
    TransactionOrder.AMOUNT_ASC: Order(name="amount.asc", keys=BY_AMOUNT, descending=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How many transactions came, changed and went."""

    added: int
    updated: int
    removed: int


def asked(wanted: TransactionFilter, order: TransactionOrder) -> Asked:
    """Transactions in an order."""
    return Asked(where=conditions(wanted), order=ORDERS[order])


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Transaction]:
    """Transactions by id, removed ones too."""
    return await select.by_ids(tx, Transaction, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx,
    *,
    tenant_id: UUID,
    wanted: TransactionFilter,
    order: TransactionOrder,
    first: int,
    after: str | None,
) -> Page[Transaction]:
    """Transactions in an order."""
    return await select.page(
        tx,
        Transaction,
        listing=LISTING,
        tenant_id=tenant_id,
        where=conditions(wanted),
        order=ORDERS[order],
        first=first,
        after=after,
    )


async def of_accounts(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_ids: Sequence[UUID],
    wanted: TransactionFilter,
    order: TransactionOrder,
    first: int,
    after: str | None,
) -> Mapping[UUID, Page[Transaction]]:
    """Transactions of each account in an order."""
    return await select.pages(
        tx,
        Transaction,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="t.account_id",
        parent_ids=account_ids,
        where=conditions(wanted),
        order=ORDERS[order],
        first=first,
        after=after,
    )


async def count(tx: Tx, *, tenant_id: UUID, wanted: TransactionFilter) -> int:
    """How many transactions there are. Raises TimedOut where that are too many to count."""
    return await select.count(tx, listing=LISTING, tenant_id=tenant_id, where=conditions(wanted))


async def change_of_job(tx: Tx, *, tenant_id: UUID, job_id: UUID, account_id: UUID) -> Change:
    """What a job made of one account's transactions."""
    row = await tx.row(_SQL["change_of_job"], tenant_id, job_id, account_id)
    assert row is not None
    return Change(added=row["added"], updated=row["updated"], removed=row["removed"])


async def finished_jobs(
    tx: Tx, *, tenant_id: UUID, since: datetime, most: int
) -> tuple[datetime, Sequence[UUID]]:
    """The database's time of the look, and ids of jobs that ended at an instant or later, in this
    order; `most` of them."""
    rows = await tx.rows(_SQL["finished_jobs"], tenant_id, since, most)
    return rows[0]["at"], [row["id"] for row in rows if row["id"]]
