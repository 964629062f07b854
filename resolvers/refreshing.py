"""Refreshing: the provider looks at the bank now, instead of when it next would by itself."""

from __future__ import annotations

import asyncio
from typing import Final
from uuid import UUID

from core.models import Connection, Job, Role
from core.provider_error import Postponed, ProviderError
from db import accounts, audit
from db import connections as stored
from pipeline.access_tokens import usable_credentials
from providers import registry
from providers.base import Refreshable
from resolvers.context import Context
from resolvers.jobs import announce
from resolvers.provider_clients import client_of
from resolvers.providers import Capability, able
from resolvers.refusing import conflict, missing, refusable, require
from resolvers.syncs import request

WITHIN_S: Final = 5  # less than an operation may take


@refusable
async def refresh(context: Context, *, account_id: UUID) -> Job | None:
    """The sync that brings what the provider found; None where one has begun meanwhile.

    Some providers bill each look and limit them; nobody asks but people.
    """
    connection = await _feeding(context, account_id)
    connector = registry.every()[connection.provider]
    assert isinstance(connector, Refreshable)
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
        async with asyncio.timeout(WITHIN_S):
            await connector.refresh(client, held)
    except ProviderError as error:
        raise conflict(f"{error.message} {error.next_step}", "id") from error
    except Postponed as error:
        raise conflict("The provider's limit is reached. Try again later.", "id") from error
    except TimeoutError as error:
        raise conflict("The provider does not answer. Try again later.", "id") from error
    async with context.write() as tx:
        data = {"accountId": str(account_id)}
        await audit.record(tx, "account.refreshed", connection_id=connection.id, data=data)
        job = await request(tx, context, connection.id)
    return None if job is None else await announce(context, job)


async def _feeding(context: Context, account_id: UUID) -> Connection:
    """The connection to ask. Raises Refusal."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if not await accounts.by_ids(tx, tenant_id=context.tenant, ids=[account_id]):
            raise missing("account", "id")
        connection_id = await stored.feeding(
            tx,
            tenant_id=context.tenant,
            account_id=account_id,
            providers=able(Capability.REFRESH),
        )
        found = None
        if connection_id is not None:
            found = await stored.find(tx, tenant_id=context.tenant, connection_id=connection_id)
    if found is None:
        raise conflict("No connection of the account can be asked to look at the bank.", "id")
    return found
