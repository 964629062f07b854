"""Replay: what a kept document said, read again as its own import read it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from core.models import Job, RawDocument
from core.vault import DataKey
from db import ledger, raw
from pipeline.batch import Batch, Target
from pipeline.document import again, opened
from pipeline.flow import Flow, flowing
from pipeline.mentions import mentioned
from pipeline.services import Services
from pipeline.write import Destination, Writer, resolve


class Replayed(NamedTuple):
    """Where the rows of a replayed document go, and its batches, without findings.

    What its own import found is on record; each batch knows the targets as they are now.
    """

    to: Destination
    batches: AsyncIterator[Batch]


@asynccontextmanager
async def replayed(
    document: RawDocument,
    job: Job,
    services: Services,
    *,
    key: DataKey,
    named: set[UUID] | None = None,
) -> AsyncIterator[Replayed]:
    """A document's batches again, for a job that may be another than the one that brought it.

    `named` are the mappings that other pages of its response have named; its own are added.
    """
    async with services.database.as_(services.scope(job), read_only=True) as tx:
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=document.connection_id
        )
        format_name, kept = await raw.read_with(tx, tenant_id=job.tenant_id, job_id=document.job_id)
    reading = again(format_name, kept, document_name=document.name)
    to = Destination(
        job=job,
        connection=connection,
        document=document,
        key=key,
        lease=services.lease,
        stable=reading.stable,
        named=set() if named is None else named,
    )
    async with (
        opened(
            document,
            scope=services.scope(job),
            database=services.database,
            blobs=services.blobs,
            key=key,
        ) as file,
        flowing(
            file,
            reading,
            received=document.received_at.date(),
            size=services.batch_records,
            pending=connection.import_pending,
        ) as batches,
    ):
        yield Replayed(to, _addressed(batches, to, services))


async def replay_newer(
    job: Job, services: Services, *, than: RawDocument, mappings: Collection[UUID], key: DataKey
) -> None:
    """Reads again what came after a document that is written late, for the mappings it names.

    A withdrawal spares what newer documents brought, but not what they only confirmed, and what is
    merged last wins: so all of them have their say again, in the order in which they came. May be
    repeated after a crash.
    """
    async with services.database.as_(services.scope(job)) as tx:
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        documents = await raw.newer(
            tx, tenant_id=job.tenant_id, lineage_id=connection.lineage_id, than=than
        )
        await ledger.rewind_newer(tx, job, lineage_id=connection.lineage_id, than=than)
    for document in documents:
        await rewrite(document, job, services, mappings=mappings, key=key)


async def rewrite(
    document: RawDocument,
    job: Job,
    services: Services,
    *,
    mappings: Collection[UUID] | None,
    key: DataKey,
) -> None:
    """Writes again what a document said, of some mappings or of all; nothing is counted."""
    async with replayed(document, job, services, key=key) as (to, batches):
        writer = Writer(to)
        async for whole in batches:
            batch = whole if mappings is None else only(whole, mappings)
            if not _says_something(batch):
                continue
            async with services.database.as_(services.scope(job)) as tx:
                await writer.write(tx, batch)
                await ledger.renew(tx, job, lease=services.lease)


def only(batch: Batch, mappings: Collection[UUID]) -> Batch:
    """The part of a batch that belongs to some mappings; everything else is left alone."""
    keys = {key for key, target in batch.targets.items() if target.mapping_id in mappings}
    return replace(
        batch,
        withdrawals=tuple(one for one in batch.withdrawals if one.account in keys),
        removals=tuple(one for one in batch.removals if one.account in keys),
        successions=tuple(one for one in batch.successions if one.account in keys),
        balances=tuple(one for one in batch.balances if one.account in keys),
        holdings=tuple(one for one in batch.holdings if one.account in keys),
        portfolios=tuple(one for one in batch.portfolios if one.account in keys),
        proofs=tuple(one for one in batch.proofs if one.account in keys),
        entries=tuple(one for one in batch.entries if one.record.account in keys),
    )


def _says_something(batch: Batch) -> bool:
    return bool(
        batch.entries
        or batch.withdrawals
        or batch.removals
        or batch.successions
        or batch.balances
        or batch.holdings
        or batch.portfolios
        or batch.proofs
    )


async def _addressed(batches: Flow, to: Destination, services: Services) -> AsyncIterator[Batch]:
    targets: dict[str, Target] = {}
    async for batch in batches:
        batches.read_on()
        if batch.accounts:
            async with services.database.as_(services.scope(to.job)) as tx:
                targets |= await resolve(tx, to, batch.accounts, may_open=False)
        if batch.removals:
            async with services.database.as_(services.scope(to.job), read_only=True) as tx:
                targets |= await mentioned(tx, to, batch.removals, targets)
        yield replace(batch, targets=targets, findings=())
