"""Balances as sources stated them: the latest of each kind, and the history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.models import Balance
from core.page import Page
from core.records import BalanceKind
from db import select
from db.queries import load
from db.rows import read
from db.select import Listing, Order
from db.session import Tx

_SQL = load("balances")

LISTING: Final = Listing(source="app.account_balances as b", alias="b")
NEWEST: Final = Order(
    name="balances",
    keys=(select.by_date("b.as_of"), select.by_instant("b.created_at"), select.by_id("b")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyBalance:
    """The balance at the end of a day, as it was last stated: on that day, or before."""

    day: date
    kind: BalanceKind
    amount: Decimal
    currency: str
    as_of: date


async def latest(
    tx: Tx, *, tenant_id: UUID, account_ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Balance]]:
    """The newest balance of each kind and code of each account; 100 an account at most."""
    found: dict[UUID, list[Balance]] = {account_id: [] for account_id in account_ids}
    for row in await tx.rows(_SQL["latest"], tenant_id, list(account_ids)):
        found[row["account_id"]].append(read(Balance, row))
    return found


async def of_accounts(
    tx: Tx, *, tenant_id: UUID, account_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[Balance]]:
    """All balances of each account, newest first."""
    return await select.pages(
        tx,
        Balance,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="b.account_id",
        parent_ids=account_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def by_day(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_ids: Sequence[UUID],
    first_day: date,
    last_day: date,
    kinds: Sequence[BalanceKind],
) -> Mapping[UUID, Sequence[DailyBalance]]:
    """Each account's balance at the end of each day, in its currency; none before the first one.

    `kinds` says which count, and which of them wins on a day that has several.
    """
    found: dict[UUID, list[DailyBalance]] = {account_id: [] for account_id in account_ids}
    rows = await tx.rows(
        _SQL["by_day"],
        tenant_id,
        list(account_ids),
        first_day.isoformat(),
        last_day.isoformat(),
        list(kinds),
    )
    for row in rows:
        found[row["account_id"]].append(read(DailyBalance, row))
    return found
