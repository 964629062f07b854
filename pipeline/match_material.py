"""What matching reads of noted rows: what they may be the same as, then what they may belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.days import shifted
from core.links import Delivered, ExchangeRate, MatchAccount, MatchRow
from db import matching as stored
from db import nearby
from db.matching import Surroundings
from db.session import Tx
from matching import transfers
from matching.rates import STALE_DAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubles:
    """Noted rows that count, and those that they may be the same as."""

    around: Surroundings
    rows: Mapping[UUID, MatchRow]
    twice: Collection[UUID]  # those among them that other sources may have, too
    awaited: Mapping[UUID, Delivered]  # those that their own source may have pending and booked
    rejected: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What noted rows may belong to otherwise."""

    accounts: Mapping[UUID, MatchAccount]
    rows: Mapping[UUID, MatchRow]
    moved: Collection[UUID]
    given_back: Collection[UUID]
    rates: Sequence[ExchangeRate]
    rejected: Collection[str]


async def doubles(tx: Tx, tenant_id: UUID, ids: Sequence[UUID]) -> Doubles:
    """Which noted rows count, and what they may be the same as."""
    await stored.plan_for_many(tx)
    around = await stored.surroundings(tx, tenant_id=tenant_id)
    noted = await stored.rows(tx, tenant_id=tenant_id, ids=ids, around=around)
    twice = await nearby.twice(
        tx, tenant_id=tenant_id, noted=noted, account_ids=set(around.of_several)
    )
    awaited = await nearby.awaited(tx, tenant_id=tenant_id, noted=noted)
    own = {row.id for row in noted}
    others = {*twice, *awaited} - own
    near = await stored.rows(tx, tenant_id=tenant_id, ids=others, around=around)
    rows = {row.id: row for row in (*noted, *near)}
    rejected = await stored.rejected(tx, tenant_id=tenant_id, ids=rows)
    return Doubles(around=around, rows=rows, twice=twice | own, awaited=awaited, rejected=rejected)


async def others(
    tx: Tx, tenant_id: UUID, around: Surroundings, noted: Sequence[MatchRow]
) -> Others:
    """What these rows may be the other side of, or give back."""
    await stored.plan_for_many(tx)
    moved: set[UUID] = set()
    rates: list[ExchangeRate] = []
    if len(around.accounts) > 1:
        telling = transfers.telling(around.accounts.values())
        moved = await nearby.moved(tx, tenant_id=tenant_id, noted=noted, telling=telling)
    if around.currencies > 1:
        moved |= await nearby.exchanged(tx, tenant_id=tenant_id, noted=noted)
        rates = await _rates(tx, tenant_id, noted)
    back = await nearby.given_back(tx, tenant_id=tenant_id, noted=noted)
    near = (moved | back).difference(row.id for row in noted)
    rows = await stored.rows(tx, tenant_id=tenant_id, ids=near, around=around)
    rejected = await stored.rejected(tx, tenant_id=tenant_id, ids={*near, *(r.id for r in noted)})
    return Others(
        accounts=around.accounts,
        rows={row.id: row for row in rows},
        moved=moved,
        given_back=back,
        rates=rates,
        rejected=rejected,
    )


async def rivals(
    tx: Tx, tenant_id: UUID, around: Surroundings, refunds: Sequence[MatchRow]
) -> tuple[list[MatchRow], set[str]]:
    """What else these refunds and payments may belong to, them among it, and what was rejected."""
    await stored.plan_for_many(tx)
    near = await nearby.given_back(tx, tenant_id=tenant_id, noted=refunds)
    ids = near | {row.id for row in refunds}
    rows = await stored.rows(tx, tenant_id=tenant_id, ids=ids, around=around)
    return rows, await stored.rejected(tx, tenant_id=tenant_id, ids=ids)


async def _rates(tx: Tx, tenant_id: UUID, noted: Sequence[MatchRow]) -> list[ExchangeRate]:
    """Those that say something of the days of noted rows."""
    days = [row.day for row in noted]
    since = shifted(min(days), -timedelta(days=2 * STALE_DAYS))
    until = shifted(max(days), timedelta(days=STALE_DAYS))
    return await stored.rates(tx, tenant_id=tenant_id, first=since, last=until)
