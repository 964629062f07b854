"""Sessions at Quiltt that have ended here: ended there too, where they would live for a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.scope import WorkerScope
from core.vault import Vault
from db import quiltt_sessions as sessions
from db.session import Database
from providers.http import Client
from providers.quiltt.links import close_session

LIVES: Final = timedelta(days=1)  # at Quiltt; after that there is nothing to end


async def close_ended(
    client: Client,
    *,
    tenant_id: UUID,
    persona_id: UUID,
    database: Database,
    vault: Vault,
    now: datetime,
) -> int:
    """Ends at Quiltt what has ended of a persona's sessions; how many.

    Raises ProviderError, Postponed, SealBroken, UnknownKey, KeysUnavailable and
    DatabaseUnavailable; what was ended before stays so.
    """
    scope = WorkerScope(tenant_id=tenant_id)
    async with database.as_(scope) as tx:
        await sessions.opened(tx, tenant_id=tenant_id, persona_id=persona_id, now=now)
        ended = await sessions.ended(tx, tenant_id=tenant_id, persona_id=persona_id)
    for one in ended:
        if one.issued_at > now - LIVES:
            plain = await vault.open(one.sealed, aad=sessions.aad(tenant_id, one.id))
            await close_session(client, plain.decode())
        async with database.as_(scope) as tx:
            await sessions.close(tx, tenant_id=tenant_id, session_id=one.id, now=now)
    return len(ended)
