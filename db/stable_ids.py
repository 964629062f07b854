"""Transactions of sources with stable ids: promoted, removed, missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from core.records import TransactionStatus
from db.queries import load
from db.rows import read
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
class Missing:
    """A row that a complete reading of its day did not have."""

    id: UUID
    external_id: str
    status: TransactionStatus
    amount: Decimal
    currency: str
    day: date
    description: str
    remote_id: str | None  # core.records.REMOTE_ID
    was_missed: bool  # by a reading before this one


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


async def missing(
    tx: Tx,
    *,
    tenant_id: UUID,
    account_id: UUID,
    mapping_id: UUID,
    first: date,
    last: date,
    seen: Sequence[str],
) -> list[Missing]:
    """The rows of these days whose ids are none of those that a complete reading had."""
    rows = await tx.rows(
        _SQL["missing"], tenant_id, account_id, mapping_id, first, last, list(seen)
    )
    return [read(Missing, row) for row in rows]


async def pending(
    tx: Tx, *, tenant_id: UUID, mapping_id: UUID, fingerprints: Sequence[bytes]
) -> list[Missing]:
    """The pending rows that have these fingerprints."""
    rows = await tx.rows(_SQL["pending"], tenant_id, mapping_id, list(fingerprints))
    return [read(Missing, row) for row in rows]


async def standing(
    tx: Tx, *, tenant_id: UUID, mapping_id: UUID, fingerprints: Sequence[bytes]
) -> set[bytes]:
    """Those of the fingerprints that rows of the mapping have or had."""
    rows = await tx.rows(_SQL["standing"], tenant_id, mapping_id, list(fingerprints))
    return {row["fingerprint"] for row in rows}


async def note_missed(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> None:
    """Notes that complete readings did not have these rows, for the first time."""
    if ids:
        await tx.run(_SQL["note_missed"], tenant_id, list(ids))
