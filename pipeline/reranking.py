"""Reranking: after another source of an account is believed first, its rows are those that count.

Links of the system's that say otherwise are turned, some at a time and each part in a transaction
of its own; what people decided about a row that counted goes to the one that does now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from core.jobs import JobStage, JobState
from core.links import Standing, UndoneReason
from core.models import Job
from db import audit, ledger, placement, transaction_links
from db import matching as stored
from db.ledger import Counts
from db.session import Tx
from matching.rows import prepared
from matching.scoring import RULE_VERSION, reason
from matching.survivors import turned
from pipeline.following import follow
from pipeline.services import Services

ROWS: Final = 2_000  # that count instead of others, looked at in one transaction
_FIRST: Final = UUID(int=0)
_REASON: Final = reason("primary", 0, "Another source of the account is believed first since.")


async def rerank(job: Job, services: Services) -> JobState:
    """Turns the links of the account that the job's mapping feeds. May be repeated after a crash:
    what is turned stays so."""
    assert job.mapping_id is not None
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.MATCH)
        await ledger.start_over(tx, job)
        decided = await placement.decided(tx, tenant_id=job.tenant_id, ids=[job.mapping_id])
    await services.tell(job)
    account_id = decided[job.mapping_id].account_id
    after: UUID | None = None if account_id is None else _FIRST
    while account_id is not None and after is not None:
        async with services.database.as_(services.scope(job)) as tx:
            after = await _part(tx, job, services, account_id=account_id, after=after)
        await services.tell(job)
    await follow(job, services)
    async with services.database.as_(services.scope(job)) as tx:
        state = await ledger.finish(tx, job)
    await services.tell_rows(job)
    return state


async def _part(
    tx: Tx, job: Job, services: Services, *, account_id: UUID, after: UUID
) -> UUID | None:
    """Looks at the next rows that count instead of others; the last of them, None at the end."""
    tenant = job.tenant_id
    await stored.lock(tx, tenant_id=tenant)
    roots = await transaction_links.roots(
        tx, tenant_id=tenant, account_id=account_id, after=after, most=ROWS
    )
    links = await _kept(tx, tenant, roots)
    around = await stored.surroundings(tx, tenant_id=tenant)
    ids = {side for link in links for side in link.pair}
    rows = await stored.rows(tx, tenant_id=tenant, ids=ids, around=around, hidden=True)
    turning = turned({row.id: row for row in prepared(rows)}, links)
    if turning:
        await _turn(tx, job, turning)
    counts = Counts(processed=len(links), changed=len(turning))
    await ledger.advance(tx, job, lease=services.lease, checkpoint=0, counts=counts, rate=0)
    return roots[-1] if roots else None


async def _kept(tx: Tx, tenant: UUID, roots: Sequence[UUID]) -> list[Standing]:
    """The links below rows, which nobody changes until the transaction ends."""
    links = await transaction_links.below(tx, tenant_id=tenant, ids=roots)
    ids = {side for link in links for side in link.pair}
    await transaction_links.sides(tx, tenant_id=tenant, ids=ids)
    return await transaction_links.below(tx, tenant_id=tenant, ids=roots)


async def _turn(tx: Tx, job: Job, turning: Sequence[Standing]) -> None:
    tenant, ids = job.tenant_id, [link.id for link in turning]
    await transaction_links.give_way(
        tx,
        tenant_id=tenant,
        ids=ids,
        reason=UndoneReason.PRIMARY_SOURCE,
        rule_version=RULE_VERSION,
    )
    await transaction_links.turn(
        tx, tenant_id=tenant, ids=ids, reason=_REASON, rule_version=RULE_VERSION
    )
    sides = {side for link in turning for side in link.pair}
    await transaction_links.recount(tx, tenant_id=tenant, ids=sides)
    counted = {link.other_id for link in turning} - {link.transaction_id for link in turning}
    await transaction_links.hand_over(tx, ids=counted)
    await stored.note(tx, tenant_id=tenant, ids=sides)
    await audit.record_each(
        tx,
        "transaction.relinked",
        job=job,
        data=[{"linkId": str(link.id), "kind": link.kind.value} for link in turning],
    )
