"""Webhooks of the tenant's connections: admins see events, replay them, and keep endpoints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid4

from core.errors import BadInput, Forbidden
from core.models import Connection, Role
from core.page import Page
from core.webhook_secrets import address, new_token, secret_aad, token_hash
from core.webhooks import OVERLAP_MAX, WebhookEndpoint, WebhookEvent
from db import audit, connections, tenants, webhook_endpoints, webhook_events
from db.session import Tx
from db.webhook_endpoints import WebhookEndpointFilter
from db.webhook_events import WebhookEventFilter
from providers.webhooks import EndpointKind, Reception, SecretOrigin
from resolvers.context import Context
from resolvers.refusing import conflict, invalid, limit, missing, refusable, require
from resolvers.webhook_secrets import Secret, secret_for

REPLAYED_MOST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An endpoint with what is shown once: its address and its secret, where we made them."""

    endpoint: WebhookEndpoint
    url: str | None = field(default=None, repr=False)  # None: it was told when it was made
    secret: str | None = field(default=None, repr=False)  # None: the provider makes it, or none


async def events(
    context: Context, *, wanted: WebhookEventFilter, first: int, after: str | None
) -> Page[WebhookEvent]:
    """Events, newest first. Raises Forbidden for anybody but admins; the policy says so too."""
    async with context.read() as tx:
        await _check_admin(tx, context)
        return await webhook_events.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def events_by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, WebhookEvent]:
    """Events by id; none for anybody but admins."""
    async with context.read() as tx:
        return await webhook_events.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def endpoints(
    context: Context, *, wanted: WebhookEndpointFilter, first: int, after: str | None
) -> Page[WebhookEndpoint]:
    """Endpoints, newest first. Raises Forbidden for anybody but admins."""
    async with context.read() as tx:
        await _check_admin(tx, context)
        return await webhook_endpoints.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def endpoints_by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, WebhookEndpoint]:
    """Endpoints by id; none for anybody but admins."""
    async with context.read() as tx:
        return await webhook_endpoints.by_ids(tx, tenant_id=context.tenant, ids=ids)


@refusable
async def replay(context: Context, *, ids: Sequence[UUID]) -> Sequence[WebhookEvent]:
    """Has events processed again, all or none; those that wait to be processed are left alone."""
    if not 1 <= len(ids) <= REPLAYED_MOST:
        raise limit(f"Name 1 to {REPLAYED_MOST} events at a time.", "ids")
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        found = await webhook_events.by_ids(tx, tenant_id=context.tenant, ids=ids)
        if len(found) < len(set(ids)):
            raise missing("webhook event", "ids")
        if await webhook_events.replay(tx, tenant_id=context.tenant, ids=ids):
            await audit.record(
                tx, "webhook.replayed", data={"eventIds": [str(one) for one in found]}
            )
        now = await webhook_events.by_ids(tx, tenant_id=context.tenant, ids=ids)
    await context.services.queue.wake_webhooks()
    return [now[one] for one in dict.fromkeys(ids)]


@refusable
async def create_endpoint(context: Context, *, connection_id: UUID, secret: str | None) -> Opened:
    """Makes an address for the events of one connection, and its secret where that is ours."""
    async with context.read() as tx:
        await require(tx, context, Role.ADMIN)
        connection = await _connection(tx, context, connection_id)
    chosen = _secret(_own_reception(context, connection), secret, is_new=True)
    endpoint_id, token = uuid4(), new_token()
    sealed = await _sealed(context, endpoint_id, chosen.kept)
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        if not await webhook_endpoints.create(
            tx,
            endpoint_id=endpoint_id,
            connection_id=connection_id,
            token_hash=token_hash(token),
            sealed=sealed,
        ):
            raise conflict("The connection is closed.", "connectionId")
        endpoint = await _noted(tx, context, endpoint_id, "webhook_endpoint.created")
    url = address(context.services.public_url, endpoint.provider, token)
    return Opened(endpoint=endpoint, url=url, secret=chosen.shown)


