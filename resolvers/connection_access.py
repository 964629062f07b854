"""Access of connections: whether a provider accepts it, and how it is given up."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from uuid import UUID

from core.errors import KeysUnavailable, SealBroken, UnknownKey
from core.models import Connection, ConnectionStatus, Role
from core.provider_error import Postponed, ProviderError
from db import connections as stored
from db import credentials, webhook_inbox
from pipeline.access_tokens import held_credentials, usable_credentials
from providers import registry
from providers.base import Connector, Testable
from providers.credentials import Credentials
from providers.pickup.registry import is_source
from resolvers import pickups
from resolvers.connections import turn
from resolvers.context import Context
from resolvers.provider_clients import client_of
from resolvers.refusing import Refusal, conflict, missing, refusable, require
from resolvers.revoking import revoke

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What a provider said of a connection; no problem: it works.

    Of a file source also how many files match, and the key of a server that is not confirmed.
    """

    connection: Connection
    problem: str | None
    files_matching: int | None = None
    host_key: str | None = None


@refusable
async def test(context: Context, *, connection_id: UUID) -> Tested:
    """Asks the provider. Nothing is changed, whatever it says: the next sync notes it."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        connection = await stored.find(tx, tenant_id=context.tenant, connection_id=connection_id)
    if connection is None:
        raise missing("connection", "id")
    if is_source(connection.provider):
        looked = await pickups.look(context, connection)
        return Tested(
            connection=connection,
            problem=looked.problem,
            files_matching=looked.matching,
            host_key=looked.host_key,
        )
    connector = registry.every().get(connection.provider)
    if not isinstance(connector, Testable):
        raise conflict("There is nothing to test at this provider.", "id")
    client = await client_of(context, connector, connection_id=connection.id)
    try:
        held, _ = await usable_credentials(
            connector,
            client,
            tenant_id=context.tenant,
            connection_id=connection.id,
            database=context.services.database,
            vault=context.services.vault,
            now=context.services.clock(),
        )
        await connector.test(client, held)
    except ProviderError as error:
        return Tested(connection=connection, problem=f"{error.message} {error.next_step}")
    except Postponed:
        raise conflict("The provider's limit is reached. Try again later.", "id") from None
    return Tested(connection=connection, problem=None)


@refusable
async def disconnect(context: Context, *, connection_id: UUID) -> Connection:
    """The connection, closed for good; everything that came over it stays.

    The credentials are deleted here before the provider is told, so that no slow one keeps them;
    the consent is ended there where it can be.
    """
    connection = await turn(
        context,
        connection_id,
        to=ConnectionStatus.DISCONNECTED,
        only_from=set(ConnectionStatus) - {ConnectionStatus.DISCONNECTED},
        event="connection.disconnected",
    )
    connector = registry.every().get(connection.provider)
    held = None if connector is None else await _held(context, connector, connection_id)
    async with context.as_worker() as tx:
        await webhook_inbox.remove_routes(tx, connection_id=connection_id)
        await credentials.forget(tx, tenant_id=context.tenant, connection_id=connection_id)
    if connector is not None and held is not None:
        await _revoke(context, connector, connection_id, held)
    return connection


async def _held(context: Context, connector: Connector, connection_id: UUID) -> Credentials | None:
    """The credentials; None also where they do not open: then nobody can be told."""
    try:
        return await held_credentials(
            connector,
            tenant_id=context.tenant,
            connection_id=connection_id,
            database=context.services.database,
            vault=context.services.vault,
        )
    except (SealBroken, UnknownKey, KeysUnavailable) as error:
        log.warning("connection.not_revoked", extra={"error": type(error).__name__})
        return None


async def _revoke(
    context: Context, connector: Connector, connection_id: UUID, held: Credentials
) -> None:
    try:
        # What the operator has turned off since is ended all the same.
        client = await client_of(context, connector, connection_id=connection_id, though_off=True)
    except Refusal:
        return  # there is no application to end it with
    await revoke(connector, client, held)
