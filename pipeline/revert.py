"""Takes an import back: its rows go, what other files bring too stays, and a report says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from core.jobs import JobStage, JobState
from core.models import Delivery, Job, RawDocument
from core.records import Finding, Severity
from core.vault import DataKey
from db import ledger, merge, raw
from db.ledger import Counts
from pipeline.replay import replayed
from pipeline.services import Services
from pipeline.write import Writer


async def revert(job: Job, services: Services) -> JobState:
    """Marks the rows of the job as removed, then reads again what its connection delivered else.

    Rows are kept where someone reconciled them, and where another document brings them too: the
    raw documents are the proof, so they are asked again. May be repeated after a crash: `total`
    then says how many rows were removed, and `checkpoint` how many of them came back.
    """
    key = await services.key(job)
    removed, back = await _begin(job, services)
    removed = await _take_back(job, services, removed)
    others = await _others(job, services)
    for document in others.documents:
        whole = document.id in others.sharing
        back = await _replay(document, job, services, key=key, whole=whole, back=back)
    async with services.database.as_(services.scope(job)) as tx:
        reconciled = await merge.reconciled_rows(tx, tenant_id=job.tenant_id, job_id=job.id)
        findings = _report(removed=removed, elsewhere=back, reconciled=reconciled)
        await ledger.put_findings(
            tx, job, start=await ledger.next_finding(tx, job), findings=findings
        )
        counts = Counts(withdrawn=removed - back)
        await ledger.advance(tx, job, lease=services.lease, checkpoint=back, counts=counts, rate=0)
        await ledger.settle(tx, job, JobState.REVERTED)
    await services.tell_rows(job)
    return JobState.REVERTED


async def _begin(job: Job, services: Services) -> tuple[int, int]:
    """How many rows an earlier try has removed, and how many of those came back."""
    if job.stage == JobStage.REVERT:
        return job.total or 0, job.checkpoint
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.REVERT, total=0)
        await ledger.advance(tx, job, lease=services.lease, checkpoint=0, counts=Counts(), rate=0)
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        await ledger.rewind(tx, job, lineage_id=connection.lineage_id)
        await merge.take_back_balances(tx, tenant_id=job.tenant_id, job_id=job.id)
    return 0, 0


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Others:
    """What the lineage's other imports delivered; those that share no row state balances only."""

    documents: Sequence[RawDocument]  # oldest first
    sharing: frozenset[UUID]


async def _others(job: Job, services: Services) -> _Others:
    # What this job changed or withdrew, and what a connection of increments held back because of
    # this job, had come with documents whose own rows may all have been new.
    async with services.database.as_(services.scope(job)) as tx:
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        only_shared = (
            job.changed == job.withdrawn == 0 and connection.delivery is Delivery.CUMULATIVE
        )
        found = [
            await raw.of_lineage(
                tx,
                tenant_id=job.tenant_id,
                lineage_id=connection.lineage_id,
                before=services.clock(),
                without_job=job.id,
                only_shared=shared,
            )
            for shared in (False, only_shared)
        ]
    return _Others(documents=found[0], sharing=frozenset(document.id for document in found[1]))


async def _replay(
    document: RawDocument, job: Job, services: Services, *, key: DataKey, whole: bool, back: int
) -> int:
    """Reads a document again; returns how many rows came back so far."""
    async with replayed(document, job, services, key=key) as (to, batches):
        writer = Writer(to)
        async for batch in batches:
            part = batch if whole else replace(batch, entries=(), withdrawals=())
            if not (part.entries or part.withdrawals or part.balances):
                continue
            async with services.database.as_(services.scope(job)) as tx:
                _, counts = await writer.write(tx, part)
                back += counts.imported
                await ledger.advance(
                    tx, job, lease=services.lease, checkpoint=back, counts=Counts(), rate=0
                )
    return back


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
