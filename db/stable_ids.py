"""Transactions of sources with stable ids: promoted, forgotten, removed, missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from db.queries import load
from db.session import Tx

_SQL = load("stable_ids")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """A booked row that names the id which it had while it was pending."""

    mapping_id: UUID
    old_print: bytes
    new_print: bytes
    old_id: str
    new_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What was taken back: rows, and how many of them someone had reconciled."""

    rows: int
    reconciled: int


async def promote(tx: Tx, *, tenant_id: UUID, promotions: Sequence[Promotion]) -> None:
    """Lets pending rows go on under the ids of the booked ones; those that are no more, stay so."""
    if not promotions:
        return
    await tx.run(
        _SQL["promote"],
        tenant_id,
        [one.mapping_id for one in promotions],
        [one.old_print for one in promotions],
        [one.new_print for one in promotions],
        [one.new_id for one in promotions],
        [one.old_id for one in promotions],
    )


async def remove(tx: Tx, *, tenant_id: UUID, rows: Sequence[tuple[UUID, bytes]]) -> Removed:
    """Marks rows, by mapping and fingerprint, as removed; unknown ones are none."""
    if not rows:
        return Removed(rows=0, reconciled=0)
    found = await tx.row(
        _SQL["remove"],
        tenant_id,
        [mapping for mapping, _ in rows],
        [fingerprint for _, fingerprint in rows],
    )
    assert found is not None
    return Removed(rows=found["rows"], reconciled=found["reconciled"])


async def vanished(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_id: UUID,
    mapping_id: UUID,
    first: date,
    last: date,
    seen: Sequence[str],
    certain: bool,
) -> list[str]:
    """The ids of rows that a complete reading of these days did not have, and that go for it.

    Pending rows go at once, booked ones when they are missed for the second time, or at once too
    where the reading is `certain`.
    """
    rows = await tx.rows(
        _SQL["vanished"], tenant_id, account_id, mapping_id, first, last, list(seen), certain
    )
    return [row["external_id"] for row in rows]
