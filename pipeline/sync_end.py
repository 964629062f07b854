"""How a sync ends: the ledger, the connection's health, when it is asked again, who is told."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.backoff import CONNECTION_DELAYS, delay, spread
from core.errors import BankfeedsError
from core.jobs import JobState
from core.models import Connection, ConnectionStatus, Job
from core.provider_error import Action, ProviderError
from core.syncs import SyncFrequency, SyncPhase
from db import ledger, provider_states, raw, syncs
from db.session import Tx
from db.syncs import Changed
from pipeline.failure import Failure, of_provider
from pipeline.owned_accounts import make_assets
from pipeline.services import Services
from pipeline.sync_notices import tell_of_failure, tell_of_success
from providers.base import Checkpoint, Connector
from providers.pickup.registry import is_source

log = logging.getLogger(__name__)

ATTENTION_FAILURES: Final = 5  # from then on somebody should look
OPEN_FAILURES: Final = 3  # from then on the connection's circuit counts as open
ASKED_NOBODY: Final = frozenset({"provider-not-offered", "not-connected"})  # errors of our own
# Others may put it right, at the provider or the bank, and need not tell us.
PUT_RIGHT: Final = frozenset({"not-permitted", "folder-missing", "no-common-algorithm"})
LOOK_AGAIN: Final = timedelta(days=1)  # whether it is put right
PATIENCE: Final = 10  # who has waited for an hour is asked every six minutes
EVERY: Final = {
    SyncFrequency.HOURLY: timedelta(hours=1),
    SyncFrequency.DAILY: timedelta(days=1),
    SyncFrequency.WEEKLY: timedelta(weeks=1),
}


async def ended_well(
    job: Job,
    connection: Connection,
    connector: Connector,
    last: Checkpoint | None,
    services: Services,
    *,
    changed: Changed | None = None,
) -> JobState:
    """Settles a sync whose pages are all applied; the state that its counts say.

    `changed`: the days that it was told of when it began.
    """
    now = services.clock()
    phase = _next_phase(connection.sync_phase, last)
    initial = last is not None and last.initial_complete
    complete = last is not None and last.history_complete
    async with services.database.as_(services.scope(job)) as tx:
        state = await ledger.finish(tx, job)
        await syncs.reached(
            tx,
            job,
            phase=phase,
            progress=100 if complete else None if last is None else last.progress,
            initial_at=now if initial else None,
            history_at=now if complete else None,
        )
        wait = _wait(connection, connector, last)
        if last is not None and last.again_after is not None:
            # Some never get ready: they are asked ever less often, until somebody asks for more.
            waited = await syncs.waited(tx, job)
            longest = max(last.again_after, connector.facts.sync_every)
            wait = min(max(last.again_after, waited / PATIENCE), longest)
        next_sync_at = None if wait is None else now + wait
        await syncs.succeeded(tx, job, at=now, next_sync_at=next_sync_at)
        await make_assets(tx, tenant_id=job.tenant_id, connection_id=job.connection_id)
        if initial and changed is not None:
            await syncs.changes_read(tx, job, changed)
        await provider_states.answered(tx, provider=connection.provider)
        told = await tell_of_success(tx, job, connection, initial=initial, complete=complete)
    await services.events.publish(job.tenant_id, "connection", job.connection_id)
    for notification_id in told:
        await services.events.publish(job.tenant_id, "notification", notification_id)
    return state


async def failed(job: Job, failure: Failure, services: Services, *, is_final: bool) -> None:
    """Notes what a failed sync says of its provider, and of its connection where it was given up.

    Enough outages of a provider, and it is left alone for a while. Never raises: the ledger has
    the failure, and the next one tells the rest.
    """
    now = services.clock()
    told: list[UUID] = []
    try:
        async with services.database.as_(services.scope(job)) as tx:
            if failure.provider is not None:
                await _note(tx, job, failure.provider, now=now)
            if is_final:
                told = await _given_up(tx, job, of_provider(failure), now=now)
    except BankfeedsError as problem:
        log.warning(
            "sync.failure_not_noted",
            extra={"job_id": str(job.id), "error": type(problem).__name__},
        )
        return
    await services.events.publish(job.tenant_id, "connection", job.connection_id)
    for notification_id in told:
        await services.events.publish(job.tenant_id, "notification", notification_id)


async def _note(tx: Tx, job: Job, error: ProviderError, *, now: datetime) -> None:
    """Whether the provider answers. Whoever says no, or asks to wait, does."""
    if error.code in ASKED_NOBODY:
        return
    connection = await raw.connection(tx, tenant_id=job.tenant_id, connection_id=job.connection_id)
    if is_source(connection.provider):
        return  # each has a server of its own, which says nothing of the others
    if error.is_outage:
        await provider_states.failed(tx, provider=connection.provider, at=now)
    else:
        await provider_states.answered(tx, provider=connection.provider)


async def _given_up(tx: Tx, job: Job, error: ProviderError, *, now: datetime) -> list[UUID]:
    status, retry_at, attention = ConnectionStatus.ERROR, None, True
    failures = await syncs.failures(tx, job) + 1
    if error.action is Action.REAUTH:
        status = ConnectionStatus.REAUTH
    elif error.action is Action.RETRY:
        wait = delay(CONNECTION_DELAYS, failures)
        retry_at = now + max(wait, error.retry_after or timedelta(0))
        attention = failures >= ATTENTION_FAILURES
    elif error.is_operators or error.code in PUT_RIGHT:
        retry_at = now + spread(LOOK_AGAIN)  # nobody asks for each connection by hand then
    await syncs.failed(tx, job, error=error, status=status, retry_at=retry_at, attention=attention)
    return await tell_of_failure(tx, job, error, failures=failures)


def _next_phase(phase: SyncPhase, last: Checkpoint | None) -> SyncPhase:
    if last is None or not last.initial_complete:
        return phase
    return SyncPhase.INCREMENTAL if last.history_complete else SyncPhase.HISTORICAL


def _wait(
    connection: Connection, connector: Connector, last: Checkpoint | None
) -> timedelta | None:
    """How long until the connection is asked again; None: until somebody asks."""
    if last is not None and not last.history_complete:
        return timedelta(0)  # the history goes on at once, whatever the frequency
    match connection.sync_frequency:
        case SyncFrequency.MANUAL:
            return None
        case SyncFrequency.REALTIME:
            return spread(connector.facts.sync_every)
        case _:
            return spread(EVERY[connection.sync_frequency])
