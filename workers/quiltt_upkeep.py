"""Ends sessions at Quiltt whose time is over: nobody has to come back for that."""

from __future__ import annotations

import asyncio
import logging
from typing import Final
from uuid import UUID

from core.errors import BankfeedsError
from core.scope import WorkerScope
from db import provider_states
from db import quiltt_sessions as sessions
from pipeline.provider_access import ProviderAccess
from pipeline.quiltt_sessions import close_ended
from pipeline.services import Services
from providers.quiltt.connector import QUILTT

log = logging.getLogger(__name__)

PERSONAS_MOST: Final = 100  # in one round
AT_ONCE: Final = 4


async def close_sessions(services: Services) -> int:
    """Ends what is over, of all tenants; how many. Never raises: the next round tries again."""
    access = services.providers
    if access is None or not access.offers(QUILTT.facts.slug):
        return 0
    try:
        over = await sessions.over(services.database, before=services.clock(), most=PERSONAS_MOST)
    except BankfeedsError as error:
        log.warning("quiltt.sessions_not_listed", extra={"error": type(error).__name__})
        return 0
    turns = asyncio.Semaphore(AT_ONCE)

    async def closed(tenant_id: UUID, persona_id: UUID) -> int:
        async with turns:
            return await _closed(services, access, tenant_id, persona_id)

    return sum(await asyncio.gather(*(closed(*each) for each in over)))


async def _closed(
    services: Services, access: ProviderAccess, tenant_id: UUID, persona_id: UUID
) -> int:
    try:
        async with services.database.as_(WorkerScope(tenant_id=tenant_id), read_only=True) as tx:
            policy = await provider_states.policy(
                tx, tenant_id=tenant_id, provider=QUILTT.facts.slug
            )
        return await close_ended(
            access.client(QUILTT, connection_id=None, policy=policy),
            tenant_id=tenant_id,
            persona_id=persona_id,
            database=services.database,
            vault=services.vault,
            now=services.clock(),
        )
    except BankfeedsError as error:
        log.warning("quiltt.session_not_closed", extra={"error": type(error).__name__})
        return 0
