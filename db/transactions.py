"""Transactions as users read them: pages by filter and order, of one account or of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_FLOOR, Decimal
from enum import Enum
from typing import Final
from uuid import UUID

from core.models import Transaction
from core.page import Page
from core.records import TransactionStatus
from db import select
from db.queries import load
from db.select import Arguments, Asked, Condition, Listing, Order
from db.session import Tx

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
# Transactions whose parts count: they are still of the amount that was split.
_SPLIT: Final = (
    "select w.id from app.transaction_parts as p join app.transactions as w"
    " on w.tenant_id = p.tenant_id and w.id = p.transaction_id"
    " and w.amount = p.whole and w.currency = p.currency"
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

_BY_DATE: Final = (select.by_date("t.sort_date"), select.by_id("t"))
_BY_AMOUNT: Final = (select.by_number("t.amount_key"), select.by_id("t"))


class TransactionOrder(Enum):
    """The order of a list of transactions; ties go by id, so that pages are stable."""

    POSTED_DATE_DESC = "posted_date_desc"
    POSTED_DATE_ASC = "posted_date_asc"
    AMOUNT_DESC = "amount_desc"
    AMOUNT_ASC = "amount_asc"


ORDERS: Final = {
    TransactionOrder.POSTED_DATE_DESC: Order(name="date.desc", keys=_BY_DATE),
    TransactionOrder.POSTED_DATE_ASC: Order(name="date.asc", keys=_BY_DATE, descending=False),
    TransactionOrder.AMOUNT_DESC: Order(name="amount.desc", keys=_BY_AMOUNT),
    TransactionOrder.AMOUNT_ASC: Order(name="amount.asc", keys=_BY_AMOUNT, descending=False),
}


class Duplicates(Enum):
    """Whether rows are wanted that do not count, because another one is the same booking."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantName:
    """The other party: to the letter, and where it is a cleaned name, its key in any spelling."""

    text: str
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFilter:
    """Which transactions; None asks nothing. Without a status, removed ones are left out."""

    account_ids: tuple[UUID, ...] | None = None
    connection_id: UUID | None = None
    job_id: UUID | None = None
    recurring_id: UUID | None = None
    posted_from: date | None = None
    posted_to: date | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    status: tuple[TransactionStatus, ...] | None = None
    categories: tuple[str, ...] | None = None
    currency: str | None = None
    merchant: MerchantName | None = None
    text: str | None = None
    reconciled: bool | None = None
    duplicates: Duplicates = Duplicates.EXCLUDE


