"""Derives rows again from raw documents: for an account that was mapped after its rows came."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from core.jobs import JobStage, JobState
from core.models import Job
from core.records import AccountRecord
from db import ledger, raw
from pipeline.batch import Batch
from pipeline.document import decide, head, opened
from pipeline.flow import flowing
from pipeline.services import Services
from pipeline.write import Destination, Writer, resolve
from statements.profile import CsvProfile


async def derive(job: Job, services: Services) -> JobState:
    """Writes the rows of the job's mapping from every document that its connection delivered.

    Starts over after a crash: what is written already is then counted as duplicate.
    """
    assert job.mapping_id is not None
    key = await services.key(job)
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.WRITE)
        await ledger.start_over(tx, job)
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        documents = await raw.of_lineage(
            tx,
            tenant_id=job.tenant_id,
            lineage_id=connection.lineage_id,
            before=services.clock(),
            without_job=job.id,
            only_shared=False,
        )
    started, end, rate = time.monotonic(), 0, 0
    for document in documents:
        to = Destination(
            job=job, connection=connection, document=document, key=key, lease=services.lease
        )
        async with replayed(to, services) as batches:
            accounts: list[AccountRecord] = []
            writer = Writer(to)
            async for batch in batches:
                accounts += batch.accounts
                end += await _write_mapping(
                    to, services, writer, batch, accounts=accounts, end=end, rate=rate
                )
                rate = round(end / max(time.monotonic() - started, 0.001))
                await services.tell(job)
    async with services.database.as_(services.scope(job)) as tx:
        state = await ledger.finish(tx, job)
    await services.tell_rows(job)
    return state


@asynccontextmanager
async def replayed(to: Destination, services: Services) -> AsyncIterator[AsyncIterator[Batch]]:
    """The batches of a kept document, read as its own job read it."""
    document = to.document
    async with services.database.as_(services.scope(to.job), read_only=True) as tx:
        format_name, definition = await raw.read_with(
            tx, tenant_id=to.job.tenant_id, job_id=document.job_id
        )
    profile = None if definition is None else CsvProfile.model_validate(definition)
    async with opened(
        document, tenant_id=to.job.tenant_id, blobs=services.blobs, key=to.key
    ) as file:
        reading = decide(head(file), format_name=format_name, profile=profile)
        async with flowing(
            file,
            reading,
            to.connection,
            received=document.received_at.date(),
            size=services.batch_records,
        ) as batches:
            yield batches


async def _write_mapping(
    to: Destination,
    services: Services,
    writer: Writer,
    batch: Batch,
    *,
    accounts: list[AccountRecord],
    end: int,
    rate: int,
) -> int:
    """Writes what a batch holds for the job's mapping; returns how many rows that was."""
    async with services.database.as_(services.scope(to.job)) as tx:
        targets = await resolve(tx, to, accounts, may_open=False)
        own = _only(replace(batch, targets=targets), to.job)
        _, counts = await writer.write(tx, own)
        counts = replace(counts, processed=len(own.entries), rejected=0)
        await ledger.derived(
            tx, tenant_id=to.job.tenant_id, job_id=to.document.job_id, counts=counts
        )
        await ledger.advance(
            tx,
            to.job,
            lease=to.lease,
            checkpoint=end + counts.processed,
            counts=counts,
            rate=rate,
        )
    return counts.processed


def _only(batch: Batch, job: Job) -> Batch:
    """The part of a batch that belongs to the job's mapping; everything else is left alone."""
    keys = {key for key, target in batch.targets.items() if target.mapping_id == job.mapping_id}
    return replace(
        batch,
        withdrawals=tuple(one for one in batch.withdrawals if one.account in keys),
        balances=tuple(one for one in batch.balances if one.account in keys),
        entries=tuple(one for one in batch.entries if one.record.account in keys),
        findings=(),
    )
