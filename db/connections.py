"""Connections: where a tenant's data comes from, as users see and change them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.models import Connection, ConnectionStatus, ControlPolicy, Delivery, MappingPolicy
from core.page import Page
from core.syncs import SyncFrequency
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("connections")
_HEALTH_SQL = load("connection_health")

LISTING: Final = Listing(source="app.connections as c", alias="c")
NEWEST: Final = Order(
    name="connections", keys=(select.by_instant("c.created_at"), select.by_id("c"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionFilter:
    """Which connections; None asks nothing."""

    status: tuple[ConnectionStatus, ...] | None = None
    provider: str | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionHealth:
    """How a connection does, by its jobs: the error is of the newest failure since a success."""

    last_job_id: UUID | None
    last_success_at: datetime | None
    consecutive_failures: int  # since the last success, 100 at most
    error_code: str | None
    error_message: str | None
    failed_at: datetime | None
    succeeded: int  # of the last 20 jobs that ended
    settled: int  # how many these are


@dataclass(frozen=True, slots=True, kw_only=True)
class NewConnection:
    """What a connection begins with."""

    name: str
    provider: str
    currency: str | None
    delivery: Delivery
    mapping_policy: MappingPolicy
    control_policy: ControlPolicy
    profile_id: UUID | None
    decimals: Mapping[str, int]
    institution_id: UUID | None
    status: ConnectionStatus = ConnectionStatus.ACTIVE
    sync_frequency: SyncFrequency = SyncFrequency.MANUAL
    auto_import: bool = True
    auto_reconcile: bool = True
    import_pending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionChange:
    """What to change. None leaves a value; a tuple holds the new one, which may be None."""

    name: str | None = None
    delivery: Delivery | None = None
    mapping_policy: MappingPolicy | None = None
    control_policy: ControlPolicy | None = None
    decimals: Mapping[str, int] | None = None
    currency: tuple[str | None] | None = None
    profile_id: tuple[UUID | None] | None = None
    institution_id: tuple[UUID | None] | None = None
    sync: SyncChange | None = None
    auto_import: bool | None = None
    auto_reconcile: bool | None = None
    import_pending: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncChange:
    """What to change of how a connection is synced. None leaves a value."""

    frequency: SyncFrequency | None = None
    accounts: bool | None = None
    transactions: bool | None = None
    investments: bool | None = None
    lookback_days: int | None = None


EVERY: Final = {
    SyncFrequency.REALTIME: timedelta(hours=6),  # a webhook comes sooner
    SyncFrequency.HOURLY: timedelta(hours=1),
    SyncFrequency.DAILY: timedelta(days=1),
    SyncFrequency.WEEKLY: timedelta(weeks=1),
}


def asked(wanted: ConnectionFilter) -> Asked:
    """Connections, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Connection]:
    """Connections by id."""
    return await select.by_ids(tx, Connection, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def find(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> Connection | None:
    """One connection."""
    return (await by_ids(tx, tenant_id=tenant_id, ids=[connection_id])).get(connection_id)


async def changed(
    tx: Tx, *, tenant_id: UUID, since: datetime, most: int
) -> tuple[datetime, Mapping[UUID, datetime]]:
    """The database's time of the look, and when connections changed after an instant, by id; the
    last `most` changes, latest first."""
    rows = await tx.rows(_SQL["changed"], tenant_id, since, most)
    return rows[0]["at"], {row["id"]: row["updated_at"] for row in rows if row["id"]}


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: ConnectionFilter, first: int, after: str | None
) -> Page[Connection]:
    """Connections, newest first."""
    return await select.page(
        tx,
        Connection,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def health(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, ConnectionHealth]:
    """How each connection does."""
    rows = await tx.rows(_HEALTH_SQL["of_connections"], tenant_id, list(ids))
    return {row["id"]: read(ConnectionHealth, row) for row in rows}


async def create(tx: Tx, *, tenant_id: UUID, new: NewConnection, created_by: UUID) -> UUID:
    """A new connection's id. Raises Forbidden for a profile that is not the tenant's."""
    connection_id = await tx.value(
        _SQL["create"],
        tenant_id,
        new.name,
        new.provider,
        new.currency,
        new.delivery,
        new.mapping_policy,
        new.control_policy,
        new.profile_id,
        dict(new.decimals),
        new.institution_id,
        created_by,
        new.status,
        new.sync_frequency,
        new.auto_import,
        new.auto_reconcile,
        new.import_pending,
    )
    assert isinstance(connection_id, UUID)
    return connection_id


async def update(tx: Tx, *, tenant_id: UUID, connection_id: UUID, change: ConnectionChange) -> bool:
    """Whether there was such a connection to change."""
    flags: list[object] = []
    for clearable in (change.currency, change.profile_id, change.institution_id):
        flags += [clearable is not None, None if clearable is None else clearable[0]]
    sync = change.sync or SyncChange()
    touched = await tx.run(
        _SQL["update"],
        tenant_id,
        connection_id,
        change.name,
        change.delivery,
        change.mapping_policy,
        change.control_policy,
        None if change.decimals is None else dict(change.decimals),
        *flags,
        sync.frequency,
        sync.accounts,
        sync.transactions,
        sync.investments,
        sync.lookback_days,
        None if sync.frequency is None else EVERY.get(sync.frequency),
        change.auto_import,
        change.auto_reconcile,
        change.import_pending,
    )
    return touched > 0


async def set_status(
    tx: Tx,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    status: ConnectionStatus,
    only_from: Collection[ConnectionStatus],
) -> bool:
    """Whether a connection in one of the states `only_from` was there to change."""
    touched = await tx.run(
        _SQL["set_status"], tenant_id, connection_id, status, [one.value for one in only_from]
    )
    return touched > 0


async def feeding(
    tx: Tx, *, tenant_id: UUID, account_id: UUID, providers: Sequence[str]
) -> UUID | None:
    """The connection to one of the providers that delivers an account; None: there is none."""
    found = await tx.value(_SQL["feeding"], tenant_id, account_id, list(providers))
    return found if isinstance(found, UUID) else None


def _where(wanted: ConnectionFilter) -> list[Condition]:
    where = []
    if wanted.status is not None:
        where.append(Condition("c.status = any({}::text[])", (list(wanted.status),)))
    if wanted.provider is not None:
        where.append(Condition("c.provider = {}", (wanted.provider,)))
    if wanted.text is not None:
        where.append(Condition("c.name ilike {}", (select.containing(wanted.text),)))
    return where
