"""Imports a document: receive, decide how to read it, scan, then preview or write."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import BinaryIO, Final

from core.jobs import JobStage, JobState
from core.models import Connection, ControlPolicy, Job
from core.records import AccountRecord, Record
from db import ledger, placement, raw
from db.ledger import Counts
from pipeline.batch import Batch, Target
from pipeline.categorizing import Categorizer
from pipeline.document import Reading, again, decide, head, opened, records
from pipeline.flow import flowing, in_thread
from pipeline.following import follow
from pipeline.preview import Previewer
from pipeline.receive import receive
from pipeline.replay import replay_newer
from pipeline.scan import Scanned, scan
from pipeline.services import Services
from pipeline.write import Destination, Writer, note, resolve
from statements.profiles import read_profile

SCAN_RECORDS: Final = 20_000  # between two looks at the lease
QUARANTINED: Final = (
    "Control totals do not fit, the file is cut off, or says something twice; see the findings. "
    "Approve the import to take it in as it is, or discard it."
)


async def import_document(job: Job, services: Services) -> JobState:
    """Does an import from wherever an earlier try left it; returns the state it ended in.

    Raises Unreadable where the document cannot be read, LeaseLost where another worker has it.
    """
    key = await services.key(job)
    await _stage(job, services, JobStage.RECEIVE)
    document = await receive(job, services, key=key)
    async with services.database.as_(services.scope(job)) as tx:
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
    to = Destination(
        job=job, connection=connection, document=document, key=key, lease=services.lease
    )
    async with opened(
        document,
        scope=services.scope(job),
        database=services.database,
        blobs=services.blobs,
        key=key,
    ) as file:
        reading = await _reading(job, services, connection, file)
        # What stands in part was scanned, and approved where that was asked for.
        if not job.wrote:
            scanned = await _scan(job, services, file, reading)
            quarantined = scanned.quarantined(connection.control_policy)
            if job.approved_at is None and (job.review or quarantined):
                return await _preview(to, services, file, reading, quarantined=quarantined)
        return await _write(to, services, file, reading)


async def _stage(job: Job, services: Services, stage: JobStage) -> None:
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=stage)
    await services.tell(job)


async def _reading(job: Job, services: Services, connection: Connection, file: BinaryIO) -> Reading:
    # What was previewed, or written in part, goes on being read as it was.
    if job.profile is not None and (job.wrote or job.approved_at is not None):
        assert job.format is not None
        return again(job.format, job.profile, document_name="")
    definition = None
    profile_id = job.profile_id or connection.profile_id
    if profile_id is not None:
        async with services.database.as_(services.scope(job)) as tx:
            definition = await raw.profile(tx, tenant_id=job.tenant_id, profile_id=profile_id)
    profile = None if definition is None else read_profile(definition)
    reading = decide(
        await in_thread(partial(head, file)),
        format_name=job.format,
        profile=profile,
        connection=connection,
    )
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.read_as(tx, job, format_name=reading.format.name, profile=reading.kept())
    return reading


async def _scan(job: Job, services: Services, file: BinaryIO, reading: Reading) -> Scanned:
    source = records(file, reading)
    scanned = Scanned()
    while True:
        scanned, more = await in_thread(partial(_scan_part, source, scanned))
        async with services.database.as_(services.scope(job)) as tx:
            await ledger.renew(
                tx,
                job,
                lease=services.lease,
                stage=JobStage.SCAN,
                fetched=scanned.transactions,
                total=None if more else scanned.transactions + scanned.rejected,
            )
        await services.tell(job)
        if not more:
            return scanned


def _scan_part(source: Iterator[Record], before: Scanned) -> tuple[Scanned, bool]:
    part = list(islice(source, SCAN_RECORDS))
    return scan(part, before), len(part) == SCAN_RECORDS


async def _preview(
    to: Destination,
    services: Services,
    file: BinaryIO,
    reading: Reading,
    *,
    quarantined: bool,
) -> JobState:
    """Stops before anything is written: someone must say whether the document is to come in."""
    job = to.job
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.PREVIEW)
        await ledger.start_over(tx, job)
        await ledger.clear_findings(tx, job)
        await ledger.clear_previews(tx, job)
        await ledger.put_findings(tx, job, start=0, findings=reading.findings)
    found = len(reading.findings)
    previewer = Previewer(to)
    targets: dict[str, Target] = {}
    async with flowing(
        file,
        reading,
        received=to.document.received_at.date(),
        size=services.batch_records,
        pending=to.connection.import_pending,
    ) as batches:
        async for batch in batches:
            batches.read_on()
            async with services.database.as_(services.scope(job)) as tx:
                targets |= await resolve(tx, to, batch.accounts, may_open=False, foresees=True)
                shown = replace(_heard(batch, to.connection), targets=targets, end=0)
                await previewer.show(tx, shown)
                rejected = sum(1 for finding in shown.findings if finding.rejected)
                counts = Counts(processed=len(shown.entries) + rejected, rejected=rejected)
                # No checkpoint: a preview that was cut short begins again, and writes nothing.
                found = await note(tx, to, shown, counts, found=found, rate=0, wrote=False)
            await services.tell(job)
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.settle_preview(
            tx,
            job,
            outcomes=await previewer.outcomes(tx),
            withdrawn=await previewer.withdrawn(tx),
            error_code="quarantined" if quarantined else None,
            error_message=QUARANTINED if quarantined else None,
        )
    return JobState.AWAITING_REVIEW


async def _write(to: Destination, services: Services, file: BinaryIO, reading: Reading) -> JobState:
    job = to.job
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.WRITE)
        if job.checkpoint == 0:
            await ledger.start_over(tx, job)
            await ledger.clear_findings(tx, job)
            await ledger.clear_previews(tx, job)
            await placement.clear_waits(tx, job, job_id=job.id)
            await ledger.put_findings(tx, job, start=0, findings=reading.findings)
        found = await ledger.next_finding(tx, job)
        categorizer = Categorizer(tenant_id=job.tenant_id)
        judge = await categorizer.judge(tx)
    to = replace(to, categorizer=categorizer)
    started, written = time.monotonic(), 0
    targets: dict[str, Target] = {}
    unresolved: list[AccountRecord] = []
    async with flowing(
        file,
        reading,
        received=to.document.received_at.date(),
        size=services.batch_records,
        pending=to.connection.import_pending,
        judge=judge,
    ) as batches:
        writer = Writer(to, meanwhile=batches.read_on)
        async for batch in batches:
            unresolved += batch.accounts
            if batch.end <= job.checkpoint:
                continue
            written += len(batch.entries)
            rate = round(written / max(time.monotonic() - started, 0.001))
            async with services.database.as_(services.scope(job)) as tx:
                targets |= await resolve(tx, to, unresolved, may_open=True)
                written_batch, counts = await writer.write(
                    tx, replace(_heard(batch, to.connection), targets=targets)
                )
                await placement.add_waits(tx, job, job_id=job.id, waits=written_batch.waits)
                found = await note(
                    tx, to, written_batch, counts, found=found, rate=rate, wrote=True
                )
            unresolved = []
            await services.tell(job)
    if unresolved:  # an earlier try has written everything
        async with services.database.as_(services.scope(job)) as tx:
            targets |= await resolve(tx, to, unresolved, may_open=False)
    named = {target.mapping_id for target in targets.values()}
    await replay_newer(job, services, than=to.document, mappings=named, key=to.key)
    return await _settle(to, services)


def _heard(batch: Batch, connection: Connection) -> Batch:
    """The batch without findings about control totals, where the connection ignores them."""
    if connection.control_policy is not ControlPolicy.IGNORE:
        return batch
    return replace(
        batch, findings=tuple(finding for finding in batch.findings if not finding.control)
    )


async def _settle(to: Destination, services: Services) -> JobState:
    job = to.job
    await follow(job, services)
    async with services.database.as_(services.scope(job)) as tx:
        state = await ledger.finish(tx, job)
        await raw.delivered(tx, tenant_id=job.tenant_id, connection_id=job.connection_id)
    await services.tell_rows(job)
    await services.events.publish(job.tenant_id, "connection", job.connection_id)
    return state
