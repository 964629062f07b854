"""Expenses: what was spent, following the transactions that spent it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.page import Page
from db import select
from db.queries import load
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("expenses")

LISTING: Final = Listing(source="app.expenses as e", alias="e")
NEWEST: Final = Order(name="expenses", keys=(select.by_date("e.spent_on"), select.by_id("e")))


class ExpenseStatus(StrEnum):
    """Whether an expense counts."""

    ACTIVE = "active"
    REVERSED = "reversed"


class ExpenseSource(StrEnum):
    """Which transactions make expenses."""

    OFF = "off"
    DEBITS = "debits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expense:
    """What was spent; the amount is positive."""

    id: UUID
    transaction_id: UUID
    amount: Decimal
    currency: str
    spent_on: date
    description: str
    merchant_name: str | None
    category: str | None
    status: ExpenseStatus
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpenseFilter:
    """Which expenses; None asks nothing."""

    status: ExpenseStatus | None = None
    spent_from: date | None = None
    spent_to: date | None = None
    account_id: UUID | None = None


def asked(wanted: ExpenseFilter) -> Asked:
    """Expenses, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Expense]:
    """Expenses by id."""
    return await select.by_ids(tx, Expense, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: ExpenseFilter, first: int, after: str | None
) -> Page[Expense]:
    """Expenses, newest first."""
    return await select.page(
        tx,
        Expense,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def follow(tx: Tx, *, tenant_id: UUID) -> None:
    """Makes expenses of what this transaction wrote, where the tenant wants them."""
    await tx.run(_SQL["follow"], tenant_id)


async def set_source(tx: Tx, *, tenant_id: UUID, source: ExpenseSource) -> None:
    """Which transactions make expenses from now on."""
    await tx.run(_SQL["set_source"], tenant_id, source)


def _where(wanted: ExpenseFilter) -> list[Condition]:
    where = []
    if wanted.status is not None:
        where.append(Condition("e.status = {}::text", (wanted.status,)))
    if wanted.spent_from is not None:
        where.append(Condition("e.spent_on >= {}::date", (wanted.spent_from,)))
    if wanted.spent_to is not None:
        where.append(Condition("e.spent_on <= {}::date", (wanted.spent_to,)))
    if wanted.account_id is not None:
        where.append(
            Condition(
                "exists (select from app.transactions as t where t.tenant_id = e.tenant_id"
                " and t.id = e.transaction_id and t.account_id = {})",
                (wanted.account_id,),
            )
        )
    return where
