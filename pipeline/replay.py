"""Replay: what a kept document said, read again as its own import read it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import NamedTuple

from core.models import Job, RawDocument
from core.vault import DataKey
from db import raw
from pipeline.batch import Batch, Target
from pipeline.document import again, opened
from pipeline.flow import Flow, flowing
from pipeline.services import Services
from pipeline.write import Destination, resolve


class Replayed(NamedTuple):
    """Where the rows of a replayed document go, and its batches, without findings.

    What its own import found is on record; each batch knows the targets as they are now.
    """

    to: Destination
    batches: AsyncIterator[Batch]


@asynccontextmanager
async def replayed(
    document: RawDocument, job: Job, services: Services, *, key: DataKey
) -> AsyncIterator[Replayed]:
    """A document's batches again, for a job that may be another than the one that brought it."""
    async with services.database.as_(services.scope(job), read_only=True) as tx:
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=document.connection_id
        )
        format_name, kept = await raw.read_with(tx, tenant_id=job.tenant_id, job_id=document.job_id)
    to = Destination(
        job=job, connection=connection, document=document, key=key, lease=services.lease
    )
    async with (
        opened(document, tenant_id=job.tenant_id, blobs=services.blobs, key=key) as file,
        flowing(
            file,
            again(format_name, kept),
            received=document.received_at.date(),
            size=services.batch_records,
        ) as batches,
    ):
        yield Replayed(to, _addressed(batches, to, services))


async def _addressed(batches: Flow, to: Destination, services: Services) -> AsyncIterator[Batch]:
    targets: dict[str, Target] = {}
    async for batch in batches:
        batches.read_on()
        if batch.accounts:
            async with services.database.as_(services.scope(to.job)) as tx:
                targets |= await resolve(tx, to, batch.accounts, may_open=False)
        yield replace(batch, targets=targets, findings=())
