"""Syncs: asked for by members, one waiting for each connection at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from core.models import Connection, ConnectionStatus, Job, Role
from db import audit
from db import connections as stored
from db import jobs as stored_jobs
from db.session import Tx
from resolvers.context import Context
from resolvers.jobs import announce, announce_all
from resolvers.providers import Capability, capabilities_of, syncable
from resolvers.refusing import conflict, missing, refusable, require

ALL_MAX: Final = 1_000  # connections that one request syncs
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


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncBatch:
    """Syncs that were asked for together."""

    id: UUID
    count: int


@refusable
async def sync_all(context: Context) -> SyncBatch:
    """A job for each connection that can be synced now, for the newest thousand at most."""
    batch_id = uuid4()
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        jobs = await stored_jobs.request_syncs(
            tx,
            tenant_id=context.tenant,
            providers=syncable(),
            created_by=context.user_id,
            batch_id=batch_id,
            most=ALL_MAX,
        )
        await audit.record_jobs(tx, "connection.sync", jobs)
    await announce_all(context, jobs)
    return SyncBatch(id=batch_id, count=len(jobs))


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
    able = capabilities_of(connection.provider)
    if Capability.IMPORT in able:
        raise conflict("Statement files are uploaded; there is nothing to ask.", "id")
    if Capability.SYNC not in able:
        raise conflict("Its provider is no longer known here. Ask the operator.", "id")
    if connection.status not in SYNCABLE:
        remedy = {
            ConnectionStatus.PENDING: "Link it first.",
            ConnectionStatus.PAUSED: "Resume it first.",
            ConnectionStatus.REAUTH: "Connect it again first.",
        }.get(connection.status, "Link it anew.")
        raise conflict(f"The connection is {connection.status.name}. {remedy}", "id")
