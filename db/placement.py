"""Rows of a mapping, brought where the mapping says: into its account, or out of sight."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple
from uuid import UUID

from core.models import Job, MappingState
from db.queries import load
from db.session import Tx

_SQL = load("placement")


class RowKey(NamedTuple):
    """What rows of a mapping are in the order of."""

    fingerprint: bytes
    occurrence: int


START: Final = RowKey(b"", -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a mapping says now; no account means that its rows wait, or are ignored."""

    account_id: UUID | None
    state: MappingState


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """What became of some rows; `last` is the key of the last one, None where there are no more.

    `seen` counts all of them, the others those that came back, moved, or were set aside;
    `reconciled` those set aside that someone had reconciled.
    """

    last: RowKey | None
    seen: int
    back: int = 0
    moved: int = 0
    aside: int = 0
    reconciled: int = 0


async def decided(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> Mapping[UUID, Decided]:
    """What mappings say now, by id. They keep saying it until this transaction ends."""
    if not ids:
        return {}
    rows = await tx.rows(_SQL["current"], tenant_id, list(ids))
    return {
        row["id"]: Decided(account_id=row["account_id"], state=MappingState(row["state"]))
        for row in rows
    }


async def row_count(tx: Tx, *, tenant_id: UUID, mapping_id: UUID) -> int:
    """How many rows came over a mapping, removed ones too."""
    count = await tx.value(_SQL["row_count"], tenant_id, mapping_id)
    assert isinstance(count, int)
    return count


async def place(
    tx: Tx, *, tenant_id: UUID, mapping_id: UUID, account_id: UUID, after: RowKey, most: int
) -> Placed:
    """Puts the next rows of a mapping into an account; those set aside stand again."""
    row = await tx.row(_SQL["place"], tenant_id, mapping_id, *after, most, account_id)
    assert row is not None
    return Placed(last=_last(row), seen=row["seen"], back=row["back"], moved=row["moved"])


async def set_aside(
    tx: Tx, *, tenant_id: UUID, mapping_id: UUID, after: RowKey, most: int
) -> Placed:
    """Takes the next rows of a mapping out of sight, reconciled ones too."""
    row = await tx.row(_SQL["set_aside"], tenant_id, mapping_id, *after, most)
    assert row is not None
    return Placed(
        last=_last(row), seen=row["seen"], aside=row["aside"], reconciled=row["reconciled"]
    )


async def place_balances(
    tx: Tx, *, tenant_id: UUID, mapping_id: UUID, account_id: UUID | None, most: int
) -> int:
    """Puts some balances of a mapping into its account, or drops them where it has none.

    How many; 0 when all are.
    """
    if account_id is None:
        return await tx.run(_SQL["drop_balances"], tenant_id, mapping_id, most)
    return await tx.run(_SQL["place_balances"], tenant_id, mapping_id, account_id, most)


async def add_waits(tx: Tx, job: Job, *, job_id: UUID, waits: Mapping[UUID, int]) -> None:
    """Notes how many more rows of an import's document wait, by mapping."""
    if waits:
        await tx.run(
            _SQL["add_waits"], job.tenant_id, job_id, list(waits.keys()), list(waits.values())
        )


async def clear_waits(tx: Tx, job: Job, *, job_id: UUID, mapping_id: UUID | None = None) -> None:
    """Forgets what of an import's document waits, for one mapping or for all."""
    await tx.run(_SQL["clear_waits"], job.tenant_id, job_id, mapping_id)


def _last(row: Any) -> RowKey | None:
    if row["fingerprint"] is None:
        return None
    return RowKey(bytes(row["fingerprint"]), row["occurrence"])
