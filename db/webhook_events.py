"""Events of webhooks as their tenant has them: sealed, tried again, replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.page import Page
from core.scope import WorkerScope
from core.webhooks import WebhookEvent, WebhookState
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Database, Tx
from db.webhook_inbox import Claimed

_SQL = load("webhook_events")

LISTING: Final = Listing(source="app.webhook_events as w", alias="w")
NEWEST: Final = Order(name="webhooks", keys=(select.by_instant("w.received_at"), select.by_id("w")))


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEventFilter:
    """Which events; None asks nothing."""

    connection_id: UUID | None = None
    provider: str | None = None
    type: str | None = None
    state: tuple[WebhookState, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How an attempt ended; `delay` until the next one, None: there is none."""

    state: WebhookState
    delay: timedelta | None = None
    error_code: str | None = None
    processed_at: datetime | None = None  # None: it was not


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldEvent:
    """An event that a worker has for a while, as it was sealed."""

    id: UUID
    connection_id: UUID
    provider: str
    type: str
    dedupe_key: str
    environment: str
    item: str | None
    sealed: bytes = field(repr=False)
    attempts: int
    fence: int  # who has another one has the event no more
    event_at: datetime | None
    received_at: datetime


async def put(tx: Tx, event: Claimed, *, sealed: bytes, ending: Ending) -> None:
    """Gives the worker's tenant an event, with how its first attempt ended.

    Raises Conflict where the tenant has it already.
    """
    await tx.run(
        _SQL["put"],
        event.tenant_id,
        event.id,
        event.connection_id,
        event.provider,
        event.type,
        event.dedupe_key,
        event.environment,
        event.item,
        sealed,
        ending.state,
        event.attempts,
        ending.delay,
        ending.error_code,
        event.event_at,
        event.received_at,
        ending.processed_at,
    )


async def due(database: Database, *, most: int) -> list[tuple[UUID, UUID]]:
    """Tenant and event ids of what is to be processed again, one of each tenant first."""
    async with database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        rows = await tx.rows(_SQL["due"], most)
    return [(row["tenant_id"], row["event_id"]) for row in rows]


async def claim(
    database: Database, *, tenant_id: UUID, event_id: UUID, lease: timedelta
) -> HeldEvent | None:
    """The event, which no other worker gets until the lease is over; None: it is not due."""
    async with database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
        row = await tx.row(_SQL["claim"], tenant_id, event_id, lease)
    return None if row is None else read(HeldEvent, row)


async def settle(tx: Tx, event: HeldEvent, *, tenant_id: UUID, ending: Ending) -> bool:
    """Ends an attempt. False: the lease was over, and another worker has the event."""
    touched = await tx.run(
        _SQL["settle"],
        tenant_id,
        event.id,
        event.fence,
        ending.state,
        ending.delay,
        ending.error_code,
        ending.processed_at,
    )
    return touched > 0


async def replay(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> int:
    """Has settled and failed events processed again; returns how many of these there were."""
    return await tx.run(_SQL["replay"], tenant_id, list(ids))


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, WebhookEvent]:
    """Events by id; row-level security shows them to admins alone."""
    return await select.by_ids(tx, WebhookEvent, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: WebhookEventFilter, first: int, after: str | None
) -> Page[WebhookEvent]:
    """Events, newest first; row-level security shows them to admins alone."""
    return await select.page(
        tx,
        WebhookEvent,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


def asked(wanted: WebhookEventFilter) -> Asked:
    """Events, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


def _where(wanted: WebhookEventFilter) -> list[Condition]:
    tests = [
        ("w.connection_id = {}", wanted.connection_id),
        ("w.provider = {}", wanted.provider),
        ("w.type = {}", wanted.type),
    ]
    found = [Condition(sql, (value,)) for sql, value in tests if value is not None]
    if wanted.state is not None:
        states = [state.value for state in wanted.state]
        found.append(Condition("w.state = any({}::text[])", (states,)))
    return found
