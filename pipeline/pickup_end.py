"""How a pickup ends well: the ledger, the connection's health, and when it is looked at again."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.backoff import spread
from core.jobs import JobState
from core.models import Connection, Job
from core.syncs import SyncFrequency
from db import ledger, pickups, syncs
from db.pickups import Unfinished
from pipeline.services import Services
from pipeline.sync_end import EVERY
from providers.pickup.base import FileSource
from providers.pickup.settings import PickupSettings

IMPORTING: Final = timedelta(seconds=15)  # until an import that runs is asked about
MARGIN: Final = timedelta(seconds=1)  # past the time that a file must stay as it is


async def picked_up(
    job: Job,
    connection: Connection,
    source: FileSource,
    settings: PickupSettings,
    services: Services,
    *,
    has_more: bool,
) -> JobState:
    """Settles a pickup; the state that it ended in."""
    now = services.clock()
    async with services.database.as_(services.scope(job)) as tx:
        unfinished = await pickups.unfinished(tx, job)
        wait = _wait(connection, source, settings, unfinished, has_more=has_more)
        state = await ledger.finish(tx, job)
        await syncs.succeeded(tx, job, at=now, next_sync_at=None if wait is None else now + wait)
    await services.events.publish(job.tenant_id, "connection", job.connection_id)
    return state


def _wait(
    connection: Connection,
    source: FileSource,
    settings: PickupSettings,
    unfinished: Unfinished,
    *,
    has_more: bool,
) -> timedelta | None:
    """How long until the source is looked at again, whatever the frequency where something goes on
    by itself; None: until somebody asks."""
    waits = []
    if has_more:
        waits.append(timedelta(0))
    if unfinished.is_waiting:
        waits.append(timedelta(seconds=settings.settle_s) + MARGIN)
    if unfinished.is_importing and settings.archives:
        waits.append(IMPORTING)
    match connection.sync_frequency:
        case SyncFrequency.MANUAL:
            pass
        case SyncFrequency.REALTIME:
            waits.append(spread(source.every))
        case _:
            waits.append(spread(EVERY[connection.sync_frequency]))
    return min(waits, default=None)
