"""Transactions that are to be compared with others: what is noted, what they are near to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Final
from uuid import UUID

from core.links import (
    Delivered,
    ExchangeRate,
    LinkKind,
    MatchAccount,
    MatchRow,
    Source,
    pair_key,
)
from core.records import TransactionStatus
from db.queries import load
from db.session import Tx

_SQL = load("matching")

_READ: Final = tuple(
    field.name for field in fields(MatchRow) if field.name not in {"rank", "status", "taken"}
)
PENDING_MAX: Final = 1_000  # noted ones that may have been booked for more
_UNKNOWN_RANK: Final = 1_000_000  # of a source that came between two statements


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What is to be compared: notes, and the transactions that they name."""

    notes: tuple[UUID, ...]
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What of a tenant has a bearing on any of its transactions."""

    ranks: Mapping[tuple[UUID, UUID], int]  # by account and mapping
    accounts: Mapping[UUID, MatchAccount]
    currencies: int  # of its accounts
    mixed: frozenset[UUID] = frozenset()  # accounts that files of several formats feed

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


async def plan_for_many(tx: Tx) -> None:
    """Has what follows in the transaction planned for thousands of rows."""
    await tx.rows(_SQL["plan_for_many"])


async def noted(tx: Tx, *, tenant_id: UUID, most: int) -> Noted:
    """The oldest notes, of `most` transactions or a few more."""
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
        ranks={(row["account_id"], row["mapping_id"]): row["rank"] for row in sources},
        accounts={
            row["id"]: MatchAccount(id=row["id"], name=row["name"], masks=tuple(row["masks"]))
            for row in accounts
        },
        currencies=len({row["currency"] for row in accounts}),
        mixed=frozenset(row["account_id"] for row in mixed),
    )


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


async def awaited(tx: Tx, *, tenant_id: UUID, noted: Sequence[MatchRow]) -> dict[UUID, Delivered]:
    """Rows of files that wait to be booked, near these, and what their own source booked."""
    if not noted:
        return {}
    ids = [row.id for row in noted]
    near = await tx.rows(_SQL["awaited"], tenant_id, ids, *_span(noted))
    if not near:
        return {}
    rows = await tx.rows(_SQL["delivered"], tenant_id, [row["id"] for row in near])
    return {
        row["id"]: Delivered(received_at=row["received_at"], external_id=row["external_id"])
        for row in rows
    }


async def exchanged(tx: Tx, *, tenant_id: UUID, noted: Sequence[MatchRow]) -> set[UUID]:
    """What calls itself a transfer."""
    return {row["id"] for row in await tx.rows(_SQL["exchanged"], tenant_id, *_span(noted))}


async def given_back(tx: Tx, *, tenant_id: UUID, noted: Sequence[MatchRow]) -> set[UUID]:
    """What may be a refund or its payment."""
    found = await tx.rows(
        _SQL["given_back"],
        tenant_id,
        [row.account_id for row in noted],
        [row.currency for row in noted],
        [row.amount for row in noted],
        [row.description if row.merchant_name is None else row.merchant_name for row in noted],
        *_span(noted),
    )
    return {row["id"] for row in found}


def _span(rows: Sequence[MatchRow]) -> tuple[date, date]:
    """The first and the last day."""
    days = [row.day for row in rows]
    return min(days), max(days)


async def rows(
    tx: Tx, *, tenant_id: UUID, ids: Collection[UUID], ranks: Mapping[tuple[UUID, UUID], int]
) -> list[MatchRow]:
    """Those of these transactions that count."""
    if not ids:
        return []
    return [
        MatchRow(
            rank=ranks.get((row["account_id"], row["mapping_id"]), _UNKNOWN_RANK),
            status=TransactionStatus(row["status"]),
            taken=tuple(_source(one) for one in row["taken"]),
            **{name: row[name] for name in _READ},
        )
        for row in await tx.rows(_SQL["rows"], tenant_id, list(ids))
    ]


def _source(text: str) -> Source:
    mapping_id, _, format_name = text.partition(":")
    return (UUID(mapping_id), format_name)


async def rates(tx: Tx, *, tenant_id: UUID, first: date, last: date) -> list[ExchangeRate]:
    """What the tenant says that currencies were worth."""
    return [
        ExchangeRate(**dict(row)) for row in await tx.rows(_SQL["rates"], tenant_id, first, last)
    ]


async def rejected(tx: Tx, *, tenant_id: UUID, ids: Collection[UUID]) -> set[str]:
    """Keys of pairs that people have said do not belong together."""
    return {
        row["key"]
        if row["key"] is not None
        else pair_key(LinkKind(row["kind"]), row["transaction_id"], row["other_id"])
        for row in await tx.rows(_SQL["rejected"], tenant_id, list(ids))
    }


async def supersede(
    tx: Tx,
    *,
    tenant_id: UUID,
    ids: Collection[UUID],
    kinds: Collection[LinkKind],
    asked: Collection[str],
) -> int:
    """Closes open questions about these transactions but those that are asked; how many."""
    names = [kind.value for kind in kinds]
    return await tx.run(_SQL["supersede"], tenant_id, list(ids), names, list(asked))
