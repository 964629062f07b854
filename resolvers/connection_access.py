"""Access of connections: whether a provider accepts it, and how it is given up."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from core.errors import BankfeedsError
from core.models import Connection, ConnectionStatus, Role
from core.provider_error import Postponed, ProviderError
from db import connections as stored
from db import credentials, provider_states, webhook_inbox
from pipeline.access_tokens import usable_credentials
from providers import registry
from providers.base import Connector, Revocable, Testable
from providers.credentials import Credentials
from providers.http import Client
from resolvers.connections import turn
from resolvers.context import Context
from resolvers.refusing import conflict, missing, refusable, require

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a provider said of a connection; no problem: it works."""

    connection: Connection
    problem: str | None


@refusable
async def test(context: Context, *, connection_id: UUID) -> Tested:
    """Asks the provider. Nothing is changed, whatever it says: the next sync notes it."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        connection = await stored.find(tx, tenant_id=context.tenant, connection_id=connection_id)
    if connection is None:
        raise missing("connection", "id")
    connector = registry.every().get(connection.provider)
    if not isinstance(connector, Testable):
        raise conflict("There is nothing to test at this provider.", "id")
    try:
        client, held = await _access(context, connector, connection)
        await connector.test(client, held)
    except ProviderError as error:
        return Tested(connection=connection, problem=f"{error.message} {error.next_step}")
    except Postponed:
        raise conflict("The provider's limit is reached. Try again later.", "id") from None
    return Tested(connection=connection, problem=None)


@refusable
async def disconnect(context: Context, *, connection_id: UUID) -> Connection:
    """The connection, closed for good; everything that came over it stays.

    The consent is ended at the provider where it can be, and the credentials are deleted here in
    any case.
    """
    connection = await turn(
        context,
        connection_id,
        to=ConnectionStatus.DISCONNECTED,
        only_from=set(ConnectionStatus) - {ConnectionStatus.DISCONNECTED},
        event="connection.disconnected",
    )
    connector = registry.every().get(connection.provider)
    if isinstance(connector, Revocable):
        try:
            client, held = await _access(context, connector, connection)
            await connector.revoke(client, held)
        except BankfeedsError as error:
            # What cannot be told to the provider now ends there by itself: we have no key any more.
            log.warning("connection.not_revoked", extra={"error": type(error).__name__})
    async with context.as_worker() as tx:
        await webhook_inbox.remove_routes(tx, connection_id=connection_id)
        await credentials.forget(tx, tenant_id=context.tenant, connection_id=connection_id)
    return connection


async def _access(
    context: Context, connector: Connector, connection: Connection
) -> tuple[Client, Credentials]:
    assert context.services.providers is not None
    async with context.read() as tx:
        policy = await provider_states.policy(
            tx, tenant_id=context.tenant, provider=connection.provider
        )
    client = context.services.providers.client(
        connector, connection_id=connection.id, policy=policy
    )
    held, _ = await usable_credentials(
        connector,
        client,
        tenant_id=context.tenant,
        connection_id=connection.id,
        database=context.services.database,
        vault=context.services.vault,
        now=context.services.clock(),
    )
    return client, held
