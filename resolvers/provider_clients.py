"""Clients of providers for what people ask for: offered by the operator, or refused."""

from __future__ import annotations

from uuid import UUID

from db import provider_states
from providers.base import Connector
from providers.http import Client
from resolvers.context import Context
from resolvers.refusal import RefusalCode
from resolvers.refusing import Refusal


async def client_of(
    context: Context,
    connector: Connector,
    *,
    connection_id: UUID | None = None,
    though_off: bool = False,
) -> Client:
    """A client for one connection, or for one that is to be. Raises Refusal.

    `though_off`: also where the operator keeps the provider from the tenant.
    """
    access = context.services.providers
    async with context.read() as tx:
        policy = await provider_states.policy(
            tx, tenant_id=context.tenant, provider=connector.facts.slug
        )
    is_on = policy.enabled or though_off
    if access is None or not is_on or not access.offers(connector.facts.slug):
        raise Refusal(
            RefusalCode.NOT_ALLOWED,
            f"{connector.facts.name} is not offered here. Ask the operator.",
            "provider",
        )
    return access.client(connector, connection_id=connection_id, policy=policy)
