"""Syncs as workers run them: the cursor, the pages that count, and how the connection does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from core.errors import LeaseLost
from core.jobs import JobTrigger
from core.models import ConnectionStatus, Job
from core.provider_error import ProviderError
from core.scope import WorkerScope
from core.syncs import SyncFrequency, SyncPhase
from db.queries import load
from db.rows import read
from db.session import Database, Tx

_SQL = load("syncs")


async def cursor(tx: Tx, job: Job) -> str | None:
    """Where the connection's next sync goes on; None: at the beginning."""
    found = await tx.value(_SQL["cursor"], job.tenant_id, job.connection_id)
    return None if found is None else str(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """Days from `since` on have changed, as was noted at an instant."""

    since: date
    at: datetime


async def changed(tx: Tx, job: Job) -> Changed | None:
    """Which days the provider says have changed since the last sync; None: it named none."""
    row = await tx.row(_SQL["changed"], job.tenant_id, job.connection_id)
    return None if row is None else read(Changed, row)


async def note_changed(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, since: date, at: datetime
) -> None:
    """Notes that days have changed, for the next sync to read them."""
    await tx.run(_SQL["note_changed"], tenant_id, connection_id, since, at)


async def changes_read(tx: Tx, job: Job, changed: Changed) -> None:
    """Notes that a sync has read them; what was noted since then stays."""
    await tx.run(_SQL["changes_read"], job.tenant_id, job.connection_id, changed.at)


async def put_cursor(tx: Tx, job: Job, cursor: str | None) -> None:
    """Keeps where the next sync goes on."""
    await tx.run(_SQL["put_cursor"], job.tenant_id, job.connection_id, job.id, cursor)


async def apply_pages(tx: Tx, job: Job, ids: Sequence[UUID]) -> None:
    """Notes that pages of the job count from now on."""
    await tx.run(_SQL["apply_pages"], job.tenant_id, job.id, list(ids))


async def begin(tx: Tx, job: Job, *, provider: str, phase: SyncPhase, lease: timedelta) -> None:
    """Notes how the job's pages are read and what it is for. Raises LeaseLost."""
    touched = await tx.run(_SQL["begin"], job.tenant_id, job.id, job.fence, provider, phase, lease)
    if touched == 0:
        raise LeaseLost("another worker has the job")


async def hold(tx: Tx, job: Job, *, lease: timedelta, fetched: int) -> bool:
    """Keeps the lease and counts elements; whether somebody asked to stop. Raises LeaseLost."""
    row = await tx.row(_SQL["hold"], job.tenant_id, job.id, job.fence, lease, fetched)
    if row is None:
        raise LeaseLost("another worker has the job")
    return bool(row["is_over"])


async def reached(
    tx: Tx,
    job: Job,
    *,
    phase: SyncPhase,
    progress: int | None,
    initial_at: datetime | None,
    history_at: datetime | None,
) -> None:
    """Notes how far the connection's history is."""
    await tx.run(
        _SQL["reached"],
        job.tenant_id,
        job.connection_id,
        phase,
        progress,
        initial_at,
        history_at,
    )


async def succeeded(tx: Tx, job: Job, *, at: datetime, next_sync_at: datetime | None) -> None:
    """Notes that the connection delivered, and when it is asked again."""
    await tx.run(_SQL["succeeded"], job.tenant_id, job.connection_id, at, next_sync_at)


async def failed(
    tx: Tx,
    job: Job,
    *,
    error: ProviderError,
    status: ConnectionStatus,
    retry_at: datetime | None,
    attention: bool,
) -> None:
    """Notes why the connection does not deliver; counts the failure."""
    await tx.run(
        _SQL["failed"],
        job.tenant_id,
        job.connection_id,
        status,
        error.code,
        error.kind,
        error.message,
        error.next_step,
        retry_at,
        attention,
    )


async def waited(tx: Tx, job: Job) -> timedelta:
    """How long ago somebody or the provider last asked for a sync of the connection."""
    found = await tx.value(_SQL["waited"], job.tenant_id, job.connection_id)
    assert isinstance(found, timedelta)
    return found


async def failures(tx: Tx, job: Job) -> int:
    """How many syncs of the connection have failed since one succeeded."""
    count = await tx.value(_SQL["failures"], job.tenant_id, job.connection_id)
    assert isinstance(count, int)
    return count


async def request(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, trigger: JobTrigger
) -> UUID | None:
    """The job of a new sync, or of one that waits and was scheduled; None where another waits."""
    found = await tx.value(_SQL["request"], tenant_id, connection_id, trigger)
    return found if isinstance(found, UUID) else None


async def give_way(tx: Tx, job: Job, *, delay: timedelta) -> bool:
    """Whether another sync of the connection waits, and does so after the delay at the soonest."""
    found = await tx.value(_SQL["give_way"], job.tenant_id, job.connection_id, job.id, delay)
    return found is not None


async def due_connections(database: Database, *, most: int) -> list[tuple[UUID, UUID]]:
    """Tenant and connection ids of what is to be synced now, one of each tenant first."""
    async with database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        rows = await tx.rows(_SQL["due_connections"], most)
    return [(row["tenant_id"], row["connection_id"]) for row in rows]


async def take(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, now: datetime
) -> SyncFrequency | None:
    """How often a connection that is due is synced; None where it is not, or somebody has it."""
    row = await tx.row(_SQL["take"], tenant_id, connection_id, now)
    return None if row is None or not row["is_due"] else SyncFrequency(row["sync_frequency"])


async def postpone(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, next_sync_at: datetime | None
) -> None:
    """Sets when the connection is synced next."""
    await tx.run(_SQL["postpone"], tenant_id, connection_id, next_sync_at)
