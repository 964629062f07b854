"""Live: the current state of something, then each change of it, for as long as someone listens.

Events are hints with ids. What they point to is read again, as the subscriber, in a short
transaction of its own; no transaction is open while nothing happens. Hints may be lost, so every
stream also looks by itself every `EVENT_PATIENCE_S`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.errors import Forbidden
from core.jobs import SETTLED, JobState
from core.models import Account, Connection, Job
from db import accounts, connections, jobs, tenants, transactions
from db.events import EVENT_PATIENCE_S
from db.session import Tx
from db.transactions import Change
from resolvers.context import Context

PAUSE_S: Final = 0.2  # between two looks: at most five events a second of one job
OVERLAP: Final = timedelta(seconds=30)  # updated_at is when a transaction began, not its commit
JOBS_MAX: Final = 1_000  # whose last state a stream remembers
OPEN: Final = frozenset({JobState.AWAITING_MAPPING, JobState.AWAITING_REVIEW})


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionsChange:
    """What a job made of the tenant's transactions, or of one account's; no job: nothing yet."""

    account: Account | None
    job: Job | None
    change: Change


async def job(
    context: Context, *, job_id: UUID, connection_id: UUID | None
) -> AsyncGenerator[Job, None]:
    """A job's states; ends after one in which nothing more happens by itself.

    Raises Forbidden where there is no such job, or no longer for the caller.
    """
    last: Job | None = None
    async with context.services.events.listen(context.tenant, "job") as hints:
        while True:
            async with context.read() as tx:
                current = await jobs.find(tx, tenant_id=context.tenant, job_id=job_id)
            if current is None or connection_id not in (None, current.connection_id):
                raise Forbidden("not found")
            if current != last:
                last = current
                yield current
                if current.state in SETTLED - OPEN:
                    return
                await asyncio.sleep(PAUSE_S)
            await _hint(hints, {job_id})


async def jobs_of(context: Context, *, connection_id: UUID | None) -> AsyncGenerator[Job, None]:
    """The states of all jobs of a connection, or of the tenant; the newest one's at once.

    Raises Forbidden where there is no such connection, or no longer for the caller.
    """
    seen: dict[UUID, Job] = {}
    async with context.services.events.listen(context.tenant, "job") as hints:
        async with context.read() as tx:
            await _check(tx, context, connection_id)
            newest = await jobs.latest(tx, tenant_id=context.tenant, connection_id=connection_id)
        if newest is not None:
            seen[newest.id] = newest
            yield newest
        since = context.services.clock()
        while True:
            now = context.services.clock()
            async with context.read() as tx:
                await _check(tx, context, connection_id)
                found = await jobs.recent(
                    tx,
                    tenant_id=context.tenant,
                    connection_id=connection_id,
                    since=since - OVERLAP,
                )
            changed = [one for one in reversed(found) if seen.get(one.id) != one]
            for one in changed:
                yield one
            seen = _remembered(seen, changed)
            since = now
            if changed:
                await asyncio.sleep(PAUSE_S)
            await _hint(hints, None)


async def connection(
    context: Context, *, connection_id: UUID | None
) -> AsyncGenerator[Connection, None]:
    """A connection's states, or those of each connection that a hint names.

    Raises Forbidden where there is no such connection, or no longer for the caller.
    """
    seen: dict[UUID, Connection] = {}
    wanted = set() if connection_id is None else {connection_id}
    async with context.services.events.listen(context.tenant, "connection") as hints:
        if connection_id is None:
            wanted = await _newest_connections(context)
        while True:
            async with context.read() as tx:
                await _check(tx, context, connection_id)
                found = await connections.by_ids(tx, tenant_id=context.tenant, ids=list(wanted))
            changed = [one for one in found.values() if seen.get(one.id) != one]
            for one in changed:
                yield one
                seen[one.id] = one
            if changed:
                await asyncio.sleep(PAUSE_S)
            wanted |= await _hint(hints, None if connection_id is None else wanted)


async def transactions_of(
    context: Context, *, account_id: UUID | None
) -> AsyncGenerator[TransactionsChange, None]:
    """First a change of nothing, then what each job changed.

    Raises Forbidden where there is no such account, or no longer for the caller.
    """
    async with context.services.events.listen(context.tenant, "transactions") as hints:
        async with context.read() as tx:
            account = await _account(tx, context, account_id)
        yield TransactionsChange(
            account=account, job=None, change=Change(added=0, updated=0, removed=0)
        )
        while True:
            hinted = await _hint(hints, None)
            async with context.read() as tx:
                account = await _account(tx, context, account_id)
                found = [await _change(tx, context, account, job_id) for job_id in hinted]
            for change in found:
                if change is not None:
                    yield change


async def _hint(hints: asyncio.Queue[UUID], about: set[UUID] | None) -> set[UUID]:
    """Waits for hints, of these keys where some are given, but not longer than patience has."""
    heard: set[UUID] = set()
    try:
        async with asyncio.timeout(EVENT_PATIENCE_S):
            while not heard:
                heard = {await hints.get()}
                while not hints.empty():
                    heard.add(hints.get_nowait())
                if about is not None:
                    heard &= about
    except TimeoutError:
        return set()
    return heard


async def _check(tx: Tx, context: Context, connection_id: UUID | None) -> None:
    """Raises Forbidden unless the caller is a member still, and the connection is there."""
    if connection_id is None:
        role = await tenants.role(tx, tenant_id=context.tenant, user_id=context.user_id)
        if role is None:
            raise Forbidden("not found")
    elif not await connections.by_ids(tx, tenant_id=context.tenant, ids=[connection_id]):
        raise Forbidden("not found")


async def _account(tx: Tx, context: Context, account_id: UUID | None) -> Account | None:
    if account_id is None:
        await _check(tx, context, None)
        return None
    account = await accounts.find(tx, tenant_id=context.tenant, account_id=account_id)
    if account is None:
        raise Forbidden("not found")
    return account


async def _change(
    tx: Tx, context: Context, account: Account | None, job_id: UUID
) -> TransactionsChange | None:
    """What the job changed; None where that is nothing of the account's."""
    found = await jobs.find(tx, tenant_id=context.tenant, job_id=job_id)
    if found is None:
        return None
    if account is None:
        change = Change(added=found.imported, updated=found.changed, removed=found.withdrawn)
    else:
        change = await transactions.change_of_job(
            tx, tenant_id=context.tenant, job_id=job_id, account_id=account.id
        )
        if change == Change(added=0, updated=0, removed=0):
            return None
    return TransactionsChange(account=account, job=found, change=change)


async def _newest_connections(context: Context) -> set[UUID]:
    async with context.read() as tx:
        newest = await connections.page(
            tx,
            tenant_id=context.tenant,
            wanted=connections.ConnectionFilter(),
            first=100,
            after=None,
        )
    return {one.id for one in newest.items}


def _remembered(seen: dict[UUID, Job], changed: Iterable[Job]) -> dict[UUID, Job]:
    """The last states, those that changed last at the end; the oldest are forgotten."""
    kept = dict(seen)
    for one in changed:
        kept.pop(one.id, None)
        kept[one.id] = one
    return dict(list(kept.items())[-JOBS_MAX:])
