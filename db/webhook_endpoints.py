"""Endpoints of webhooks: the tenants' as their admins see them, all of them for the operator."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.page import Page
from core.webhooks import WebhookEndpoint
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("webhook_endpoints")

# A function that shows the tenant's own to its admins: nobody may read the table.
LISTING: Final = Listing(source="private.tenant_webhook_endpoints() as e", alias="e")
NEWEST: Final = Order(
    name="webhook-endpoints", keys=(select.by_instant("e.created_at"), select.by_id("e"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpointFilter:
    """Which endpoints; None asks nothing."""

    connection_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyEndpoint:
    """An endpoint as the operator sees it."""

    id: UUID
    provider: str
    kind: str
    tenant_id: UUID | None  # None: the operator's own
    connection_id: UUID | None
    previous_until: datetime | None
    created_at: datetime
    rotated_at: datetime | None
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnyEvent:
    """An event as the operator sees it: of a tenant, or of none yet."""

    id: UUID
    tenant_id: UUID | None
    connection_id: UUID | None
    provider: str
    type: str
    state: str
    attempts: int
    received_at: datetime
    next_attempt_at: datetime | None
    error_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventSearch:
    """Which events the operator means; None asks nothing."""

    ids: Sequence[UUID] | None = None
    state: str | None = None
    provider: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    most: int = 100


async def create(
    tx: Tx, *, endpoint_id: UUID, connection_id: UUID, token_hash: bytes, sealed: bytes | None
) -> bool:
    """Makes an endpoint of a connection, as an admin of its tenant. False: no such connection.

    Raises Forbidden for who is no admin, and Invalid where the connection has enough.
    """
    return bool(await tx.value(_SQL["create"], endpoint_id, connection_id, token_hash, sealed))


async def create_application(
    tx: Tx, *, endpoint_id: UUID, provider: str, token_hash: bytes, sealed: bytes | None
) -> None:
    """Makes an endpoint of the operator's application at a provider."""
    await tx.run(_SQL["create_application"], endpoint_id, provider, token_hash, sealed)


async def rotate(tx: Tx, *, endpoint_id: UUID, sealed: bytes, keep: timedelta) -> bool:
    """Another secret from now on; the one before is taken for a while. False: none such."""
    return bool(await tx.value(_SQL["rotate"], endpoint_id, sealed, keep))


async def disable(tx: Tx, *, endpoint_id: UUID) -> bool:
    """Takes no more events, for good. False: none such that takes any."""
    return bool(await tx.value(_SQL["disable"], endpoint_id))


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, WebhookEndpoint]:
    """Endpoints by id; admins alone see any."""
    return await select.by_ids(tx, WebhookEndpoint, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: WebhookEndpointFilter, first: int, after: str | None
) -> Page[WebhookEndpoint]:
    """Endpoints, newest first; admins alone see any."""
    return await select.page(
        tx,
        WebhookEndpoint,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


def asked(wanted: WebhookEndpointFilter) -> Asked:
    """Endpoints, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def every(tx: Tx) -> list[AnyEndpoint]:
    """Endpoints, 1,000 at most: the operator's own, then the newest of tenants'."""
    return [read(AnyEndpoint, row) for row in await tx.rows(_SQL["all"])]


async def search(tx: Tx, wanted: EventSearch) -> list[AnyEvent]:
    """Events of all tenants and of none, newest first."""
    rows = await tx.rows(
        _SQL["all_events"],
        None if wanted.ids is None else list(wanted.ids),
        wanted.state,
        wanted.provider,
        wanted.since,
        wanted.until,
        wanted.most,
    )
    return [read(AnyEvent, row) for row in rows]


async def replay(tx: Tx, *, ids: Sequence[UUID]) -> int:
    """Has events processed again; returns how many."""
    count = await tx.value(_SQL["replay"], list(ids))
    assert isinstance(count, int)
    return count


def _where(wanted: WebhookEndpointFilter) -> list[Condition]:
    if wanted.connection_id is None:
        return []
    return [Condition("e.connection_id = {}", (wanted.connection_id,))]
