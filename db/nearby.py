"""What transactions that are to be compared may belong to."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from core.links import Delivered, MatchRow
from core.records import TransactionStatus
from db.queries import load
from db.session import Tx

_SQL = load("nearby")

PENDING_MAX: Final = 1_000  # noted ones that may have been booked for more


async def twice(
    tx: Tx, *, tenant_id: UUID, noted: Sequence[MatchRow], account_ids: Collection[UUID]
) -> set[UUID]:
    """What may be the same as noted rows, on accounts with several sources."""
    own = [row for row in noted if row.account_id in account_ids]
    if not own:
        return set()
    found = await tx.rows(
        _SQL["twice"],
        tenant_id,
        [row.account_id for row in own],
        [row.currency for row in own],
        [row.amount for row in own],
        [row.day for row in own],
        list({row.account_id for row in own}),
        *_span(own),
    )
    pending = sorted(
        (row for row in own if row.status is TransactionStatus.PENDING),
        key=lambda row: (row.day, row.id),
        reverse=True,
    )
    if pending:
        ids = [row.id for row in pending[:PENDING_MAX]]
        found += await tx.rows(_SQL["booked"], tenant_id, ids)
    return {row["id"] for row in found}


async def moved(tx: Tx, *, tenant_id: UUID, noted: Sequence[MatchRow], telling: str) -> set[UUID]:
    """What may be the other side of a transfer in one currency, and what else that could be.

    `telling`: a pattern of what calls itself a transfer, or names an account.
    """
    found = await tx.rows(
        _SQL["moved"],
        tenant_id,
        [row.currency for row in noted],
        [row.amount for row in noted],
        [row.day for row in noted],
        *_span(noted),
        telling,
    )
    return {row["id"] for row in found}


async def taken(tx: Tx, *, tenant_id: UUID, noted: Sequence[MatchRow]) -> set[UUID]:
    """What pending rows near these were booked as, as the system found."""
    if not noted:
        return set()
    found = await tx.rows(
        _SQL["taken"],
        tenant_id,
        list({row.account_id for row in noted}),
        list({row.amount for row in noted}),
        *_span(noted),
    )
    return {row["id"] for row in found}


async def awaited(tx: Tx, *, tenant_id: UUID, noted: Sequence[MatchRow]) -> dict[UUID, Delivered]:
    """Rows of files that wait to be booked, near these, and what their own source booked."""
    if not noted:
        return {}
    ids = [row.id for row in noted]
    near = await tx.rows(_SQL["awaited"], tenant_id, ids, *_span(noted))
    if not near:
        return {}
    return await delivered(tx, tenant_id=tenant_id, ids=[row["id"] for row in near])


async def delivered(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> dict[UUID, Delivered]:
    """How each of these rows came."""
    if not ids:
        return {}
    rows = await tx.rows(_SQL["delivered"], tenant_id, list(ids))
    return {
        row["id"]: Delivered(
            received_at=row["received_at"], external_id=row["external_id"], ends=row["ends"]
        )
        for row in rows
    }


async def exchanged(tx: Tx, *, tenant_id: UUID, noted: Sequence[MatchRow]) -> set[UUID]:
    """What calls itself a transfer."""
    return {row["id"] for row in await tx.rows(_SQL["exchanged"], tenant_id, *_span(noted))}


def _span(rows: Sequence[MatchRow]) -> tuple[date, date]:
    """The first and the last day."""
    days = [row.day for row in rows]
    return min(days), max(days)
