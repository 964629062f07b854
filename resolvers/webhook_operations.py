"""Webhooks as the operator sees and keeps them, over all tenants; for the command line alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID, uuid4

from core.errors import BadInput
from core.vault import Vault
from core.webhook_secrets import address, new_token, secret_aad, token_hash
from core.webhooks import OVERLAP_MAX
from db import webhook_endpoints
from db.session import Database
from db.webhook_endpoints import AnyEndpoint, AnyEvent, EventSearch
from db.webhook_inbox import SCOPE
from providers.webhooks import EndpointKind, Receiver
from resolvers.webhook_secrets import secret_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What is told once of an endpoint of the operator's."""

    id: UUID
    url: str | None = field(default=None, repr=False)  # None: it was told when it was made
    secret: str | None = field(default=None, repr=False)  # None: the provider makes it, or none


async def events(database: Database, wanted: EventSearch) -> Sequence[AnyEvent]:
    """Events of all tenants and of none, newest first; what they say is not told."""
    async with database.as_(SCOPE, read_only=True) as tx:
        return await webhook_endpoints.search(tx, wanted)


async def replay(database: Database, wanted: EventSearch) -> int:
    """Has what is found processed again; returns how many. Those that wait are left alone."""
    async with database.as_(SCOPE) as tx:
        found = await webhook_endpoints.search(tx, wanted)
        return await webhook_endpoints.replay(tx, ids=[event.id for event in found])


async def endpoints(database: Database) -> Sequence[AnyEndpoint]:
    """All endpoints, the tenants' too, without secrets."""
    async with database.as_(SCOPE, read_only=True) as tx:
        return await webhook_endpoints.every(tx)


async def create_endpoint(
    database: Database,
    vault: Vault,
    *,
    provider: str,
    receiver: Receiver,
    secret: str | None,
    public_url: str,
) -> Made:
    """Makes an endpoint of the operator's application. Raises BadInput."""
    if receiver.endpoint_kind is EndpointKind.CONNECTION:
        raise BadInput(
            f"{provider} sends the events of each connection to an endpoint of its own: admins "
            "make them with webhookEndpointCreate."
        )
    chosen = secret_for(receiver, secret, is_new=True)
    endpoint_id, token = uuid4(), new_token()
    sealed = await _sealed(vault, endpoint_id, chosen.kept)
    async with database.as_(SCOPE) as tx:
        await webhook_endpoints.create_application(
            tx,
            endpoint_id=endpoint_id,
            provider=provider,
            token_hash=token_hash(token),
            sealed=sealed,
        )
    return Made(id=endpoint_id, url=address(public_url, provider, token), secret=chosen.shown)


async def rotate_endpoint(
    database: Database,
    vault: Vault,
    *,
    endpoint: AnyEndpoint,
    receiver: Receiver,
    secret: str | None,
    keep: timedelta,
) -> Made:
    """Another secret from now on; the one before is taken for a while. Raises BadInput."""
    if not timedelta(0) <= keep <= OVERLAP_MAX:
        raise BadInput(f"The secret before can be kept for 0 to {OVERLAP_MAX.days} days.")
    chosen = secret_for(receiver, secret, is_new=False)
    sealed = await _sealed(vault, endpoint.id, chosen.kept)
    assert sealed is not None
    async with database.as_(SCOPE) as tx:
        if not await webhook_endpoints.rotate(
            tx, endpoint_id=endpoint.id, sealed=sealed, keep=keep
        ):
            raise BadInput("The endpoint is disabled, or a tenant's own.")
    return Made(id=endpoint.id, secret=chosen.shown)


async def disable_endpoint(database: Database, *, endpoint_id: UUID) -> None:
    """Takes no more events there, for good. Raises BadInput."""
    async with database.as_(SCOPE) as tx:
        if not await webhook_endpoints.disable(tx, endpoint_id=endpoint_id):
            raise BadInput("There is no such endpoint of the operator's that takes events.")


async def _sealed(vault: Vault, endpoint_id: UUID, secret: str | None) -> bytes | None:
    if secret is None:
        return None
    aad = secret_aad(tenant_id=None, endpoint_id=endpoint_id)
    return await vault.seal(secret.encode(), aad=aad)
