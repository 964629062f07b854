"""Renews access tokens before they end, so that syncs and people find usable ones."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.errors import BankfeedsError
from core.jobs import JobTrigger
from core.notifications import NotificationKind
from core.provider_error import Action, ProviderError
from core.scope import WorkerScope
from db import credentials, notifications, provider_states, raw, syncs
from db.queue import JobQueue
from pipeline.access_tokens import usable_credentials
from pipeline.services import Services
from providers import registry
from providers.base import Renewable

log = logging.getLogger(__name__)

AHEAD: Final = timedelta(minutes=10)
TOKENS_MOST: Final = 500  # in one round
AT_ONCE: Final = 4  # each has a connection to Postgres while the provider answers


async def renew_tokens(services: Services, queue: JobQueue) -> int:
    """Renews the tokens that end within ten minutes; how many. Never raises.

    What fails for a while is tried again in the next round; where the token ends before that helps,
    the tenant hears of it. A grant that is gone is left to a sync:
    it fails in the same way, and says so of the connection.
    """
    assert services.providers is not None
    try:
        ending = await credentials.ending(
            services.database, before=services.clock() + AHEAD, most=TOKENS_MOST
        )
    except BankfeedsError as error:
        log.warning("tokens.not_listed", extra={"error": type(error).__name__})
        return 0
    turns = asyncio.Semaphore(AT_ONCE)

    async def renewed(tenant_id: UUID, connection_id: UUID) -> bool:
        async with turns:
            return await _renewed(services, queue, tenant_id, connection_id)

    return sum(await asyncio.gather(*(renewed(*each) for each in ending)))


async def _renewed(
    services: Services, queue: JobQueue, tenant_id: UUID, connection_id: UUID
) -> bool:
    try:
        return await _renew(services, tenant_id, connection_id)
    except ProviderError as error:
        _tell(connection_id, error.code)
        if error.action is Action.REAUTH:
            await _sync(services, queue, tenant_id, connection_id)
        else:
            await _lapsed(services, tenant_id, connection_id, error.code)
    except BankfeedsError as error:
        _tell(connection_id, type(error).__name__)
    return False


async def _renew(services: Services, tenant_id: UUID, connection_id: UUID) -> bool:
    """Whether the connection has a token of ours to renew, and a usable one now."""
    assert services.providers is not None
    now = services.clock()
    async with services.database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
        connection = await raw.connection(tx, tenant_id=tenant_id, connection_id=connection_id)
        policy = await provider_states.policy(tx, tenant_id=tenant_id, provider=connection.provider)
    connector = registry.by_slug(connection.provider)
    is_closed = policy.open_until is not None and policy.open_until > now
    if not isinstance(connector, Renewable) or not policy.enabled or is_closed:
        return False
    await usable_credentials(
        connector,
        services.providers.client(connector, connection_id=connection_id, policy=policy),
        tenant_id=tenant_id,
        connection_id=connection_id,
        database=services.database,
        vault=services.vault,
        now=now,
        margin=AHEAD,
    )
    return True


async def _sync(services: Services, queue: JobQueue, tenant_id: UUID, connection_id: UUID) -> None:
    try:
        async with services.database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
            job_id = await syncs.request(
                tx, tenant_id=tenant_id, connection_id=connection_id, trigger=JobTrigger.SYSTEM
            )
    except BankfeedsError as error:
        _tell(connection_id, type(error).__name__)
        return
    if job_id is not None:
        await queue.wake(tenant_id, job_id)


async def _lapsed(services: Services, tenant_id: UUID, connection_id: UUID, code: str) -> None:
    """Tells the tenant, once for each token, that it ended before it could be renewed."""
    try:
        async with services.database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
            held = await credentials.find(tx, tenant_id=tenant_id, connection_id=connection_id)
            if held is None or held.expires_at is None or held.expires_at > services.clock():
                return
            told = await notifications.put(
                tx,
                tenant_id=tenant_id,
                kind=NotificationKind.TOKEN_EXPIRING,
                connection_id=connection_id,
                data={"code": code, "ended": held.expires_at.isoformat()},
                key=f"lapsed:{connection_id}:{held.version}",
            )
    except BankfeedsError as error:
        _tell(connection_id, type(error).__name__)
        return
    if told is not None:
        await services.events.publish(tenant_id, "notification", told)


def _tell(connection_id: UUID, code: str) -> None:
    log.warning("token.not_renewed", extra={"connection_id": str(connection_id), "code": code})
