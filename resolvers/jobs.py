"""Ingestion jobs: how far they are, what they found, and what a member makes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final
from uuid import UUID

from core.jobs import JobKind, JobState
from core.models import Job, JobFinding, Outcome, PreviewRow, RawDocument, Role
from core.page import Page
from core.records import Severity
from db import audit, profiles, reports
from db import jobs as stored
from db.jobs import JobFilter
from db.session import Tx
from resolvers.context import Context
from resolvers.refusing import conflict, missing, refusable, require

ANNOUNCED_AT_ONCE: Final = 20


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Job]:
    """Jobs by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(context: Context, *, wanted: JobFilter, first: int, after: str | None) -> Page[Job]:
    """Jobs, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def of_connections(
    context: Context, ids: Sequence[UUID], *, wanted: JobFilter, first: int, after: str | None
) -> Mapping[UUID, Page[Job]]:
    """The jobs of each connection, newest first."""
    async with context.read() as tx:
        return await stored.of_connections(
            tx,
            tenant_id=context.tenant,
            connection_ids=ids,
            wanted=wanted,
            first=first,
            after=after,
        )


async def findings(
    context: Context,
    ids: Sequence[UUID],
    *,
    severity: Severity | None,
    first: int,
    after: str | None,
) -> Mapping[UUID, Page[JobFinding]]:
    """The findings of each job, in the order of its document."""
    async with context.read() as tx:
        return await reports.findings(
            tx, tenant_id=context.tenant, job_ids=ids, severity=severity, first=first, after=after
        )


async def previews(
    context: Context,
    ids: Sequence[UUID],
    *,
    outcome: Outcome | None,
    first: int,
    after: str | None,
) -> Mapping[UUID, Page[PreviewRow]]:
    """What each job under review would do, row by row."""
    async with context.read() as tx:
        return await reports.previews(
            tx, tenant_id=context.tenant, job_ids=ids, outcome=outcome, first=first, after=after
        )


async def documents(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, RawDocument]:
    """Raw documents by id."""
    async with context.read() as tx:
        return await reports.documents(tx, tenant_id=context.tenant, ids=ids)


def progress(job: Job) -> float | None:
    """How much of the document is dealt with, 0 to 1; None until it is scanned."""
    if job.total is None:
        return None
    return 1.0 if job.total == 0 else min(job.processed / job.total, 1.0)


def retryable(job: Job) -> bool:
    """Whether a retry would be taken."""
    return job.state in (JobState.FAILED, JobState.CANCELLED)


@refusable
async def approve(context: Context, *, job_id: UUID) -> Job:
    """The reviewed job, queued to be written."""

    async def change(tx: Tx) -> Job | None:
        return await stored.approve(
            tx, tenant_id=context.tenant, job_id=job_id, approved_by=context.user_id
        )

    return await _decide(context, job_id, change, event="job.approved", verb="approved")


@refusable
async def discard(context: Context, *, job_id: UUID) -> Job:
    """The reviewed job, discarded: nothing of it is written."""

    async def change(tx: Tx) -> Job | None:
        return await stored.discard(tx, tenant_id=context.tenant, job_id=job_id)

    return await _decide(context, job_id, change, event="job.discarded", verb="discarded")


@refusable
async def cancel(context: Context, *, job_id: UUID) -> Job:
    """The queued job, cancelled before it ran, or the running sync, which stops soon."""

    async def change(tx: Tx) -> Job | None:
        cancelled = await stored.cancel(tx, tenant_id=context.tenant, job_id=job_id)
        if cancelled is not None:
            return cancelled
        return await stored.request_cancel(tx, tenant_id=context.tenant, job_id=job_id)

    return await _decide(context, job_id, change, event="job.cancelled", verb="cancelled")


@refusable
async def retry(context: Context, *, job_id: UUID, profile_id: UUID | None) -> Job:
    """The failed or cancelled job, queued again; with another profile where one is given."""

    async def change(tx: Tx) -> Job | None:
        if profile_id is not None and not await profiles.by_ids(
            tx, tenant_id=context.tenant, ids=[profile_id]
        ):
            raise missing("statement profile", "profileId")
        return await stored.retry(
            tx, tenant_id=context.tenant, job_id=job_id, profile_id=profile_id
        )

    return await _decide(context, job_id, change, event="job.retried", verb="retried")


@refusable
async def revert(context: Context, *, job_id: UUID) -> Job:
    """The import, queued to be taken back."""

    async def change(tx: Tx) -> Job | None:
        return await stored.revert(tx, tenant_id=context.tenant, job_id=job_id)

    return await _decide(context, job_id, change, event="job.reverted", verb="reverted")


async def announce(context: Context, job: Job) -> Job:
    """Wakes a worker for the job and tells who listens; after the commit."""
    if job.state is JobState.QUEUED:
        await context.services.queue.wake(context.tenant, job.id)
    await context.services.events.publish(context.tenant, "job", job.id)
    return job


async def announce_all(context: Context, jobs: Sequence[Job]) -> None:
    """As `announce`, many at a time: as many jobs as there are would take as many round trips."""
    waiting = iter(jobs)

    async def take_turns() -> None:
        for job in waiting:
            await announce(context, job)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(min(ANNOUNCED_AT_ONCE, len(jobs))):
            tasks.create_task(take_turns())


async def _decide(
    context: Context,
    job_id: UUID,
    change: Callable[[Tx], Awaitable[Job | None]],
    *,
    event: str,
    verb: str,
) -> Job:
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        job = await change(tx)
        if job is None:
            current = await stored.find(tx, tenant_id=context.tenant, job_id=job_id)
            if current is None:
                raise missing("ingestion job", "id")
            raise conflict(_why_not(current, verb), "id")
        await audit.record(tx, event, connection_id=job.connection_id, job_id=job.id)
    return await announce(context, job)


def _why_not(job: Job, verb: str) -> str:
    if verb == "reverted" and job.kind is not JobKind.IMPORT:
        return "Only an import can be reverted."
    return f"A job that is {job.state.name} cannot be {verb}."
