"""Syncs: asked for by members, one waiting for each connection at most."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID, uuid4

from core.models import Connection, ConnectionStatus, Job, Role
from db import audit, credentials
from db import connections as stored
from db import jobs as stored_jobs
from db.jobs import Syncable
from db.session import Tx
from pipeline.access_tokens import MARGIN
from providers.pickup.registry import is_source
from resolvers.context import Context
from resolvers.jobs import announce, announce_all
from resolvers.providers import Capability, able, capabilities_of
from resolvers.refusing import conflict, missing, refusable, require

ALL_MAX: Final = 1_000  # connections that one request syncs
SYNCABLE: Final = (ConnectionStatus.ACTIVE, ConnectionStatus.ERROR)
RENEWABLE: Final = (*SYNCABLE, ConnectionStatus.REAUTH)


@refusable
async def sync(context: Context, *, connection_id: UUID) -> Job:
    """The job of a sync: a new one, or the one that waits already."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        connection = await stored.find(tx, tenant_id=context.tenant, connection_id=connection_id)
        if connection is None:
            raise missing("connection", "id")
        _check(connection)
        job = await request(tx, context, connection_id)
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
    wanted = Syncable(providers=able(Capability.SYNC), status=SYNCABLE)
    return await _together(context, wanted, role=Role.MEMBER, event="connection.sync")


@refusable
async def renew_all(context: Context) -> SyncBatch:
    """A job for each connection whose access token is over: it renews the token, and syncs.

    Those that wait for a person are tried too: what ended their grants may be over as well. Workers
    renew, one at a time for each connection, for a renewal that is cut off may cost the grant.
    """
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
    async with context.as_worker() as tx:
        ids = await credentials.ended(
            tx, tenant_id=context.tenant, before=context.services.clock() + MARGIN, most=ALL_MAX
        )
    wanted = Syncable(providers=able(Capability.RENEW), status=RENEWABLE, ids=ids)
    return await _together(context, wanted, role=Role.ADMIN, event="connection.renew")


async def _together(context: Context, wanted: Syncable, *, role: Role, event: str) -> SyncBatch:
    batch_id = uuid4()
    async with context.write() as tx:
        await require(tx, context, role)
        jobs = await stored_jobs.request_syncs(
            tx,
            tenant_id=context.tenant,
            wanted=wanted,
            created_by=context.user_id,
            batch_id=batch_id,
            most=ALL_MAX,
        )
        await audit.record_jobs(tx, event, jobs)
    await announce_all(context, jobs)
    return SyncBatch(id=batch_id, count=len(jobs))


async def request(tx: Tx, context: Context, connection_id: UUID) -> Job | None:
    """The sync that waits; None where one was taken just now, which reads what is new."""
    job = await stored_jobs.request_sync(
        tx, tenant_id=context.tenant, connection_id=connection_id, created_by=context.user_id
    )
    if job is None:
        return None
    await audit.record(tx, "connection.sync", connection_id=connection_id, job_id=job.id)
    return job


def _check(connection: Connection) -> None:
    capabilities = capabilities_of(connection.provider)
    if Capability.IMPORT in capabilities:
        raise conflict("Statement files are uploaded; there is nothing to ask.", "id")
    if Capability.SYNC not in capabilities:
        raise conflict("Its provider is no longer known here. Ask the operator.", "id")
    if connection.status not in SYNCABLE:
        remedy = {
            ConnectionStatus.PENDING: "Confirm the server's key first."
            if is_source(connection.provider)
            else "Link it first.",
            ConnectionStatus.PAUSED: "Resume it first.",
            ConnectionStatus.REAUTH: "Test it, and set what is wrong."
            if is_source(connection.provider)
            else "Connect it again first.",
        }.get(connection.status, "Link it anew.")
        raise conflict(f"The connection is {connection.status.name}. {remedy}", "id")
