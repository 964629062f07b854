"""Schedules syncs: rows say when each connection is due, whichever worker looks."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.backoff import spread
from core.errors import BankfeedsError
from core.jobs import JobTrigger
from core.scope import WorkerScope
from core.syncs import SyncFrequency
from db import syncs
from db.failures import DatabaseUnavailable
from db.queue import JobQueue
from pipeline.services import Services

log = logging.getLogger(__name__)

CONNECTIONS_MOST: Final = 500
# Until its sync has said when it wants to be asked again. One that never ran is asked again then.
NEXT: Final = {
    SyncFrequency.MANUAL: timedelta(hours=1),
    SyncFrequency.REALTIME: timedelta(hours=6),
    SyncFrequency.HOURLY: timedelta(hours=1),
    SyncFrequency.DAILY: timedelta(days=1),
    SyncFrequency.WEEKLY: timedelta(weeks=1),
}


async def schedule_syncs(services: Services, queue: JobQueue) -> int:
    """Makes a sync of each connection that is due; how many. Never raises."""
    made = 0
    try:
        due = await syncs.due_connections(services.database, most=CONNECTIONS_MOST)
        for tenant_id, connection_id in due:
            try:
                job_id = await _scheduled(services, tenant_id, connection_id)
            except DatabaseUnavailable:
                raise
            except BankfeedsError as error:  # it would be the first again, and hold up the others
                _note(error, connection_id=str(connection_id))
                continue
            if job_id is not None:
                made += 1
                await queue.wake(tenant_id, job_id)
    except BankfeedsError as error:
        _note(error)
    return made


def _note(error: BankfeedsError, **about: str) -> None:
    log.warning("schedule.failed", extra={"error": type(error).__name__, **about})


async def _scheduled(services: Services, tenant_id: UUID, connection_id: UUID) -> UUID | None:
    now = services.clock()
    async with services.database.as_(WorkerScope(tenant_id=tenant_id)) as tx:
        frequency = await syncs.take(tx, tenant_id=tenant_id, connection_id=connection_id, now=now)
        if frequency is None:
            return None
        await syncs.postpone(
            tx,
            tenant_id=tenant_id,
            connection_id=connection_id,
            next_sync_at=now + spread(NEXT[frequency]),
        )
        return await syncs.request(
            tx, tenant_id=tenant_id, connection_id=connection_id, trigger=JobTrigger.SCHEDULE
        )
