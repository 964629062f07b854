"""Place: brings the rows of a mapping where the mapping says, some at a time, with progress."""

from __future__ import annotations

from core.jobs import JobStage
from core.models import Job
from core.records import Finding, Severity
from db import category_evidence, holdings, ledger, placement, statements
from db.ledger import Counts
from db.placement import START, Placed, RowKey
from db.session import Tx
from pipeline.categorizing import Categorizer
from pipeline.recategorizing import follow_account
from pipeline.services import Services


async def place(job: Job, services: Services) -> int:
    """Moves the rows of the job's mapping into its account, or sets them aside where it has none.

    Returns how many rows it looked at.

    What the mapping says is asked anew for each part. Someone who changes it meanwhile has started
    another job, which waits for this one. May be repeated after a crash: rows that are in their
    place stay there.
    """
    assert job.mapping_id is not None
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.PLACE)
    await services.tell(job)
    after: RowKey | None = START
    seen = reconciled = 0
    categorizer = Categorizer(tenant_id=job.tenant_id)
    while after is not None:
        async with services.database.as_(services.scope(job)) as tx:
            placed = await _place(tx, job, after=after, most=services.batch_records)
            if placed.moved or placed.back:
                await follow_account(
                    tx,
                    categorizer,
                    tenant_id=job.tenant_id,
                    mapping_id=job.mapping_id,
                    after=category_evidence.RowKey(*after),
                    most=services.batch_records,
                )
            seen += placed.seen
            reconciled += placed.reconciled
            await ledger.advance(
                tx, job, lease=services.lease, checkpoint=0, counts=_counts(placed), rate=0
            )
        after = placed.last
        await services.tell(job)
    await _place_balances(job, services)
    if reconciled:
        async with services.database.as_(services.scope(job)) as tx:
            await ledger.put_findings(
                tx,
                job,
                start=await ledger.next_finding(tx, job),
                findings=[_reconciled(reconciled)],
            )
    return seen


async def _place(tx: Tx, job: Job, *, after: RowKey, most: int) -> Placed:
    assert job.mapping_id is not None
    decided = await placement.decided(tx, tenant_id=job.tenant_id, ids=[job.mapping_id])
    account_id = decided[job.mapping_id].account_id
    if account_id is None:
        return await placement.set_aside(
            tx, tenant_id=job.tenant_id, mapping_id=job.mapping_id, after=after, most=most
        )
    return await placement.place(
        tx,
        tenant_id=job.tenant_id,
        mapping_id=job.mapping_id,
        account_id=account_id,
        after=after,
        most=most,
    )


async def _place_balances(job: Job, services: Services) -> None:
    assert job.mapping_id is not None
    part = 1
    while part:
        async with services.database.as_(services.scope(job)) as tx:
            decided = await placement.decided(tx, tenant_id=job.tenant_id, ids=[job.mapping_id])
            part = await placement.place_balances(
                tx,
                tenant_id=job.tenant_id,
                mapping_id=job.mapping_id,
                account_id=decided[job.mapping_id].account_id,
                most=services.batch_records,
            )
            await ledger.renew(tx, job, lease=services.lease)
    async with services.database.as_(services.scope(job)) as tx:
        decided = await placement.decided(tx, tenant_id=job.tenant_id, ids=[job.mapping_id])
        for place_all in (holdings.place, statements.place):
            await place_all(
                tx,
                tenant_id=job.tenant_id,
                mapping_id=job.mapping_id,
                account_id=decided[job.mapping_id].account_id,
            )


def _counts(placed: Placed) -> Counts:
    return Counts(
        processed=placed.seen,
        imported=placed.back,
        changed=placed.moved,
        withdrawn=placed.aside,
    )


def _reconciled(rows: int) -> Finding:
    return Finding(
        Severity.WARNING,
        "reconciled-set-aside",
        f"{rows:,} transactions that are reconciled left the account with their mapping. "
        "They come back, reconciled, when the mapping names an account.",
    )
