"""The audit log: who did what, when. Events hold ids and names of fields, never their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from core.audit import AuditEvent
from core.models import Job
from core.page import Page
from db import select
from db.queries import load
from db.select import Condition, Listing, Order
from db.session import Tx

_SQL = load("audit")

LISTING: Final = Listing(source="app.ingestion_audit_log as l", alias="l")
NEWEST: Final = Order(name="audit", keys=(select.by_instant("l.created_at"), select.by_id("l")))


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which events; None asks nothing."""

    event: str | None = None
    connection_id: UUID | None = None
    job_id: UUID | None = None
    user_id: UUID | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None


async def record(
    tx: Tx,
    event: str,
    *,
    connection_id: UUID | None = None,
    job_id: UUID | None = None,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Writes an event in the caller's name, in the transaction of what it tells of."""
    await tx.run(_SQL["record"], event, connection_id, job_id, dict(data or {}))


async def record_each(tx: Tx, event: str, *, job: Job, data: Sequence[Mapping[str, Any]]) -> None:
    """Writes the same event of each of many things that a job has done."""
    if data:
        each = [dict(one) for one in data]
        await tx.run(_SQL["record_each"], event, job.connection_id, job.id, each)


async def record_jobs(tx: Tx, event: str, jobs: Sequence[Job]) -> None:
    """Writes the same event of each of many jobs."""
    connections = [job.connection_id for job in jobs]
    await tx.run(_SQL["record_jobs"], event, connections, [job.id for job in jobs])


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: AuditFilter, first: int, after: str | None
) -> Page[AuditEvent]:
    """Events, newest first; row-level security shows them to admins alone."""
    return await select.page(
        tx,
        AuditEvent,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, AuditEvent]:
    """Events by id."""
    return await select.by_ids(tx, AuditEvent, listing=LISTING, tenant_id=tenant_id, ids=ids)


def _where(wanted: AuditFilter) -> list[Condition]:
    tests = [
        ("l.connection_id = {}", wanted.connection_id),
        ("l.job_id = {}", wanted.job_id),
        ("l.user_id = {}", wanted.user_id),
        ("l.event = {}", wanted.event),
        ("l.created_at >= {}", wanted.created_from),
        ("l.created_at <= {}", wanted.created_to),
    ]
    return [Condition(sql, (value,)) for sql, value in tests if value is not None]
