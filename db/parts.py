"""Transactions in parts of different categories, which sum to the whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from core.categories import Part
from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("parts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """What a transaction is of."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPart:
    """A part on its way."""

    amount: Decimal
    category: str
    note: str | None


async def lock_whole(tx: Tx, *, tenant_id: UUID, transaction_id: UUID) -> Whole | None:
    """What the transaction is of, until this database transaction ends; None: there is none."""
    row = await tx.row(_SQL["lock_whole"], tenant_id, transaction_id)
    return None if row is None else read(Whole, row)


async def clear(tx: Tx, *, tenant_id: UUID, transaction_id: UUID) -> int:
    """Makes the transaction whole again; how many parts there were."""
    return await tx.run(_SQL["clear"], tenant_id, transaction_id)


async def put(
    tx: Tx,
    *,
    tenant_id: UUID,
    transaction_id: UUID,
    whole: Whole,
    parts: Sequence[NewPart],
    created_by: UUID,
) -> None:
    """Splits a transaction that is whole. Raises Invalid where the parts do not make it up."""
    await tx.run(
        _SQL["put"],
        tenant_id,
        transaction_id,
        whole.amount,
        whole.currency,
        [part.amount for part in parts],
        [part.category for part in parts],
        [part.note for part in parts],
        created_by,
    )


async def of_transactions(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[Part]]:
    """The parts of each transaction; those that are whole are left out."""
    found: dict[UUID, list[Part]] = {}
    for row in await tx.rows(_SQL["of_transactions"], tenant_id, list(ids)):
        found.setdefault(row["transaction_id"], []).append(read(Part, row))
    return found
