"""Takes an import back: its rows go, what other files bring too stays, and a report says why."""

from __future__ import annotations

from core.jobs import JobStage, JobState
from core.models import Job, RawDocument
from core.records import Finding, Severity
from db import corrections, ledger, merge, placement, raw, statements
from db.ledger import Counts
from pipeline.following import follow
from pipeline.replay import rewrite
from pipeline.services import Services


async def revert(job: Job, services: Services) -> JobState:
    """Marks the rows of the job as removed, then reads again what its connection delivered else.

    Rows are kept where someone reconciled them, and where another document brings them too: the
    raw documents are the proof, so they are asked again. May be repeated after a crash: `total`
    then says how many rows it removed, and `checkpoint` how many were removed before it began.
    """
    key = await services.key(job)
    removed, before = await _begin(job, services)
    removed = await _take_back(job, services, removed)
    for document in await _others(job, services):
        await rewrite(document, job, services, mappings=None, key=key)
    await follow(job, services)
    async with services.database.as_(services.scope(job)) as tx:
        gone = await merge.removed_rows(tx, tenant_id=job.tenant_id, job_id=job.id) - before
        # A row that came back carries the job of the document that brought it.
        back = max(removed - gone, 0)
        reconciled = await merge.reconciled_rows(tx, tenant_id=job.tenant_id, job_id=job.id)
        findings = _report(removed=removed, elsewhere=back, reconciled=reconciled)
        await ledger.put_findings(
            tx, job, start=await ledger.next_finding(tx, job), findings=findings
        )
        counts = Counts(withdrawn=removed - back)
        await ledger.advance(
            tx, job, lease=services.lease, checkpoint=before, counts=counts, rate=0
        )
        await ledger.settle(tx, job, JobState.REVERTED)
    await services.tell_rows(job)
    return JobState.REVERTED


async def _begin(job: Job, services: Services) -> tuple[int, int]:
    """How many rows an earlier try has removed, and how many were removed before that."""
    if job.stage == JobStage.REVERT:
        return job.total or 0, job.checkpoint
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.REVERT, total=0)
        before = await merge.removed_rows(tx, tenant_id=job.tenant_id, job_id=job.id)
        await ledger.advance(
            tx, job, lease=services.lease, checkpoint=before, counts=Counts(), rate=0
        )
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        await ledger.rewind(tx, job, lineage_id=connection.lineage_id)
        await corrections.take_back(tx, tenant_id=job.tenant_id, job_id=job.id)
        await merge.take_back_balances(tx, tenant_id=job.tenant_id, job_id=job.id)
        await statements.take_back(tx, tenant_id=job.tenant_id, job_id=job.id)
        await placement.clear_waits(tx, job, job_id=job.id)
    return 0, before


async def _take_back(job: Job, services: Services, removed: int) -> int:
    """Removes the job's rows, so many at a time that a statement ends in time; how many so far."""
    while True:
        async with services.database.as_(services.scope(job)) as tx:
            part = await merge.take_back(tx, tenant_id=job.tenant_id, job_id=job.id)
            removed += part
            await ledger.renew(tx, job, lease=services.lease, total=removed)
        await services.tell(job)
        if part == 0:
            return removed


async def _others(job: Job, services: Services) -> list[RawDocument]:
    """What the lineage's other imports delivered, oldest first. None is left out: rows that this
    job brought, changed, withdrew or held back may have come with any of them."""
    async with services.database.as_(services.scope(job)) as tx:
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        return await raw.of_lineage(
            tx,
            tenant_id=job.tenant_id,
            lineage_id=connection.lineage_id,
            without_job=job.id,
        )


def _report(*, removed: int, elsewhere: int, reconciled: int) -> list[Finding]:
    findings = [
        Finding(
            Severity.INFO,
            "reverted",
            f"{removed - elsewhere:,} transactions of this import were taken back.",
        )
    ]
    if elsewhere:
        findings.append(
            Finding(
                Severity.WARNING,
                "kept-elsewhere",
                f"{elsewhere:,} transactions stay, because another file brought them too. "
                "Revert that import as well to take them back.",
            )
        )
    if reconciled:
        findings.append(
            Finding(
                Severity.WARNING,
                "kept-reconciled",
                f"{reconciled:,} transactions stay, because they are reconciled.",
            )
        )
    return findings
