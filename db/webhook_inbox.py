"""The inbox of webhooks: events as they came, before and until their tenant has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.scope import WebhookScope
from core.webhooks import Unrouted
from db.queries import load
from db.rows import read
from db.session import Database, Tx

_SQL = load("webhook_inbox")

SCOPE: Final = WebhookScope()
RECEIVE_TIMEOUT_S: Final = 4  # a provider waits for the answer, ten seconds or less


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedEndpoint:
    """An endpoint that takes events, with the secrets that they may be signed with."""

    id: UUID
    provider: str
    tenant_id: UUID | None  # None: the operator's own
    sealed_secret: bytes | None = field(repr=False)
    sealed_previous: bytes | None = field(repr=False)
    previous_until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """A verified event to be kept."""

    endpoint_id: UUID
    headers: Mapping[str, str] = field(repr=False)
    key: str
    type: str
    environment: str
    item: str | None
    at: datetime | None
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """An event of the inbox that a worker has for a while."""

    id: UUID
    provider: str
    environment: str
    item: str | None
    dedupe_key: str
    type: str
    event_at: datetime | None
    received_at: datetime
    body: bytes = field(repr=False)
    attempts: int
    fence: int  # who has another one has the event no more
    tenant_id: UUID | None  # None: nobody linked what the provider means
    connection_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Events of a provider in one state; `waits` is how long the oldest of them is due."""

    provider: str
    state: str
    events: int
    waits: timedelta | None  # None: none of them is to be tried


async def endpoint(database: Database, *, token_hash: bytes) -> SealedEndpoint | None:
    """The endpoint of a token; None where there is none that takes events."""
    async with database.as_(SCOPE, timeout_s=RECEIVE_TIMEOUT_S) as tx:
        row = await tx.row(_SQL["endpoint"], token_hash)
    return None if row is None else read(SealedEndpoint, row)


async def receive(database: Database, events: Sequence[NewEvent]) -> set[tuple[UUID, str]]:
    """Keeps events, all or none, and tells which were new by endpoint and key. They are safe."""
    async with database.as_(SCOPE, timeout_s=RECEIVE_TIMEOUT_S) as tx:
        rows = await tx.rows(
            _SQL["receive"],
            [event.endpoint_id for event in events],
            [dict(event.headers) for event in events],
            [event.key for event in events],
            [event.type for event in events],
            [event.environment for event in events],
            [event.item for event in events],
            [event.at for event in events],
            [event.body for event in events],
        )
    return {(row["endpoint_id"], row["dedupe_key"]) for row in rows}


async def claim(database: Database, *, most: int, lease: timedelta) -> list[Claimed]:
    """Events that are due, which no other worker gets until the lease is over."""
    async with database.as_(SCOPE) as tx:
        rows = await tx.rows(_SQL["claim"], most, lease)
    return [read(Claimed, row) for row in rows]


async def settle(
    database: Database,
    event: Claimed,
    outcome: Unrouted,
    *,
    delay: timedelta | None = None,
    error_code: str | None = None,
) -> bool:
    """Ends an attempt; None for a delay: it is not tried again. False: the lease was over."""
    async with database.as_(SCOPE) as tx:
        return bool(
            await tx.value(_SQL["settle"], event.id, event.fence, outcome, delay, error_code)
        )


async def hand_over(tx: Tx, event: Claimed) -> bool:
    """Notes that the worker's tenant has the event now. False: the lease was over."""
    return bool(await tx.value(_SQL["hand_over"], event.id, event.fence))


async def route(tx: Tx, *, provider: str, environment: str, item: str) -> tuple[UUID, UUID] | None:
    """Tenant and connection that a provider means; None: nobody linked it."""
    row = await tx.row(_SQL["route"], provider, environment, item)
    return None if row is None else (row["tenant_id"], row["connection_id"])


async def put_route(
    tx: Tx, *, connection_id: UUID, provider: str, item: str, environment: str = ""
) -> bool:
    """Sends events to a connection of the worker's tenant, earlier ones too.

    False: another tenant has them.
    """
    return bool(await tx.value(_SQL["put_route"], connection_id, provider, environment, item))


async def remove_routes(tx: Tx, *, connection_id: UUID) -> int:
    """Sends no more events to a connection; returns how many names it had."""
    count = await tx.value(_SQL["remove_routes"], connection_id)
    assert isinstance(count, int)
    return count


async def prune(database: Database, *, age: timedelta, most: int) -> int:
    """Forgets settled events of this age, the tenants' too; returns how many."""
    async with database.as_(SCOPE) as tx:
        count = await tx.value(_SQL["prune"], age, most)
    assert isinstance(count, int)
    return count


async def meters(database: Database) -> list[Meter]:
    """How many events of the last hour are in which state."""
    async with database.as_(SCOPE, read_only=True) as tx:
        rows = await tx.rows(_SQL["meters"])
    return [read(Meter, row) for row in rows]
