"""Derives rows again from raw documents: for an account that was mapped after its rows came."""

from __future__ import annotations

import time
from dataclasses import replace

from core.jobs import JobStage, JobState
from core.models import Job, RawDocument
from core.vault import DataKey
from db import ledger, raw
from db.ledger import Counts
from pipeline.batch import Batch
from pipeline.map_accounts import map_accounts
from pipeline.replay import replayed
from pipeline.services import Services
from pipeline.write import Writer


async def derive(job: Job, services: Services) -> JobState:
    """Writes the rows of the job's mapping from every document that its connection delivered.

    Starts over after a crash: what is written already is then counted as duplicate.
    """
    assert job.mapping_id is not None
    key = await services.key(job)
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.WRITE)
        await ledger.start_over(tx, job)
        await ledger.clear_findings(tx, job)
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        await ledger.rewind(tx, job, lineage_id=connection.lineage_id)
        documents = await raw.of_lineage(
            tx,
            tenant_id=job.tenant_id,
            lineage_id=connection.lineage_id,
            before=services.clock(),
            without_job=job.id,
        )
    deriving = _Deriving(job, services, key)
    for document in documents:
        await deriving.take(document)
    async with services.database.as_(services.scope(job)) as tx:
        state = await ledger.finish(tx, job)
    await services.tell_rows(job)
    return state


class _Deriving:
    """One derivation, document by document."""

    def __init__(self, job: Job, services: Services, key: DataKey) -> None:
        self._job = job
        self._services = services
        self._key = key
        self._started = time.monotonic()
        self._rows = 0
        self._found = 0

    async def take(self, document: RawDocument) -> None:
        """Writes what the document has for the mapping, and tells the document's own job."""
        job, services = self._job, self._services
        done, waiting = Counts(), 0
        async with replayed(document, job, services, key=self._key) as (to, batches):
            writer = Writer(to)
            async for batch in batches:
                waiting += map_accounts(batch).waiting
                done = done.plus(await self._write(writer, _only(batch, job)))
                await services.tell(job)
        async with services.database.as_(services.scope(job)) as tx:
            await ledger.derived(
                tx, tenant_id=job.tenant_id, job_id=document.job_id, counts=done, waiting=waiting
            )
        await services.events.publish(job.tenant_id, "job", document.job_id)

    async def _write(self, writer: Writer, batch: Batch) -> Counts:
        job, services = self._job, self._services
        self._rows += len(batch.entries)
        rate = round(self._rows / max(time.monotonic() - self._started, 0.001))
        async with services.database.as_(services.scope(job)) as tx:
            written, counts = await writer.write(tx, batch)
            await ledger.put_findings(tx, job, start=self._found, findings=written.findings)
            await ledger.renew(tx, job, lease=services.lease, fetched=self._rows)
            # No checkpoint: a derivation that was cut short begins again.
            await ledger.advance(
                tx, job, lease=services.lease, checkpoint=0, counts=counts, rate=rate
            )
        self._found += len(written.findings)
        return counts


def _only(batch: Batch, job: Job) -> Batch:
    """The part of a batch that belongs to the job's mapping; everything else is left alone."""
    keys = {key for key, target in batch.targets.items() if target.mapping_id == job.mapping_id}
    return replace(
        batch,
        withdrawals=tuple(one for one in batch.withdrawals if one.account in keys),
        balances=tuple(one for one in batch.balances if one.account in keys),
        entries=tuple(one for one in batch.entries if one.record.account in keys),
    )
