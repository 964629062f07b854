"""Jobs as users start, follow and decide them; workers use `db.ledger`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.jobs import JobKind, JobState
from core.models import ConnectionStatus, Job
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("jobs")

LISTING: Final = Listing(source="app.ingestion_jobs as j", alias="j")
NEWEST: Final = Order(name="jobs", keys=(select.by_instant("j.created_at"), select.by_id("j")))


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs; None asks nothing."""

    connection_id: UUID | None = None
    state: tuple[JobState, ...] | None = None
    kind: tuple[JobKind, ...] | None = None
    batch_id: UUID | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """Work to be done."""

    kind: JobKind
    connection_id: UUID
    upload_id: UUID | None = None
    profile_id: UUID | None = None
    mapping_id: UUID | None = None
    format: str | None = None
    review: bool = False
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Syncable:
    """Which connections are to be synced together; `ids` None: all of those."""

    providers: Sequence[str]
    status: Sequence[ConnectionStatus]
    ids: Sequence[UUID] | None = None


def asked(wanted: JobFilter) -> Asked:
    """Jobs, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Job]:
    """Jobs by id."""
    return await select.by_ids(tx, Job, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def find(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> Job | None:
    """One job."""
    return (await by_ids(tx, tenant_id=tenant_id, ids=[job_id])).get(job_id)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: JobFilter, first: int, after: str | None
) -> Page[Job]:
    """Jobs, newest first."""
    return await select.page(
        tx,
        Job,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def of_connections(
    tx: Tx,
    *,
    tenant_id: UUID,
    connection_ids: Sequence[UUID],
    wanted: JobFilter,
    first: int,
    after: str | None,
) -> Mapping[UUID, Page[Job]]:
    """The jobs of each connection, newest first."""
    return await select.pages(
        tx,
        Job,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="j.connection_id",
        parent_ids=connection_ids,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def create(tx: Tx, *, tenant_id: UUID, new: NewJob, created_by: UUID) -> Job | None:
    """A queued job; None where the idempotency key has one already.

    Raises Forbidden for a connection, upload, profile or mapping that is not the tenant's.
    """
    row = await tx.row(
        _SQL["create"],
        tenant_id,
        new.connection_id,
        new.upload_id,
        new.profile_id,
        new.mapping_id,
        new.kind,
        new.format,
        new.review,
        new.idempotency_key,
        created_by,
    )
    return None if row is None else read(Job, row)


async def by_key(tx: Tx, *, tenant_id: UUID, idempotency_key: str) -> Job | None:
    """The job that a key started."""
    return await _one(tx, "by_key", tenant_id, idempotency_key)


async def of_upload(tx: Tx, *, tenant_id: UUID, upload_id: UUID) -> UUID | None:
    """The job that an upload was given to."""
    job_id = await tx.value(_SQL["of_upload"], tenant_id, upload_id)
    return job_id if isinstance(job_id, UUID) else None


async def queued_derive(tx: Tx, *, tenant_id: UUID, mapping_id: UUID) -> Job | None:
    """The job that will derive a mapping's rows, if one waits."""
    return await _one(tx, "queued_derive", tenant_id, mapping_id)


async def approve(tx: Tx, *, tenant_id: UUID, job_id: UUID, approved_by: UUID) -> Job | None:
    """The job, queued to be written; None unless it awaited its review."""
    return await _one(tx, "approve", tenant_id, job_id, approved_by)


async def discard(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> Job | None:
    """The job, discarded; None unless it awaited its review."""
    return await _one(tx, "discard", tenant_id, job_id)


async def cancel(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> Job | None:
    """The job, cancelled; None unless it was queued to be run."""
    return await _one(tx, "cancel", tenant_id, job_id)


async def request_sync(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, created_by: UUID
) -> Job | None:
    """A sync that waits to be run: a new one, or the one that waits already.

    None where that one has been taken meanwhile. Raises Forbidden for a foreign connection.
    """
    made = await _one(tx, "request_sync", tenant_id, connection_id, created_by)
    return made or await _one(tx, "queued_sync", tenant_id, connection_id)


async def request_syncs(
    tx: Tx,
    *,
    tenant_id: UUID,
    wanted: Syncable,
    created_by: UUID,
    batch_id: UUID,
    most: int,
) -> Sequence[Job]:
    """Syncs that wait to be run, in one batch: new ones, or those that wait already."""
    rows = await tx.rows(
        _SQL["request_syncs"],
        tenant_id,
        created_by,
        batch_id,
        list(wanted.providers),
        list(wanted.status),
        None if wanted.ids is None else list(wanted.ids),
        most,
    )
    return [read(Job, row) for row in rows]


async def request_cancel(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> Job | None:
    """The running sync, which stops at its next step; None where there is no such."""
    return await _one(tx, "request_cancel", tenant_id, job_id)


async def retry(tx: Tx, *, tenant_id: UUID, job_id: UUID, profile_id: UUID | None) -> Job | None:
    """The job, queued again, with another profile where one is given; None unless it failed or
    was cancelled."""
    return await _one(tx, "retry", tenant_id, job_id, profile_id)


async def revert(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> Job | None:
    """The import, queued to be taken back; None unless it brought rows."""
    return await _one(tx, "revert", tenant_id, job_id)


async def under_way(tx: Tx, *, tenant_id: UUID, connection_id: UUID | None) -> Sequence[Job]:
    """Jobs that have not ended, newest first; 100 at most."""
    rows = await tx.rows(_SQL["under_way"], tenant_id, connection_id)
    return [read(Job, row) for row in rows]


async def changed(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID | None, since: datetime, most: int
) -> tuple[datetime, Mapping[UUID, datetime]]:
    """The database's time of the look, and when jobs changed after an instant, by id; the last
    `most` changes, the latest first."""
    rows = await tx.rows(_SQL["changed"], tenant_id, connection_id, since, most)
    return rows[0]["at"], {row["id"]: row["updated_at"] for row in rows if row["id"]}


async def now(tx: Tx) -> datetime:
    """Now, by the database's clock, with which rows are stamped."""
    found = await tx.value(_SQL["now"])
    assert isinstance(found, datetime)
    return found


async def changed_since(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID | None, since: datetime, most: int
) -> Sequence[Job]:
    """Jobs that changed at an instant or later, in this order; `most` of them."""
    rows = await tx.rows(_SQL["changed_since"], tenant_id, connection_id, since, most)
    return [read(Job, row) for row in rows]


async def latest(tx: Tx, *, tenant_id: UUID, connection_id: UUID | None) -> Job | None:
    """The newest job."""
    return await _one(tx, "latest", tenant_id, connection_id)


async def _one(tx: Tx, name: str, *arguments: object) -> Job | None:
    row = await tx.row(_SQL[name], *arguments)
    return None if row is None else read(Job, row)


def _where(wanted: JobFilter) -> list[Condition]:
    where = []
    if wanted.connection_id is not None:
        where.append(Condition("j.connection_id = {}", (wanted.connection_id,)))
    if wanted.state is not None:
        where.append(Condition("j.state = any({}::text[])", (list(wanted.state),)))
    if wanted.kind is not None:
        where.append(Condition("j.kind = any({}::text[])", (list(wanted.kind),)))
    if wanted.batch_id is not None:
        where.append(Condition("j.batch_id = {}", (wanted.batch_id,)))
    if wanted.created_from is not None:
        where.append(Condition("j.created_at >= {}", (wanted.created_from,)))
    if wanted.created_to is not None:
        where.append(Condition("j.created_at <= {}", (wanted.created_to,)))
    return where
