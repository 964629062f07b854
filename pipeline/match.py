"""Match: compares transactions that were written or changed with those they may belong to.

What is noted is taken in parts. A part is read, weighed outside of any transaction, and written if
nobody else has taken the same notes meanwhile. What is sure is linked; what is not is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from core.days import shifted
from core.links import Delivered, ExchangeRate, Found, LinkKind, MatchRow
from core.models import Job
from core.records import TransactionStatus
from core.reviews import NewReviewItem, ReviewKind
from db import ledger, merge, review_items, transaction_links
from db import matching as stored
from db.matching import Noted, Surroundings
from db.session import Tx
from db.transaction_links import Side
from matching import booked, duplicates, refunds, transfers
from matching.rates import STALE_DAYS, Rates
from matching.rejected import Rejected
from matching.rows import prepared
from matching.scoring import RULE_VERSION
from pipeline.flow import in_thread
from pipeline.services import Services

PART: Final = 20_000  # transactions that are compared at once
TEXT_MAX: Final = 300  # characters of a description that a question repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Material:
    """What is known of noted rows and of those that they are near to."""

    around: Surroundings
    rows: Mapping[UUID, MatchRow]
    twice: Collection[UUID]
    awaited: Mapping[UUID, Delivered]
    moved: Collection[UUID]
    given_back: Collection[UUID]
    rates: Sequence[ExchangeRate]
    rejected: Collection[str]


async def match(job: Job, services: Services) -> None:
    """Compares all that is noted, of this job or of others. Raises LeaseLost."""
    while await _part(job, services):
        async with services.database.as_(services.scope(job)) as tx:
            await ledger.renew(tx, job, lease=services.lease)
        await services.tell(job)


async def _part(job: Job, services: Services) -> bool:
    """Whether there was something to compare."""
    scope = services.scope(job)
    async with services.database.as_(scope) as tx:
        noted = await stored.noted(tx, tenant_id=job.tenant_id, most=PART)
        if not noted.notes:
            return False
        await stored.lock(tx, tenant_id=job.tenant_id)
        await transaction_links.bring_back(tx, tenant_id=job.tenant_id, ids=noted.ids)
        material = await _material(tx, job.tenant_id, noted.ids)
    found = [] if material is None else await in_thread(partial(_weigh, material, noted.ids))
    rows = {} if material is None else material.rows
    async with services.database.as_(scope) as tx:
        await stored.lock(tx, tenant_id=job.tenant_id)
        if await stored.done(tx, tenant_id=job.tenant_id, noted=noted):
            await _write(tx, job, noted, rows, found)
    return True


async def _material(tx: Tx, tenant_id: UUID, ids: Sequence[UUID]) -> _Material | None:
    """None where none of the rows counts."""
    days = await stored.days(tx, tenant_id=tenant_id, ids=ids)
    if days is None:
        return None
    first, last = days
    # A plan that was made for a few rows would read the table once for each of thousands.
    await merge.plan_anew(tx)
    around = await stored.surroundings(tx, tenant_id=tenant_id)
    twice = await stored.twice(
        tx, tenant_id=tenant_id, ids=ids, account_ids=around.of_several, first=first, last=last
    )
    awaited = await stored.awaited(tx, tenant_id=tenant_id, ids=ids, first=first, last=last)
    moved: set[UUID] = set()
    rates: list[ExchangeRate] = []
    if len(around.accounts) > 1:
        moved = await stored.moved(tx, tenant_id=tenant_id, ids=ids, first=first, last=last)
    if around.currencies > 1:
        moved |= await stored.exchanged(tx, tenant_id=tenant_id, first=first, last=last)
        since = shifted(first, -timedelta(days=2 * STALE_DAYS))
        until = shifted(last, timedelta(days=STALE_DAYS))
        rates = await stored.rates(tx, tenant_id=tenant_id, first=since, last=until)
    back = await stored.given_back(tx, tenant_id=tenant_id, ids=ids, first=first, last=last)
    near = {*ids, *twice, *awaited, *moved, *back}
    rows = await stored.rows(tx, tenant_id=tenant_id, ids=near, ranks=around.ranks)
    return _Material(
        around=around,
        rows={row.id: row for row in rows},
        twice=twice,
        awaited=awaited,
        moved=moved,
        given_back=back,
        rates=rates,
        rejected=await stored.rejected(tx, tenant_id=tenant_id, ids=near),
    )


def _weigh(material: _Material, ids: Collection[UUID]) -> list[Found]:
    """What belongs together, as far as a noted row is in it; the rest was decided before."""
    rejected = Rejected(material.rejected)
    rows = {row.id: row for row in prepared(material.rows.values())}

    def of(wanted: Collection[UUID]) -> list[Any]:
        return [rows[one] for one in {*ids, *wanted} if one in rows and one not in hidden]

    hidden: set[UUID] = set()
    several = set(material.around.of_several)
    doubled = [row for row in of(material.twice) if row.of.account_id in several]
    found = duplicates.find(doubled, rejected=rejected)
    hidden |= {one.transaction_id for one in found if one.sure}
    paired = {side for one in found for side in (one.transaction_id, one.other_id)}
    waited = [rows[one] for one in material.awaited if one in rows and one not in paired]
    found += booked.find(waited, delivered=material.awaited, rejected=rejected)
    hidden |= {one.transaction_id for one in found if one.sure}
    moved = transfers.find(
        of(material.moved),
        accounts=material.around.accounts,
        rates=Rates(material.rates),
        rejected=rejected,
    )
    linked = {side for one in moved if one.sure for side in (one.transaction_id, one.other_id)}
    hidden |= linked
    back = refunds.find(of(material.given_back), rejected=rejected)
    noted = frozenset(ids)
    return [
        one
        for one in (*found, *moved, *back)
        if one.transaction_id in noted or one.other_id in noted
    ]


async def _write(
    tx: Tx, job: Job, noted: Noted, rows: Mapping[UUID, MatchRow], found: Sequence[Found]
) -> None:
    """Asks what is not sure, then links what is and still is as it was seen.

    In this order, as who answers a question locks it before the rows.
    """
    sure = [one for one in found if one.sure]
    hidden = {one.transaction_id for one in sure if one.kind.hides}
    questions = {
        one.key: _question(one, rows)
        for one in found
        if not one.sure and not hidden & {one.transaction_id, one.other_id}
    }
    await _close(tx, job, sure, about={*noted.ids, *hidden}, asked=questions.keys())
    items = list(questions.values())
    await review_items.put(tx, tenant_id=job.tenant_id, job_id=job.id, items=items)
    sides = await transaction_links.sides(tx, tenant_id=job.tenant_id, ids=_both(sure))
    links = [one for one in sure if _stands(one, rows, sides)]
    await transaction_links.put(tx, tenant_id=job.tenant_id, found=links, rule_version=RULE_VERSION)
    hidden = {one.transaction_id for one in links if one.kind.hides}
    await transaction_links.recount(tx, tenant_id=job.tenant_id, ids=hidden)


async def _close(
    tx: Tx, job: Job, sure: Sequence[Found], *, about: Collection[UUID], asked: Collection[str]
) -> None:
    """Closes open questions that are not asked any more, or that a link answers."""
    moved = _both([one for one in sure if one.kind is LinkKind.TRANSFER])
    for ids, kinds in ((about, tuple(LinkKind)), (moved, (LinkKind.TRANSFER,))):
        if ids:
            await stored.supersede(tx, tenant_id=job.tenant_id, ids=ids, kinds=kinds, asked=asked)


def _both(found: Sequence[Found]) -> set[UUID]:
    return {side for one in found for side in (one.transaction_id, one.other_id)}


def _stands(one: Found, rows: Mapping[UUID, MatchRow], sides: Mapping[UUID, Side]) -> bool:
    """Whether both rows are as they were when they were compared; who changed one has noted it."""
    return all(_is_same(rows[side], sides[side]) for side in (one.transaction_id, one.other_id))


def _is_same(row: MatchRow, side: Side) -> bool:
    return (
        side.status is row.status
        and side.status is not TransactionStatus.REMOVED
        and side.account_id == row.account_id
        and side.amount == row.amount
        and side.currency == row.currency
        and side.duplicate_of is None
    )


def _question(found: Found, rows: Mapping[UUID, MatchRow]) -> NewReviewItem:
    return NewReviewItem(
        kind=ReviewKind(found.kind.value),
        key=found.key,
        score=found.score,
        rule_version=RULE_VERSION,
        transaction_id=found.transaction_id,
        other_id=found.other_id,
        account_id=found.account_id,
        reasons=found.reasons,
        evidence={
            "transaction": _seen(rows[found.transaction_id]),
            "other": _seen(rows[found.other_id]),
        },
    )


def _seen(row: MatchRow) -> dict[str, Any]:
    return {
        "amount": str(row.amount),
        "currency": row.currency,
        "day": row.day.isoformat(),
        "status": row.status.value,
        "description": row.description[:TEXT_MAX],
    }
