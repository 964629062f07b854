"""Match: compares transactions that were written or changed with those they may belong to.

What is noted is taken in parts. A part is read, weighed outside of any transaction, and written if
nobody else has taken the same notes meanwhile: first which rows are one booking, then what those
that count belong to. What is sure is linked; what is not is asked. A link that the system made
before gives way to a pair that is clearly better.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from typing import Any, Final
from uuid import UUID

from core.links import Found, LinkKind, MatchRow
from core.models import Job
from core.reviews import NewReviewItem, ReviewKind, SupersededReason
from db import ledger, review_items, transaction_links
from db import matching as stored
from db.matching import Noted, Ranks, Surroundings
from db.session import Tx
from matching.rates import rule_version
from pipeline import match_belonging, match_doubles, match_material
from pipeline.flow import in_thread
from pipeline.match_belonging import Belonging
from pipeline.replacing import Weighed, standing
from pipeline.services import Services

PART: Final = 20_000  # transactions that are compared at once
TEXT_MAX: Final = 300  # characters of a description that a question repeats


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
        doubles = await match_material.doubles(tx, job.tenant_id, noted.ids)
    doubled = await in_thread(partial(match_doubles.doubled, doubles))
    found = doubled.found
    hidden = {one.transaction_id for one in found if one.sure}
    rows = {**doubles.below, **doubles.rows}
    left = [doubles.rows[one] for one in noted.ids if one in doubles.rows and one not in hidden]
    replaced = [*doubled.replaced]
    if left:
        async with services.database.as_(scope) as tx:
            others = await match_material.others(tx, job.tenant_id, doubles.around, left)
        rows |= others.rows
        belonging = await in_thread(partial(match_belonging.belonging, others, left, hidden))
        belonging = await _doubting(job, services, doubles.around, rows, belonging)
        found += belonging.found
        replaced += belonging.replaced
    known = {*noted.ids, *(side for one in replaced for side in one.link.pair)}
    weighed = Weighed(
        rows=rows,
        below=doubles.below.keys(),
        found=[one for one in found if one.pair & known],
        replaced=replaced,
        rule_version=rule_version(doubles.around.rate_tolerance_percent),
    )
    async with services.database.as_(scope) as tx:
        await stored.lock(tx, tenant_id=job.tenant_id)
        ranks = await stored.keep_ranks(tx, tenant_id=job.tenant_id)
        if not _are_changed(weighed, doubles.around.ranks, ranks) and await stored.done(
            tx, tenant_id=job.tenant_id, noted=noted
        ):
            await _write(tx, job, noted, weighed)
    return True


def _are_changed(weighed: Weighed, before: Ranks, now: Ranks) -> bool:
    """Whether another source of an account is believed first than when rows were read: which of two
    rows counts would be the wrong one, so they are compared anew."""
    if before == now:  # mostly
        return False
    keys = {
        (row.account_id, row.mapping_id)
        for one in weighed.found
        if one.kind.hides
        for row in (weighed.rows[one.transaction_id], weighed.rows[one.other_id])
    }
    return any(before.get(key) != now.get(key) for key in keys)


async def _doubting(
    job: Job,
    services: Services,
    around: Surroundings,
    rows: Mapping[UUID, MatchRow],
    belonging: Belonging,
) -> Belonging:
    """The same, sure of a refund only where nothing that was not read is meant as well: what was
    noted is held against the other direction, and other refunds of a payment are of its own."""
    sure = [one for one in belonging.found if one.sure and one.kind is LinkKind.REFUND]
    if not sure:
        return belonging
    async with services.database.as_(services.scope(job)) as tx:
        near, rejected = await match_material.rivals(
            tx, job.tenant_id, around, [rows[side] for side in sorted(_both(sure))]
        )
    return await in_thread(partial(match_belonging.doubted, belonging, near, rejected))


async def _write(tx: Tx, job: Job, noted: Noted, weighed: Weighed) -> None:
    """Asks what is not sure, then links what is and still is as it was seen.

    In this order, as who answers a question locks it before the rows.
    """
    sure = [one for one in weighed.found if one.sure]
    hidden = {one.transaction_id for one in sure if one.kind.hides}
    questions = {
        one.key: _question(one, weighed.rows, weighed.rule_version)
        for one in weighed.found
        if not one.sure and not hidden & {one.transaction_id, one.other_id}
    }
    await _close(tx, job, about={*noted.ids, *hidden}, asked=questions.keys())
    items = list(questions.values())
    await review_items.put(tx, tenant_id=job.tenant_id, job_id=job.id, items=items)
    links = await standing(tx, job, weighed)
    await transaction_links.put(
        tx, tenant_id=job.tenant_id, found=links, rule_version=weighed.rule_version
    )
    await _close_linked(tx, job, [one for one in links if not one.kind.hides])
    hidden = {one.transaction_id for one in links if one.kind.hides}
    await transaction_links.recount(tx, tenant_id=job.tenant_id, ids=hidden)
    # What counted before may have been decided about; most of what has just come was not.
    decided = {one for one in hidden if weighed.rows[one].vouched}
    await transaction_links.hand_over(tx, ids=decided | hidden.difference(noted.ids))


async def _close(tx: Tx, job: Job, *, about: Collection[UUID], asked: Collection[str]) -> None:
    """Closes open questions that are not asked any more, or that a link answers."""
    if about:
        await stored.supersede(
            tx,
            tenant_id=job.tenant_id,
            ids=about,
            kinds=tuple(LinkKind),
            asked=asked,
            reason=SupersededReason.COMPARED_ANEW,
        )


async def _close_linked(tx: Tx, job: Job, links: Sequence[Found]) -> None:
    """Closes questions that transfers and refunds answer, or leave no room for."""
    pairs = [(one.kind, one.transaction_id, one.other_id) for one in links]
    await review_items.supersede(tx, tenant_id=job.tenant_id, keys={one.key for one in links})
    await review_items.close_excluded(tx, tenant_id=job.tenant_id, pairs=pairs)


def _both(found: Sequence[Found]) -> set[UUID]:
    return {side for one in found for side in (one.transaction_id, one.other_id)}


def _question(found: Found, rows: Mapping[UUID, MatchRow], version: str) -> NewReviewItem:
    return NewReviewItem(
        kind=ReviewKind(found.kind.value),
        key=found.key,
        score=found.score,
        rule_version=version,
        transaction_id=found.transaction_id,
        other_id=found.other_id,
        account_id=found.account_id,
        reasons=found.reasons,
        evidence={
            "transaction": _seen(rows[found.transaction_id]),
            "other": _seen(rows[found.other_id]),
            **({} if found.against is None else {"linked": _seen(rows[found.against])}),
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