@refusable
async def rotate_endpoint(
    context: Context, *, endpoint_id: UUID, secret: str | None, keep: timedelta
) -> Opened:
    """Another secret from now on; the one before is taken for as long as `keep` says."""
    if not timedelta(0) <= keep <= OVERLAP_MAX:
        raise invalid(
            f"The secret before can be kept for 0 to {OVERLAP_MAX.days * 24} hours.", "keepHours"
        )
    async with context.read() as tx:
        await require(tx, context, Role.ADMIN)
        endpoint = await _endpoint(tx, context, endpoint_id)
        connection = await _connection(tx, context, endpoint.connection_id)
    chosen = _secret(_own_reception(context, connection), secret, is_new=False)
    sealed = await _sealed(context, endpoint_id, chosen.kept)
    assert sealed is not None
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        if not await webhook_endpoints.rotate(
            tx, endpoint_id=endpoint_id, sealed=sealed, keep=keep
        ):
            raise conflict("The endpoint is disabled. Make another one.", "id")
        endpoint = await _noted(tx, context, endpoint_id, "webhook_endpoint.rotated")
    return Opened(endpoint=endpoint, secret=chosen.shown)


@refusable
async def disable_endpoint(context: Context, *, endpoint_id: UUID) -> WebhookEndpoint:
    """Takes no more events at an address, for good; twice is the same as once."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        endpoint = await _endpoint(tx, context, endpoint_id)
        if await webhook_endpoints.disable(tx, endpoint_id=endpoint_id):
            endpoint = await _noted(tx, context, endpoint_id, "webhook_endpoint.disabled")
    return endpoint


async def _check_admin(tx: Tx, context: Context) -> None:
    role = await tenants.role(tx, tenant_id=context.tenant, user_id=context.user_id)
    if role is None or not role.covers(Role.ADMIN):
        raise Forbidden("webhooks need the role ADMIN or a higher one")


async def _connection(tx: Tx, context: Context, connection_id: UUID) -> Connection:
    found = await connections.by_ids(tx, tenant_id=context.tenant, ids=[connection_id])
    if connection_id not in found:
        raise missing("connection", "connectionId")
    return found[connection_id]


async def _endpoint(tx: Tx, context: Context, endpoint_id: UUID) -> WebhookEndpoint:
    found = await webhook_endpoints.by_ids(tx, tenant_id=context.tenant, ids=[endpoint_id])
    if endpoint_id not in found:
        raise missing("webhook endpoint", "id")
    return found[endpoint_id]


async def _noted(tx: Tx, context: Context, endpoint_id: UUID, event: str) -> WebhookEndpoint:
    """The endpoint as it is now, with an entry in the audit log."""
    endpoint = await _endpoint(tx, context, endpoint_id)
    await audit.record(
        tx, event, connection_id=endpoint.connection_id, data={"endpointId": str(endpoint_id)}
    )
    return endpoint


def _own_reception(context: Context, connection: Connection) -> Reception:
    """What receives events of the connection at an endpoint of its own."""
    reception = context.services.receivers.get(connection.provider)
    if reception is None:
        raise invalid("This connection's provider sends no webhooks.", "connectionId")
    if reception.receiver.endpoint_kind is EndpointKind.APPLICATION:
        raise invalid(
            "This connection's provider sends the events of all connections to the operator's "
            "endpoint; there is nothing to set up.",
            "connectionId",
        )
    return reception


def _secret(reception: Reception, given: str | None, *, is_new: bool) -> Secret:
    receiver = reception.receiver
    if receiver.secret_origin is SecretOrigin.NONE and not is_new and given is None:
        raise conflict("This provider signs with a key of its own: there is no secret.", "id")
    try:
        return secret_for(receiver, given, is_new=is_new)
    except BadInput as error:
        raise invalid(str(error), "secret") from None


async def _sealed(context: Context, endpoint_id: UUID, secret: str | None) -> bytes | None:
    if secret is None:
        return None
    aad = secret_aad(tenant_id=context.tenant, endpoint_id=endpoint_id)
    return await context.services.vault.seal(secret.encode(), aad=aad)
