"""Syncs a connection: fetch pages, keep them raw, apply them checkpoint by checkpoint."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Final, assert_never
from uuid import uuid4

from core.errors import BankfeedsError
from core.jobs import JobState
from core.models import Connection, ConnectionStatus, Job
from core.provider_error import Action, ErrorKind, Postponed, ProviderError
from core.syncs import SyncPhase
from core.vault import Aad, DataKey
from db import provider_states, raw, syncs
from pipeline.access_tokens import usable_credentials
from pipeline.applying import Applying, Kept
from pipeline.following import follow
from pipeline.provider_access import not_offered
from pipeline.services import Services
from pipeline.sync_end import ended_well
from providers import registry
from providers.base import Checkpoint, Connector, Fetched, Page, Renewable, Restart, Wanted
from providers.http import Client

log = logging.getLogger(__name__)

INITIAL_DAYS: Final = 30  # first, so that somebody sees something within seconds
PAGES_MAX: Final = 5_000  # of one sync
GROUP_BYTES_MAX: Final = 256 * 1024 * 1024  # of the pages of one checkpoint
RESTARTS_MAX: Final = 5
_STOPPED: Final = (ConnectionStatus.PAUSED, ConnectionStatus.DISCONNECTED)


class Cancelled(BankfeedsError):
    """Somebody stopped the sync or its connection; what was applied stays."""


@dataclass(slots=True, kw_only=True)
class _Run:
    """One sync, as far as it is."""

    job: Job
    connection: Connection
    connector: Connector
    key: DataKey
    applying: Applying
    kept: list[Kept] = field(default_factory=list)
    size: int = 0
    pages: int = 0
    restarts: int = 0
    last: Checkpoint | None = None

    def void(self) -> None:
        """Lets go of the pages since the last checkpoint."""
        self.kept.clear()
        self.size = 0


async def sync(job: Job, services: Services) -> JobState:
    """Does a sync from the last checkpoint on; returns the state it ended in.

    Raises ProviderError, Postponed, Cancelled, Unreadable and LeaseLost. What was applied before
    stays, with the cursor that belongs to it.
    """
    assert services.providers is not None
    now = services.clock()
    async with services.database.as_(services.scope(job)) as tx:
        connection = await raw.connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        connector = registry.by_slug(connection.provider)
        policy = await provider_states.policy(
            tx, tenant_id=job.tenant_id, provider=connection.provider
        )
        cursor = await syncs.cursor(tx, job)
        changed = await syncs.changed(tx, job)
        phase = connection.sync_phase
        await syncs.begin(tx, job, provider=connection.provider, phase=phase, lease=services.lease)
        is_stopped = connection.status in _STOPPED  # since the job was queued
        closed_until = None
        if policy.enabled and not is_stopped:  # who asks may be the one that is to try
            closed_until = await provider_states.may_call(tx, provider=connection.provider, now=now)
    await services.tell(job)
    if is_stopped:
        raise Cancelled
    if not policy.enabled:
        raise not_offered(connector.facts.name)
    if closed_until is not None:
        raise Postponed(closed_until - now)
    client = services.providers.client(connector, connection_id=connection.id, policy=policy)
    key = await services.key(job)
    run = _Run(
        job=job,
        connection=connection,
        connector=connector,
        key=key,
        applying=Applying(job, connection, connector, services, key=key, cursor=cursor),
    )
    wanted = Wanted(
        cursor=cursor,
        phase=phase,
        now=now,
        since=_since(connection, now),
        accounts=connection.sync_accounts,
        transactions=connection.sync_transactions,
        investments=connection.sync_investments,
        changed_since=None if changed is None else changed.since,
    )
    await _fetched(run, client, wanted, services)
    await follow(job, services)
    return await ended_well(job, connection, connector, run.last, services, changed=changed)


def _since(connection: Connection, now: datetime) -> date:
    if connection.sync_phase is SyncPhase.INITIAL:
        days = min(INITIAL_DAYS, connection.lookback_days)
    else:
        days = connection.lookback_days
    return (now - timedelta(days=days)).date()


async def _fetched(run: _Run, client: Client, wanted: Wanted, services: Services) -> None:
    """Fetches to the end. An access token that the provider refuses is renewed, once for each time
    that the sync has got on: a long history outlives several of them."""
    job = run.job

    async def credentials(refused_version: int | None = None) -> tuple[object, int]:
        return await usable_credentials(
            run.connector,
            client,
            tenant_id=job.tenant_id,
            connection_id=job.connection_id,
            database=services.database,
            vault=services.vault,
            now=services.clock(),
            refused_version=refused_version,
        )

    held, version = await credentials()
    renewed_at: set[str | None] = set()  # cursors
    while True:
        try:
            await _taken(run, run.connector.fetch(client, held, wanted), services)
        except ProviderError as error:
            if error.action is not Action.REAUTH or not isinstance(run.connector, Renewable):
                raise
            if run.last is not None:
                wanted = replace(wanted, cursor=run.last.cursor)
            if wanted.cursor in renewed_at:
                raise
            renewed_at.add(wanted.cursor)
            held, version = await credentials(refused_version=version)
            run.void()
        else:
            return


async def _taken(run: _Run, fetched: AsyncIterator[Fetched], services: Services) -> None:
    async with aclosing(fetched) as items:  # type: ignore[type-var]  # connectors are generators
        async for item in items:
            match item:
                case Page():
                    await _keep(run, item, services)
                case Restart():
                    _restart(run, item)
                case Checkpoint():
                    await _apply(run, item, services)
                case _:
                    assert_never(item)


async def _keep(run: _Run, page: Page, services: Services) -> None:
    """Keeps a page before anything is made of it: it survives whatever comes next."""
    run.pages += 1
    run.size += len(page.body)
    if run.pages > PAGES_MAX or run.size > GROUP_BYTES_MAX:
        raise _too_much()
    job, raw_id = run.job, uuid4()
    aad = Aad(tenant_id=job.tenant_id, purpose="raw", record_id=raw_id)
    sealed = run.key.seal_bytes(page.body, aad=aad)
    async with services.database.as_(services.scope(job)) as tx:
        if await syncs.hold(tx, job, lease=services.lease, fetched=0):
            raise Cancelled
        document = await raw.keep_page(
            tx,
            job,
            raw_id=raw_id,
            name=page.name,
            media_type=page.media_type,
            body=page.body,
            sealed=sealed,
        )
    run.kept.append(Kept(page=page, document=document))


def _restart(run: _Run, restart: Restart) -> None:
    run.restarts += 1
    log.info("sync.restarted", extra={"job_id": str(run.job.id), "reason": restart.reason})
    if run.restarts > RESTARTS_MAX:
        raise ProviderError(
            action=Action.RETRY,
            kind=ErrorKind.BUSINESS,
            code="data-keeps-changing",
            message="The provider's data changed again and again while it was read.",
            next_step="Nothing: it is tried again later.",
        )
    run.void()


async def _apply(run: _Run, checkpoint: Checkpoint, services: Services) -> None:
    counts = await run.applying.apply(run.kept, checkpoint)
    run.void()
    run.last = checkpoint
    async with services.database.as_(services.scope(run.job)) as tx:
        if await syncs.hold(tx, run.job, lease=services.lease, fetched=counts.processed):
            raise Cancelled
    await services.tell(run.job)
    await services.tell_rows(run.job)


def _too_much() -> ProviderError:
    return ProviderError(
        action=Action.STOP,
        kind=ErrorKind.VALIDATION,
        code="too-much-at-once",
        message=f"The provider sent more than {PAGES_MAX:,} pages, or too much at once.",
        next_step="Report it to the operator.",
    )
