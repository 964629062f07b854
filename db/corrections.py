"""Corrections: rows that a source replaces or deletes by their ids, and where each stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from core.models import RawDocument
from core.records import TransactionStatus
from db.queries import load
from db.rows import read
from db.session import Tx
from db.stable_ids import Removed

_SQL = load("corrections")
DELETED: Final = b""  # in place of the fingerprint of a row that takes another's place
CHAIN_MAX: Final = 100  # corrections of corrections that are followed


class Known(NamedTuple):
    """What a row is known by in its mapping."""

    mapping_id: UUID
    fingerprint: bytes
    occurrence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What a source says of the row with an id; no `new` one: it is deleted."""

    mapping_id: UUID
    external_id: str
    new: Known | None
    new_id: str | None
    line: int

    @property
    def print(self) -> bytes:
        """The fingerprint of the row that takes the place."""
        return DELETED if self.new is None else self.new.fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A row that may be the one that is corrected, and where it stands in its document."""

    id: UUID
    external_id: str | None
    fingerprint: bytes
    occurrence: int
    status: TransactionStatus
    job_id: UUID
    raw_id: UUID
    raw_line: int


class _Named(NamedTuple):
    """A row, and what it is known by in its mapping."""

    id: UUID
    print: bytes
    occurrence: int
    external_id: str | None

    @classmethod
    def of(cls, row: Standing) -> _Named:
        return cls(row.id, row.fingerprint, row.occurrence, row.external_id)


async def any_of(tx: Tx, *, tenant_id: UUID, mappings: Collection[UUID]) -> bool:
    """Whether a row of these mappings was ever corrected."""
    return bool(await tx.value(_SQL["any_of"], tenant_id, list(mappings)))


async def note(tx: Tx, one: Correction, *, tenant_id: UUID, document: RawDocument) -> bool:
    """Keeps a correction; whether it is news."""
    occurrence = 0 if one.new is None else one.new.occurrence
    where = (document.job_id, document.id, one.line)
    return bool(await tx.run(_SQL["note"], *_key(one, tenant_id), occurrence, one.new_id, *where))


async def forget(tx: Tx, one: Correction, *, tenant_id: UUID) -> None:
    """Drops a correction that nobody can apply."""
    await tx.run(_SQL["forget"], *_key(one, tenant_id))


async def standing(tx: Tx, one: Correction, *, tenant_id: UUID) -> list[Standing]:
    """The rows that it may mean, but for the one that it brings; two at most."""
    occurrence = 0 if one.new is None else one.new.occurrence
    rows = await tx.rows(_SQL["standing"], *_key(one, tenant_id), occurrence)
    return [read(Standing, row) for row in rows]


async def applied(
    tx: Tx,
    one: Correction,
    *,
    tenant_id: UUID,
    old: tuple[bytes, int],
    where: tuple[UUID, UUID, int],
    displaced: Known | None = None,
) -> None:
    """Notes which row was corrected, and in which job, document and line it stood; `displaced` is
    the row in whose place it goes on."""
    given = (None, None) if displaced is None else (displaced.fingerprint, displaced.occurrence)
    await tx.run(_SQL["applied"], *_key(one, tenant_id), *old, *where, *given)


async def final(
    tx: Tx, row: Known, external_id: str | None, *, tenant_id: UUID
) -> tuple[Known, str | None]:
    """What the row has become by corrections after its own, and its id."""
    found = await tx.row(
        _SQL["final"], tenant_id, row.mapping_id, row.fingerprint, row.occurrence, external_id
    )
    assert found is not None
    return Known(row.mapping_id, found["print"], found["occurrence"]), found["id"]


async def reinstate(tx: Tx, row: Known, *, tenant_id: UUID) -> None:
    """Lets a row count again that was corrected before."""
    await tx.run(_SQL["reinstate"], tenant_id, *row)


async def replace(
    tx: Tx, old: Standing, new: Known, external_id: str | None, *, tenant_id: UUID
) -> bool:
    """Lets a row go on as the one that takes its place; not where that stands already."""
    return bool(
        await tx.run(
            _SQL["replace"], tenant_id, old.id, new.fingerprint, new.occurrence, external_id
        )
    )


async def taking(tx: Tx, row: Known, *, tenant_id: UUID, or_removed: bool) -> Standing | None:
    """The row that stands already as this one; `or_removed`: also where it was removed."""
    found = await tx.row(_SQL["taking"], tenant_id, *row, or_removed)
    return None if found is None else read(Standing, found)


async def decided(tx: Tx, ids: Collection[UUID], *, tenant_id: UUID) -> set[UUID]:
    """Those of the rows about which people decided anything."""
    return {row["id"] for row in await tx.rows(_SQL["decided"], tenant_id, list(ids))}


async def displace(tx: Tx, old: Standing, new: Standing, *, tenant_id: UUID) -> None:
    """Lets a row go on as another one that stands, which becomes what it was, and is removed."""
    await _exchange(tx, _Named.of(old), _Named.of(new), tenant_id=tenant_id, back=False)


async def _exchange(
    tx: Tx, goes_on: _Named, gives_way: _Named, *, tenant_id: UUID, back: bool
) -> None:
    """Two rows exchange what they are known by, and what was said of them."""
    await tx.run(_SQL["stand_aside"], tenant_id, gives_way.id)
    for row, other in ((goes_on, gives_way), (gives_way, goes_on)):
        await tx.run(_SQL["know_as"], tenant_id, row.id, *other[1:])
    await tx.run(_SQL["exchange"], tenant_id, goes_on.id, gives_way.id, back)


async def remove(tx: Tx, rows: Sequence[Known], *, tenant_id: UUID) -> Removed:
    """Marks rows as removed."""
    if not rows:
        return Removed(rows=0, reconciled=0)
    found = await tx.row(_SQL["remove"], tenant_id, *_columns(rows))
    assert found is not None
    return Removed(rows=found["rows"], reconciled=found["reconciled"])


async def corrected(tx: Tx, rows: Sequence[Known], *, tenant_id: UUID) -> set[int]:
    """Indexes of the rows that were corrected before."""
    if not rows:
        return set()
    found = await tx.rows(_SQL["corrected"], tenant_id, *_columns(rows))
    return {row["position"] - 1 for row in found}


async def waiting(
    tx: Tx, *, tenant_id: UUID, mappings: Collection[UUID]
) -> list[tuple[UUID, str, bytes]]:
    """Corrections whose row has not come: mapping, id and the new fingerprint."""
    rows = await tx.rows(_SQL["waiting"], tenant_id, list(mappings))
    return [(row["mapping_id"], row["external_id"], row["new_print"]) for row in rows]


async def take_back(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> None:
    """Undoes what the document of a job corrected, as far as its rows still stand so."""
    for _ in range(CHAIN_MAX):
        back = await tx.run(_SQL["put_back"], tenant_id, job_id)
        if not back and not await _give_back(tx, tenant_id=tenant_id, job_id=job_id):
            break
    await tx.run(_SQL["take_back"], tenant_id, job_id)


async def _give_back(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> bool:
    """Gives the last row that was displaced its place again; whether there was one."""
    found = await tx.row(_SQL["displaced"], tenant_id, job_id)
    if found is None:
        return False
    goes_on, gives_way = (
        _Named(*(found[f"{side}_{name}"] for name in _Named._fields)) for side in ("kept", "old")
    )
    await tx.run(_SQL["forget_displaced"], tenant_id, job_id, *goes_on[1:3], *gives_way[1:3])
    await _exchange(tx, goes_on, gives_way, tenant_id=tenant_id, back=True)
    return True


def _key(one: Correction, tenant_id: UUID) -> tuple[UUID, UUID, str, bytes]:
    return tenant_id, one.mapping_id, one.external_id, one.print


def _columns(rows: Sequence[Known]) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)]
