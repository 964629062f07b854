"""Transactions that are to be compared with others: what is noted, and as what it is compared."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

from core.links import (
    ExchangeRate,
    LinkKind,
    MatchAccount,
    MatchRow,
    Source,
    pair_key,
)
from core.records import TransactionStatus
from core.reviews import SupersededReason
from db.queries import load
from db.rows import Row
from db.session import Tx

_SQL = load("matching")

_READ: Final = tuple(
    one.name
    for one in fields(MatchRow)
    if one.name not in {"rank", "status", "taken", "linked", "told_by"}
)
Ranks = Mapping[tuple[UUID, UUID], int]  # by account and mapping

_UNKNOWN_RANK: Final = 1_000_000  # of a source that came between two statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What is to be compared: notes, and the transactions that they name."""

    notes: tuple[UUID, ...]
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What of a tenant has a bearing on any of its transactions."""

    ranks: Ranks
    accounts: Mapping[UUID, MatchAccount]
    currencies: int  # of its accounts
    rate_tolerance_percent: Decimal
    mixed: frozenset[UUID] = frozenset()  # accounts that files of several formats feed
    told_by: Mapping[UUID, UUID] = field(default_factory=dict)  # what stands for which mappings

    @property
    def of_several(self) -> list[UUID]:
        """Accounts that more than one source feeds, or fed."""
        seen: set[UUID] = set()
        several: dict[UUID, None] = dict.fromkeys(sorted(self.mixed))
        for account_id, _ in self.ranks:
            if account_id in seen:
                several[account_id] = None
            seen.add(account_id)
        return list(several)


async def lock(tx: Tx, *, tenant_id: UUID) -> None:
    """Waits until nobody else decides about links of the tenant's; until the transaction ends."""
    await tx.rows(_SQL["lock"], tenant_id)


async def keep_ranks(tx: Tx, *, tenant_id: UUID) -> Ranks:
    """The ranks of the tenant's sources, which stay until the transaction ends."""
    await tx.rows(_SQL["keep_ranks"], tenant_id)
    return _ranks(await tx.rows(_SQL["sources"], tenant_id))


async def change_ranks(tx: Tx, *, tenant_id: UUID) -> None:
    """Waits until nobody writes links by the ranks that are to change. For a member."""
    await tx.rows(_SQL["change_ranks"], tenant_id)


async def plan_for_many(tx: Tx) -> None:
    """Has what follows in the transaction planned for thousands of rows."""
    await tx.rows(_SQL["plan_for_many"])


async def noted(tx: Tx, *, tenant_id: UUID, most: int) -> Noted:
    """The oldest notes, of `most` transactions, or of less than twice as many."""
    await tx.run(_SQL["cut"], tenant_id, most)
    rows = await tx.rows(_SQL["noted"], tenant_id, most)
    ids = dict.fromkeys(one for row in rows for one in row["transaction_ids"])
    return Noted(notes=tuple(row["id"] for row in rows), ids=tuple(ids))


async def note(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> None:
    """Notes transactions to be compared anew."""
    await tx.run(_SQL["note"], tenant_id, sorted(ids))


async def done(tx: Tx, *, tenant_id: UUID, noted: Noted) -> bool:
    """Takes the notes away; False where somebody else has done so."""
    return await tx.run(_SQL["done"], tenant_id, list(noted.notes)) == len(noted.notes)


async def surroundings(tx: Tx, *, tenant_id: UUID) -> Surroundings:
    """What of the tenant has a bearing on any of its transactions."""
    sources = await tx.rows(_SQL["sources"], tenant_id)
    accounts = await tx.rows(_SQL["accounts"], tenant_id)
    mixed = await tx.rows(_SQL["mixed"], tenant_id)
    return Surroundings(
        ranks=_ranks(sources),
        told_by=_told_by(sources),
        accounts={
            row["id"]: MatchAccount(id=row["id"], name=row["name"], masks=tuple(row["masks"]))
            for row in accounts
        },
        currencies=len({row["currency"] for row in accounts}),
        rate_tolerance_percent=await tx.value(_SQL["rate_tolerance"], tenant_id),
        mixed=frozenset(row["account_id"] for row in mixed),
    )


def _ranks(sources: Sequence[Row]) -> dict[tuple[UUID, UUID], int]:
    """The place of each source of an account; those that one document names have one together."""
    told_by = _told_by(sources)
    keys = [
        (row["account_id"], told_by.get(row["mapping_id"], row["mapping_id"])) for row in sources
    ]
    first: dict[tuple[UUID, UUID], int] = {}
    for row, key in zip(sources, keys, strict=True):
        first[key] = min(row["rank"], first.get(key, row["rank"]))
    return {
        (row["account_id"], row["mapping_id"]): first[key]
        for row, key in zip(sources, keys, strict=True)
    }


def _told_by(sources: Sequence[Row]) -> dict[UUID, UUID]:
    """Of mappings that documents name together, the one that stands for all of them."""
    found: dict[UUID, UUID] = {}
    for row in sorted(sources, key=lambda row: row["mapping_id"]):
        together = {row["mapping_id"], *row["beside"]}
        if len(together) > 1:
            known = together | {found[one] for one in together if one in found}
            first = min(known)
            found |= {one: first for one, by in found.items() if by in known}
            found |= dict.fromkeys(together, first)
    return found


async def rows(
    tx: Tx, *, tenant_id: UUID, ids: Collection[UUID], around: Surroundings, hidden: bool = False
) -> list[MatchRow]:
    """Those of these transactions that count; or also those that do not beside others."""
    if not ids:
        return []
    return [
        MatchRow(
            rank=around.ranks.get((row["account_id"], row["mapping_id"]), _UNKNOWN_RANK),
            status=TransactionStatus(row["status"]),
            taken=tuple(_source(one, around) for one in row["taken"]),
            told_by=around.told_by.get(row["mapping_id"]),
            **{name: row[name] for name in _READ},
        )
        for row in await tx.rows(_SQL["rows"], tenant_id, list(ids), hidden)
    ]


def _source(text: str, around: Surroundings) -> Source:
    mapping_id, _, format_name = text.partition(":")
    one = UUID(mapping_id)
    return (around.told_by.get(one, one), format_name)


async def rates(tx: Tx, *, tenant_id: UUID, first: date, last: date) -> list[ExchangeRate]:
    """What the tenant says that currencies were worth."""
    return [
        ExchangeRate(**dict(row)) for row in await tx.rows(_SQL["rates"], tenant_id, first, last)
    ]


async def rejected(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> set[str]:
    """Keys of pairs that people have said do not belong together."""
    return {
        pair_key(LinkKind(row["kind"]), row["transaction_id"], row["other_id"])
        for row in await tx.rows(_SQL["rejected"], tenant_id, list(ids))
    }


async def supersede(
    tx: Tx,
    *,
    tenant_id: UUID,
    ids: Collection[UUID],
    kinds: Collection[LinkKind],
    asked: Collection[str],
    reason: SupersededReason,
) -> int:
    """Closes open questions about these transactions but those that are asked; how many."""
    names = [kind.value for kind in kinds]
    return await tx.run(_SQL["supersede"], tenant_id, list(ids), names, list(asked), reason.value)
