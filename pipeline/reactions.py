"""Reactions: what the engine does because a provider told something of a connection."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from core.jobs import JobTrigger
from db import syncs
from db.session import Tx
from providers.webhooks import Reaction, Sync


async def react(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, reaction: Reaction, now: datetime
) -> list[UUID]:
    """Does what is asked for, as a worker of the tenant, in the transaction of the event.

    Returns the ids of jobs that workers are to be woken for after the commit.
    """
    if not isinstance(reaction, Sync):
        return []
    job_id = await syncs.request(
        tx, tenant_id=tenant_id, connection_id=connection_id, trigger=JobTrigger.WEBHOOK
    )
    return [] if job_id is None else [job_id]


async def tell_dead(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, event_id: UUID, now: datetime
) -> None:
    """Tells the tenant that an event could not be processed, and will not be tried again."""
