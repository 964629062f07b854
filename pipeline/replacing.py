"""Replacing: links of the system's that give way to better pairs, in the transaction of those.

A link that gives way is undone and kept, with the reason and the rules; its rows are noted to be
compared anew, as what they lost they may find elsewhere.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from core.links import Found, MatchRow, Replaced, UndoneReason
from core.models import Job
from core.records import TransactionStatus
from db import audit, transaction_links
from db import matching as stored
from db.session import Tx
from db.transaction_links import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What was found of rows, as they were then; `below` did not count, and was weighed as well."""

    rows: Mapping[UUID, MatchRow]
    below: Collection[UUID]
    found: Sequence[Found]
    replaced: Sequence[Replaced]
    rule_version: str


async def standing(tx: Tx, job: Job, weighed: Weighed) -> list[Found]:
    """The sure pairs of which both rows are as they were when they were compared; who changed one
    has noted it. What has to give way to them does; where it cannot, they are left out.
    """
    sure = [one for one in weighed.found if one.sure]
    ids = {side for pair in sure for side in pair.pair}
    ids |= {side for one in weighed.replaced for side in one.link.pair}
    sides = await transaction_links.sides(tx, tenant_id=job.tenant_id, ids=ids)
    links = {
        pair.key: pair
        for pair in sure
        if all(
            _is_same(weighed.rows[side], sides[side], side in weighed.below) for side in pair.pair
        )
    }
    own = await transaction_links.still_own(
        tx, tenant_id=job.tenant_id, ids=[one.link.id for one in weighed.replaced]
    )
    going = [one for one in weighed.replaced if one.link.id in own]
    staying = [one for one in weighed.replaced if one.link.id not in own]
    # Two links may have to give way to one pair: both do, or none.
    while staying := [*staying, *(one for one in going if not _may_go(one, links))]:
        for one in staying:
            for pair in one.by:
                links.pop(pair.key, None)
        going = [one for one in going if one not in staying]
        staying = []
    hidden = {one.transaction_id for one in links.values()}
    await _give_way(tx, job, going, hidden=hidden, rule_version=weighed.rule_version)
    return [*links.values()]


def _may_go(one: Replaced, links: Collection[str]) -> bool:
    return all(pair.key in links for pair in one.by)


async def _give_way(
    tx: Tx, job: Job, going: Collection[Replaced], *, hidden: Collection[UUID], rule_version: str
) -> None:
    if not going:
        return
    await transaction_links.give_way(
        tx,
        tenant_id=job.tenant_id,
        ids=[one.link.id for one in going],
        reason=UndoneReason.BETTER_PAIR,
        rule_version=rule_version,
    )
    await transaction_links.recount(
        tx, tenant_id=job.tenant_id, ids={one.link.transaction_id for one in going}
    )
    again = {side for one in going for side in one.link.pair} - set(hidden)
    if again:
        await stored.note(tx, tenant_id=job.tenant_id, ids=again)
    await audit.record_each(
        tx,
        "transaction.relinked",
        job=job,
        data=[{"linkId": str(one.link.id), "kind": one.link.kind.value} for one in going],
    )


def _is_same(row: MatchRow, side: Side, may_be_below: bool) -> bool:
    return (
        side.status is row.status
        and side.status is not TransactionStatus.REMOVED
        and side.account_id == row.account_id
        and side.amount == row.amount
        and side.currency == row.currency
        and (side.duplicate_of is None or may_be_below)
    )
