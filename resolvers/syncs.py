"""Syncs: asked for by members, one waiting for each connection at most."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from core.models import Connection, ConnectionStatus, Job, Role
from db import audit
from db import connections as stored
from db import jobs as stored_jobs
from db.connections import ConnectionFilter
from db.session import Tx
from resolvers.context import Context
from resolvers.jobs import announce
from resolvers.refusing import conflict, missing, refusable, require

ALL_MAX: Final = 1_000  # connections that one request syncs
FILE: Final = "file"
SYNCABLE: Final = (ConnectionStatus.ACTIVE, ConnectionStatus.ERROR)


@refusable
async def sync(context: Context, *, connection_id: UUID) -> Job:
    """The job of a sync: a new one, or the one that waits already."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        connection = await stored.find(tx, tenant_id=context.tenant, connection_id=connection_id)
        if connection is None:
            raise missing("connection", "id")
        _check(connection)
        job = await _requested(tx, context, connection_id)
        if job is None:
            raise conflict("A sync has just begun; ask again to have another after it.", "id")
    return await announce(context, job)


@refusable
async def sync_all(context: Context) -> Sequence[Job]:
    """A job for each connection that can be synced now, a thousand at most, newest first."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        jobs = [
            job
            for connection in await _syncable(tx, context)
            if (job := await _requested(tx, context, connection.id)) is not None
        ]
    for job in jobs:
        await announce(context, job)
    return jobs


async def _syncable(tx: Tx, context: Context) -> list[Connection]:
    found: list[Connection] = []
    after: str | None = None
    while len(found) < ALL_MAX:
        page = await stored.page(
            tx,
            tenant_id=context.tenant,
            wanted=ConnectionFilter(status=SYNCABLE),
            first=100,
            after=after,
        )
        found += [one for one in page.items if one.provider != FILE]
        if not page.has_next:
            break
        after = page.cursors[-1]
    return found[:ALL_MAX]


async def _requested(tx: Tx, context: Context, connection_id: UUID) -> Job | None:
    """The sync that waits; None where one was taken just now, which reads what is new."""
    job = await stored_jobs.request_sync(
        tx, tenant_id=context.tenant, connection_id=connection_id, created_by=context.user_id
    )
    if job is None:
        return None
    await audit.record(tx, "connection.sync", connection_id=connection_id, job_id=job.id)
    return job


def _check(connection: Connection) -> None:
    if connection.provider == FILE:
        raise conflict("Statement files are uploaded; there is nothing to ask.", "id")
    if connection.status not in SYNCABLE:
        remedy = {
            ConnectionStatus.PENDING: "Link it first.",
            ConnectionStatus.PAUSED: "Resume it first.",
            ConnectionStatus.REAUTH: "Connect it again first.",
        }.get(connection.status, "Link it anew.")
        raise conflict(f"The connection is {connection.status.name}. {remedy}", "id")
