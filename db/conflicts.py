"""Conflicts: what sources say against rows that are protected, and who wins."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.reconciliation import ConflictPolicy, ConflictState, TransactionConflict
from core.records import TransactionStatus
from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("conflicts")


@dataclass(frozen=True, slots=True, kw_only=True)
class NotedConflict(TransactionConflict):
    """A contradiction that nobody has looked at, with what its row is and who wins there."""

    account_id: UUID
    currency: str
    description: str
    reconciled: bool
    status: TransactionStatus
    policy: ConflictPolicy


async def noted(tx: Tx, *, tenant_id: UUID, most: int) -> list[NotedConflict]:
    """Contradictions that are not settled or asked about, locked. For a worker."""
    rows = await tx.rows(_SQL["noted"], tenant_id, most)
    return [read(NotedConflict, row) for row in rows]


async def set_state(
    tx: Tx, *, tenant_id: UUID, ids: Collection[UUID], state: ConflictState
) -> None:
    """How far the contradictions of these rows are."""
    if ids:
        await tx.run(_SQL["set_state"], tenant_id, sorted(ids), state.value)


async def settle_noted(tx: Tx, *, ids: Collection[UUID], take: bool) -> None:
    """Makes rows as their source says, or as they were stored. For a worker."""
    if ids:
        await tx.value(_SQL["settle_noted"], sorted(ids), take)


async def settle(tx: Tx, *, transaction_id: UUID, take: bool) -> bool:
    """Whether there was a contradiction. The row is as its source says, or as it was stored."""
    return bool(await tx.value(_SQL["settle"], transaction_id, take))


async def of_transactions(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, TransactionConflict]:
    """What contradicts each of these rows; rows that nothing contradicts are left out."""
    rows = await tx.rows(_SQL["of_transactions"], tenant_id, list(ids))
    return {row["transaction_id"]: read(TransactionConflict, row) for row in rows}


async def open_keys(tx: Tx, *, tenant_id: UUID) -> set[str]:
    """Keys of open questions whose contradiction is gone or another. For a worker."""
    return {row["key"] for row in await tx.rows(_SQL["open_keys"], tenant_id)}


async def choose_policy(tx: Tx, *, tenant_id: UUID, policy: ConflictPolicy | None) -> bool:
    """Whether there was such a tenant, in which this counts from now on."""
    return await tx.run(_SQL["choose_policy"], tenant_id, policy) > 0


async def choose_connection_policy(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, policy: ConflictPolicy | None
) -> bool:
    """Whether there was such a connection, for whose source this counts from now on."""
    touched = await tx.run(_SQL["choose_connection_policy"], tenant_id, connection_id, policy)
    return touched > 0
