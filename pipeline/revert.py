"""Takes an import back: its rows go, what other files bring too stays, and a report says why."""

from __future__ import annotations

from dataclasses import replace

from core.jobs import JobStage, JobState
from core.models import Job
from core.records import AccountRecord, Finding, Severity
from db import ledger, merge, raw
from db.ledger import Counts
from pipeline.derive import replayed
from pipeline.services import Services
from pipeline.write import Destination, Writer, resolve


async def revert(job: Job, services: Services) -> JobState:
    """Marks the rows of the job as removed, then reads again what its connection delivered else.

    Rows are kept where someone reconciled them, and where another document brings them too: the
    raw documents are the proof, so they are asked again. May be repeated after a crash.
    """
    key = await services.key(job)
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.REVERT)
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        reconciled = await merge.reconciled_rows(tx, tenant_id=job.tenant_id, job_id=job.id)
        removed = await merge.take_back(tx, tenant_id=job.tenant_id, job_id=job.id)
        documents = await raw.of_lineage(
            tx,
            tenant_id=job.tenant_id,
            lineage_id=connection.lineage_id,
            before=services.clock(),
            without_job=job.id,
            # A row that this job changed had come with a document whose rows were all new.
            only_shared=job.changed == 0,
        )
    elsewhere = 0
    for document in documents:
        to = Destination(
            job=job, connection=connection, document=document, key=key, lease=services.lease
        )
        elsewhere += await _replay(to, services)
    async with services.database.as_(services.scope(job)) as tx:
        findings = _report(removed=removed, elsewhere=elsewhere, reconciled=reconciled)
        await ledger.put_findings(
            tx, job, start=await ledger.next_finding(tx, job), findings=findings
        )
        counts = Counts(withdrawn=removed - elsewhere)
        await ledger.advance(
            tx, job, lease=services.lease, checkpoint=job.checkpoint, counts=counts, rate=0
        )
        await ledger.settle(tx, job, JobState.REVERTED)
    await services.tell_rows(job)
    return JobState.REVERTED


async def _replay(to: Destination, services: Services) -> int:
    """Reads a document again; returns how many rows came back."""
    back = 0
    writer = Writer(to)
    accounts: list[AccountRecord] = []
    async with replayed(to, services) as batches:
        async for batch in batches:
            accounts += batch.accounts
            async with services.database.as_(services.scope(to.job)) as tx:
                targets = await resolve(tx, to, accounts, may_open=False)
                # What the document's own import found is on record; only its rows count here.
                _, counts = await writer.write(tx, replace(batch, targets=targets, findings=()))
                await ledger.renew(tx, to.job, lease=to.lease)
            back += counts.imported
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
