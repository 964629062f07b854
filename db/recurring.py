"""Payments that come again and again, and how far workers have looked for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from core.categories import RecurringItem, RecurringPeriod, RecurringState
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("recurring")

LISTING: Final = Listing(source="app.recurring_items as r", alias="r")
NEWEST: Final = Order(name="recurring", keys=(select.by_instant("r.created_at"), select.by_id("r")))
OCCURRENCES_MIN: Final = 3
OCCURRENCES_MAX: Final = 400  # what comes more often is a habit, not a contract
SERIES_MAX: Final = 5_000  # read at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurringFilter:
    """Which of them; None asks nothing. Dismissed ones are left out unless asked for."""

    account_id: UUID | None = None
    period: tuple[RecurringPeriod, ...] | None = None
    state: tuple[RecurringState, ...] | None = None
    dismissed: bool = False
    expected_from: date | None = None
    expected_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """What came from one merchant of an account, in the order of days."""

    account_id: UUID
    merchant_key: str
    merchant: str
    currency: str
    is_income: bool
    days: Sequence[date]
    amounts: Sequence[Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """What recurs, as the rows so far show."""

    account_id: UUID
    merchant_key: str
    merchant: str
    currency: str
    is_income: bool
    period: RecurringPeriod
    state: RecurringState
    first_on: date
    last_on: date
    next_on: date | None
    amount_low: Decimal
    amount_high: Decimal
    occurrences: int
    missed: int
    confidence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A merchant whose category is suggested only, with its latest row."""

    merchant_key: str
    merchant: str
    category: str
    code: str | None
    origin: str
    confidence: int
    reason: str
    transaction_id: UUID
    account_id: UUID
    rows: int


def asked(wanted: RecurringFilter) -> Asked:
    """Recurring payments, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, RecurringItem]:
    """Recurring payments by id."""
    return await select.by_ids(tx, RecurringItem, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: RecurringFilter, first: int, after: str | None
) -> Page[RecurringItem]:
    """Recurring payments, newest first."""
    return await select.page(
        tx,
        RecurringItem,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def dismiss(
    tx: Tx, *, tenant_id: UUID, item_id: UUID, dismissed: bool, user_id: UUID
) -> bool:
    """Whether there was such a payment to say this of."""
    return await tx.run(_SQL["dismiss"], tenant_id, item_id, dismissed, user_id) > 0


async def looked_at(tx: Tx, *, tenant_id: UUID) -> datetime | None:
    """Until when rows of jobs were looked at; None: never."""
    found = await tx.value(_SQL["looked_at"], tenant_id)
    return found if isinstance(found, datetime) else None


async def looked(tx: Tx, *, tenant_id: UUID, until: datetime) -> None:
    """Notes how far was looked."""
    await tx.run(_SQL["looked"], tenant_id, until)


async def now(tx: Tx) -> datetime:
    """Now, by the clock that jobs are stamped with."""
    found = await tx.value(_SQL["now"])
    assert isinstance(found, datetime)
    return found


async def accounts_of_jobs(tx: Tx, *, tenant_id: UUID, since: datetime) -> list[UUID]:
    """Accounts on which jobs have written since."""
    rows = await tx.rows(_SQL["accounts_of_jobs"], tenant_id, since)
    return [row["account_id"] for row in rows]


async def questions(tx: Tx, *, tenant_id: UUID, since: datetime, most: int) -> list[Question]:
    """Merchants of rows since whose category is suggested only, those of most rows first."""
    rows = await tx.rows(_SQL["questions"], tenant_id, since, most)
    return [read(Question, row) for row in rows]


async def settled(tx: Tx, *, tenant_id: UUID, since: datetime) -> list[str]:
    """Keys of open questions about merchants that have a category meanwhile."""
    return [row["key"] for row in await tx.rows(_SQL["settled"], tenant_id, since)]


async def series(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_ids: Sequence[UUID],
    since: date,
    after: Series | None,
) -> list[Series]:
    """What came on accounts, by account and merchant; `SERIES_MAX` at most, those after one."""
    place = (
        (UUID(int=0), "", "", False)
        if after is None
        else (after.account_id, after.merchant_key, after.currency, after.is_income)
    )
    rows = await tx.rows(
        _SQL["series"],
        tenant_id,
        list(account_ids),
        since,
        *place,
        OCCURRENCES_MIN,
        OCCURRENCES_MAX,
        SERIES_MAX,
    )
    return [read(Series, row) for row in rows]


async def keep(
    tx: Tx, *, tenant_id: UUID, account_ids: Sequence[UUID], items: Sequence[NewItem]
) -> None:
    """Keeps what recurs on these accounts, and drops what does no more."""
    columns: list[list[Any]] = [
        [getattr(item, name) for item in items] for name in NewItem.__dataclass_fields__
    ]
    if items:
        await tx.run(_SQL["put"], tenant_id, *columns)
    accounts, keys, _, currencies, incomes = columns[:5]
    await tx.run(
        _SQL["drop_others"], tenant_id, list(account_ids), accounts, keys, currencies, incomes
    )


def _where(wanted: RecurringFilter) -> list[Condition]:
    where = [Condition(f"r.dismissed_at is {'not ' if wanted.dismissed else ''}null")]
    if wanted.account_id is not None:
        where.append(Condition("r.account_id = {}", (wanted.account_id,)))
    if wanted.period is not None:
        where.append(Condition("r.period = any({}::text[])", (list(wanted.period),)))
    if wanted.state is not None:
        where.append(Condition("r.state = any({}::text[])", (list(wanted.state),)))
    if wanted.expected_from is not None:
        where.append(Condition("r.next_on >= {}::date", (wanted.expected_from,)))
    if wanted.expected_to is not None:
        where.append(Condition("r.next_on <= {}::date", (wanted.expected_to,)))
    return where