# What a recurring payment was found in; see `sql/recurring.sql`, series.
_OF_RECURRING: Final = """\
exists (
  select 1
  from app.recurring_items as s
  where s.tenant_id = t.tenant_id
    and s.id = {}
    and s.account_id = t.account_id
    and s.merchant_key = t.merchant_key
    and s.currency = t.currency
    and s.is_income = (t.amount > 0)
    and t.sort_date between s.first_on and s.last_on
    and t.status = 'posted'
)"""
_OF_MERCHANT: Final = f"({{}}::text in (t.merchant_name, t.merchant) or {MERCHANT} = {{}}::text)"
# Rows of a connection: looked up where they are few, as a walk over the list might find them last.
OF_CONNECTION_MAX: Final = 5_000
_OF_CONNECTION: Final = (
    "t.mapping_id in (select m.id from app.account_mappings as m "
    "where m.tenant_id = t.tenant_id and m.connection_id = {})"
)
# In the order of the index that begins with the mapping, and with a limit that the planner does not
# know: it would sort all of the tenant's rows instead.
_BY_MAPPING: Final = (
    "from app.account_mappings as m cross join lateral (\n"
    "select x.id from app.transactions as x\n"
    f"where x.tenant_id = {Arguments.TENANT} and x.mapping_id = m.id\n"
    f"order by x.fingerprint, x.occurrence limit (select {OF_CONNECTION_MAX + 1})\n"
    f") as x\nwhere m.tenant_id = {Arguments.TENANT} and m.connection_id = {{}}\n"
    f"limit (select {OF_CONNECTION_MAX + 1})"
)
_IDS_OF_CONNECTION: Final = (
    f"(select case when count(*) <= {OF_CONNECTION_MAX} then"  # noqa: S608 - constants
    f" coalesce(array_agg(c.id), '{{{{}}}}') end from (select x.id {_BY_MAPPING}) as c)"
)
_DUPLICATES: Final = {
    Duplicates.EXCLUDE: [Condition("t.duplicate_of is null")],
    Duplicates.INCLUDE: [],
    Duplicates.ONLY: [Condition("t.duplicate_of is not null")],
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


def conditions(wanted: TransactionFilter) -> list[Condition]:
    """What the filter asks of `t`. Pages, counts, summaries and exports share it.

    Indexed columns first: numeric and text operators may not run ahead of the policy.
    """
    tests = [
        ("t.account_id = any({}::uuid[])", _list(wanted.account_ids)),
        ("t.job_id = {}", wanted.job_id),
        (_OF_RECURRING, wanted.recurring_id),
        ("t.sort_date >= {}", wanted.posted_from),
        ("t.sort_date <= {}", wanted.posted_to),
        ("t.currency = {}", wanted.currency),
        ("t.reconciled = {}", wanted.reconciled),
    ]
    where = [Condition(sql, (value,)) for sql, value in tests if value is not None]
    if wanted.status is None:
        where.append(Condition("t.status <> 'removed'"))
    else:
        where.append(Condition("t.status = any({}::text[])", (_list(wanted.status),)))
    if wanted.merchant is not None:
        where.append(Condition(_OF_MERCHANT, (wanted.merchant.text, wanted.merchant.key)))
    others = [*_connection(wanted), *_DUPLICATES[wanted.duplicates], *_categories(wanted)]
    return [*where, *others, *_amounts(wanted), *_text(wanted)]


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


def _connection(wanted: TransactionFilter) -> list[Condition]:
    """Over a connection; a text that is looked for as well has fewer rows, mostly."""
    key = wanted.connection_id
    if key is None:
        return []
    ids = Condition(_IDS_OF_CONNECTION, (key,)) if wanted.text is None else None
    return [Condition(_OF_CONNECTION, (key,), ids=ids)]


def _categories(wanted: TransactionFilter) -> list[Condition]:
    """Of the whole, or of a part that counts in its place.

    The parts are read once, whatever the rows are; their policy keeps to the caller's tenant.
    """
    if wanted.categories is None:
        return []
    names = list(wanted.categories)
    is_whole = f"{CATEGORY} = any({{}}::text[]) and t.id not in ({_SPLIT})"
    is_part = f"t.id in ({_SPLIT} where p.category = any({{}}::text[]))"
    return [Condition(f"({is_whole} or {is_part})", (names, names))]


def _amounts(wanted: TransactionFilter) -> list[Condition]:
    where = []
    if wanted.amount_from is not None:
        key = _amount_key(wanted.amount_from)
        where.append(Condition("t.amount_key >= {}", (key,)))
        where.append(Condition("t.amount >= {}", (wanted.amount_from,)))
    if wanted.amount_to is not None:
        key = _amount_key(wanted.amount_to)
        where.append(Condition("t.amount_key <= {}", (key,)))
        where.append(Condition("t.amount <= {}", (wanted.amount_to,)))
    return where


def _text(wanted: TransactionFilter) -> list[Condition]:
    if wanted.text is None:
        return []
    columns = ("t.description", "t.merchant_name", "t.reference", "t.customer_reference")
    either = " or ".join(f"{column} ilike {{}}" for column in columns)
    pattern = select.containing(wanted.text)
    ids = Condition(
        "private.transactions_like({}, {}, {}, {}, {})",
        (
            pattern,
            wanted.posted_from,
            wanted.posted_to,
            None if wanted.amount_from is None else _amount_key(wanted.amount_from),
            None if wanted.amount_to is None else _amount_key(wanted.amount_to),
        ),
    )
    return [Condition(f"({either})", (pattern,) * len(columns), ids=ids)]


def _amount_key(amount: Decimal) -> int:
    """The amount in hundredths, rounded down, as the generated column has it."""
    return int((amount * 100).to_integral_value(rounding=ROUND_FLOOR))


def _list(values: Sequence[object] | None) -> list[object] | None:
    return None if values is None else list(values)
