"""Derives rows again from raw documents: for an account that was mapped after its rows came."""

from __future__ import annotations

import time
from collections import defaultdict
from dataclasses import replace
from uuid import UUID

from core.jobs import JobStage, JobState
from core.models import Job, RawDocument
from core.vault import DataKey
from db import ledger, placement, raw
from db.ledger import Counts
from db.session import Tx
from pipeline.batch import Batch
from pipeline.following import follow
from pipeline.map_accounts import map_accounts
from pipeline.place import place
from pipeline.replay import only, replayed
from pipeline.services import Services
from pipeline.write import Writer


async def derive(job: Job, services: Services) -> JobState:
    """Brings the rows of the job's mapping where it says, then reads every document of its lineage.

    Rows that stand already move, or are set aside; those that waited are written, or wait from now
    on. Starts over after a crash: what is written already is then counted as duplicate.
    """
    assert job.mapping_id is not None
    key = await services.key(job)
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.PLACE)
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
            without_job=job.id,
        )
        standing = await placement.row_count(tx, tenant_id=job.tenant_id, mapping_id=job.mapping_id)
        read = await ledger.processed(tx, job, ids=[document.job_id for document in documents])
        await ledger.renew(tx, job, lease=services.lease, total=standing + read)
    placed = await place(job, services)
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.WRITE)
        found = await ledger.next_finding(tx, job)
    deriving = _Deriving(job, services, key, found=found)
    for document in documents:
        await deriving.take(document)
    await follow(job, services)
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, total=placed + deriving.rows)
        state = await ledger.finish(tx, job)
    await services.tell_rows(job)
    return state


class _Deriving:
    """One derivation, document by document; `rows` says how many were read so far."""

    def __init__(self, job: Job, services: Services, key: DataKey, *, found: int) -> None:
        assert job.mapping_id is not None
        self._job = job
        self._mapping_id = job.mapping_id
        self._services = services
        self._key = key
        self._started = time.monotonic()
        self.rows = 0
        self._found = found
        # By the job that brought them: the pages of a sync are one response, and accounts that it
        # tells apart are of one source.
        self._named: dict[UUID, set[UUID]] = defaultdict(set)

    async def take(self, document: RawDocument) -> None:
        """Writes what the document has for the mapping, and tells the document's own job."""
        job, services = self._job, self._services
        done, waiting = Counts(), 0
        named = self._named[document.job_id]
        async with replayed(document, job, services, key=self._key, named=named) as (to, batches):
            writer = Writer(to)
            async for batch in batches:
                waiting += map_accounts(batch).waiting
                done = done.plus(await self._write(writer, batch))
                await services.tell(job)
        async with services.database.as_(services.scope(job)) as tx:
            await self._keep_waits(tx, document, done.waiting)
            await ledger.derived(
                tx, tenant_id=job.tenant_id, job_id=document.job_id, counts=done, waiting=waiting
            )
        await services.events.publish(job.tenant_id, "job", document.job_id)

    async def _keep_waits(self, tx: Tx, document: RawDocument, waiting: int) -> None:
        job, mapping_id = self._job, self._mapping_id
        await placement.clear_waits(tx, job, job_id=document.job_id, mapping_id=mapping_id)
        waits = {mapping_id: waiting} if waiting else {}
        await placement.add_waits(tx, job, job_id=document.job_id, waits=waits)

    async def _write(self, writer: Writer, whole: Batch) -> Counts:
        job, services = self._job, self._services
        batch = only(whole, {self._mapping_id})
        self.rows += len(whole.entries)
        rate = round(self.rows / max(time.monotonic() - self._started, 0.001))
        async with services.database.as_(services.scope(job)) as tx:
            written, counts = await writer.write(tx, batch)
            await ledger.put_findings(tx, job, start=self._found, findings=written.findings)
            await ledger.renew(tx, job, lease=services.lease, fetched=self.rows)
            # All rows that were read count as dealt with: progress is that of the documents. No
            # checkpoint: a derivation that was cut short begins again.
            told = replace(counts, processed=len(whole.entries), waiting=0)
            await ledger.advance(
                tx, job, lease=services.lease, checkpoint=0, counts=told, rate=rate
            )
        self._found += len(written.findings)
        return counts
