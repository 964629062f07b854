"""What matching reads of noted rows: what they may be the same as, then what they may belong to."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from core.days import shifted
from core.links import Delivered, ExchangeRate, MatchAccount, MatchRow, Source, Standing
from db import matching as stored
from db import nearby, paybacks, transaction_links
from db.matching import Surroundings
from db.session import Tx
from matching import refunds, transfers
from matching.duplicates import SORTED_WITHIN
from matching.rates import STALE_DAYS, Rates
from matching.text import return_pattern


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubles:
    """Noted rows that count, and those that they may be the same as."""

    around: Surroundings
    new: Collection[UUID]  # those that are noted
    rows: Mapping[UUID, MatchRow]
    twice: Collection[UUID]  # those among them that other sources may have, too
    awaited: Collection[UUID]  # those that their own source may have pending and booked
    delivered: Mapping[UUID, Delivered]  # how those came, and what is linked of one source
    links: Sequence[Standing]  # by which others do not count beside them
    below: Mapping[UUID, MatchRow]  # what does not count
    rejected: Collection[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """What noted rows may belong to otherwise."""

    accounts: Mapping[UUID, MatchAccount]
    rows: Mapping[UUID, MatchRow]
    moved: Collection[UUID]
    given_back: Collection[UUID]
    links: Sequence[Standing]  # transfers and refunds that stand, of any of these
    rates: Rates
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
    taken = await nearby.taken(tx, tenant_id=tenant_id, noted=noted)
    own = {row.id for row in noted}
    others = {*twice, *awaited, *taken} - own
    near = await stored.rows(tx, tenant_id=tenant_id, ids=others, around=around)
    rows = {row.id: row for row in (*noted, *near)}
    links = await transaction_links.below(
        tx, tenant_id=tenant_id, ids=_challenged(rows.values(), noted)
    )
    hidden = await stored.rows(
        tx,
        tenant_id=tenant_id,
        ids={link.transaction_id for link in links},
        around=around,
        hidden=True,
    )
    below = {row.id: row for row in hidden}
    came = _of_one_source(links, rows, below, own) - awaited.keys()
    delivered = await nearby.delivered(tx, tenant_id=tenant_id, ids=came)
    return Doubles(
        around=around,
        new=own,
        rows=rows,
        twice=twice | own,
        awaited=awaited.keys(),
        delivered={**awaited, **delivered},
        links=links,
        below=below,
        rejected=await stored.rejected(tx, tenant_id=tenant_id, ids={*rows, *below}),
    )


def _challenged(rows: Iterable[MatchRow], noted: Sequence[MatchRow]) -> list[UUID]:
    """Rows beside which others do not count, and of which a noted row of one of their sources may
    be the booking: most have none, and what is below them is not read."""
    days: dict[object, list[int]] = defaultdict(
        list
    )  # of noted rows, by what rivals have in common
    for row in noted:
        days[row.account_id, row.currency, row.amount, row.source].append(row.day.toordinal())
    for some in days.values():
        some.sort()
    own = {row.id for row in noted}

    def near(kept: MatchRow, source: Source, within: int) -> int:
        some = days.get((kept.account_id, kept.currency, kept.amount, source), [])
        day = kept.day.toordinal()
        return bisect_right(some, day + within) - bisect_left(some, day - within)

    # What is linked is as near to what counts as a new row may be to either.
    return [
        kept.id
        for kept in rows
        if kept.taken
        and (
            near(kept, kept.source, 2 * SORTED_WITHIN) > (kept.id in own)
            or any(near(kept, one, SORTED_WITHIN) for one in kept.taken if one != kept.source)
        )
    ]


def _of_one_source(
    links: Sequence[Standing],
    rows: Mapping[UUID, MatchRow],
    below: Mapping[UUID, MatchRow],
    own: Collection[UUID],
) -> set[UUID]:
    """Rows that their own source booked, as links say, and noted ones that may be their booking."""
    every = {**rows, **below}
    sides: set[UUID] = set()
    amounts = set()
    for link in links:
        one, other = every.get(link.transaction_id), every.get(link.other_id)
        if one is not None and other is not None and one.source == other.source:
            sides |= link.pair
            amounts.add((one.account_id, one.source, one.amount))
    new = (rows[one] for one in own)
    return sides | {row.id for row in new if (row.account_id, row.source, row.amount) in amounts}


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
    back = await _given_back(tx, tenant_id, noted)
    near = (moved | back).difference(row.id for row in noted)
    rows = await stored.rows(tx, tenant_id=tenant_id, ids=near, around=around)
    linked = [
        one.id for one in (*noted, *rows) if one.in_transfer or one.is_refund or one.paid_back
    ]
    links = await transaction_links.beside(tx, tenant_id=tenant_id, ids=linked)
    sides = {side for link in links for side in link.pair} - near - {row.id for row in noted}
    rows += await stored.rows(tx, tenant_id=tenant_id, ids=sides, around=around)
    ids = {*near, *sides, *(row.id for row in noted)}
    rejected = await stored.rejected(tx, tenant_id=tenant_id, ids=ids)
    return Others(
        accounts=around.accounts,
        rows={row.id: row for row in rows},
        moved=moved,
        given_back=back,
        links=links,
        rates=Rates(rates, tolerance_percent=around.rate_tolerance_percent),
        rejected=rejected,
    )


async def rivals(
    tx: Tx, tenant_id: UUID, around: Surroundings, noted: Sequence[MatchRow]
) -> tuple[list[MatchRow], set[str]]:
    """What else these refunds and payments may belong to, them among it, and what was rejected."""
    await stored.plan_for_many(tx)
    near = await _given_back(tx, tenant_id, noted)
    ids = near | {row.id for row in noted}
    rows = await stored.rows(tx, tenant_id=tenant_id, ids=ids, around=around)
    return rows, await stored.rejected(tx, tenant_id=tenant_id, ids=ids)


async def _given_back(tx: Tx, tenant_id: UUID, noted: Sequence[MatchRow]) -> set[UUID]:
    """What may be a refund of these or their payment."""
    return await paybacks.given_back(
        tx,
        tenant_id=tenant_id,
        noted=noted,
        named=[(row, name) for row in noted for name in refunds.parties(row)],
        referred=[(row, name) for row in noted for name in refunds.naming(row)],
        returning=return_pattern(),
    )


async def _rates(tx: Tx, tenant_id: UUID, noted: Sequence[MatchRow]) -> list[ExchangeRate]:
    """Those that say something of the days of noted rows."""
    days = [row.day for row in noted]
    since = shifted(min(days), -timedelta(days=2 * STALE_DAYS))
    until = shifted(max(days), timedelta(days=STALE_DAYS))
    return await stored.rates(tx, tenant_id=tenant_id, first=since, last=until)
