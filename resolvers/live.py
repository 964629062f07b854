"""Live: the current state of something, then each change of it, for as long as someone listens.

Events are hints with ids. What they point to is read again, as the subscriber, in a short
transaction of its own; no transaction is open while nothing happens. Hints may be lost, so every
stream also looks by itself every `EVENT_PATIENCE_S`. Who was away says since when, and is told
first what they missed.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.errors import BadInput, Forbidden
from core.jobs import SETTLED, JobState
from core.models import Account, Connection, Job
from core.notifications import Notification
from db import accounts, connections, jobs, mappings, notifications, tenants, transactions
from db.events import EVENT_PATIENCE_S
from db.notifications import NotificationFilter
from db.session import Tx
from db.transactions import Change
from resolvers.changes import CHANGES_MAX, OVERLAP, Changes
from resolvers.context import Context

PAUSE_S: Final = 0.2  # between two looks: at most five events a second of one job
JOBS_MAX: Final = 1_000  # whose last state a stream remembers
MISSED_MAX: Final = 1_000  # jobs that are told to who was away
MISSED_FOR: Final = timedelta(hours=24)
LOOK_MAX: Final = 100  # ended jobs that one look finds; the next goes on after them
NOTHING: Final = Change(added=0, updated=0, removed=0)
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


async def jobs_of(
    context: Context, *, connection_id: UUID | None, since: datetime | None = None
) -> AsyncGenerator[Job, None]:
    """The states of all jobs of a connection, or of the tenant; the newest one's at once.

    With `since`, first those of all jobs that changed since then. Raises BadInput where that was
    too long ago or those are too many, and Forbidden where there is no such connection, or no
    longer for the caller.
    """
    async with context.services.events.listen(context.tenant, "job") as hints:
        async with context.read() as tx:
            await _check(tx, context, connection_id)
            now = await jobs.now(tx)
            first = await _missed(tx, context, connection_id, since, now=now)
            first += await _current(tx, context, connection_id, but={one.id for one in first})
        changes = Changes(now)
        changes.tell({one.id: one.updated_at for one in first}, looked_at=now)
        for one in first:
            yield one
        while True:
            async with context.read() as tx:
                await _check(tx, context, connection_id)
                looked_at, changed = await jobs.changed(
                    tx,
                    tenant_id=context.tenant,
                    connection_id=connection_id,
                    since=changes.since,
                    most=CHANGES_MAX,
                )
                new = changes.tell(changed, looked_at=looked_at)
                found = await jobs.by_ids(tx, tenant_id=context.tenant, ids=new) if new else {}
            for own_id in new:
                if own_id in found:
                    yield found[own_id]
            if new:
                await asyncio.sleep(PAUSE_S)
            await _hint(hints, None)


async def connection(context: Context, *, connection_id: UUID) -> AsyncGenerator[Connection, None]:
    """A connection's states. Raises Forbidden where there is none such, or no longer."""
    last: Connection | None = None
    async with context.services.events.listen(context.tenant, "connection") as hints:
        while True:
            async with context.read() as tx:
                current = await connections.find(
                    tx, tenant_id=context.tenant, connection_id=connection_id
                )
            if current is None:
                raise Forbidden("not found")
            if current != last:
                last = current
                yield current
                await asyncio.sleep(PAUSE_S)
            await _hint(hints, {connection_id})


async def connections_of(context: Context) -> AsyncGenerator[Connection, None]:
    """The newest connections, then each that changes. Raises Forbidden for who is no member."""
    seen = dict[UUID, Connection]()
    async with context.services.events.listen(context.tenant, "connection") as hints:
        now, wanted = await _newest_connections(context)
        changes = Changes(now)
        while True:
            async with context.read() as tx:
                await _check(tx, context, None)
                looked_at, changed = await connections.changed(
                    tx, tenant_id=context.tenant, since=changes.since, most=CHANGES_MAX
                )
                wanted += changes.tell(changed, looked_at=looked_at)
                found = await connections.by_ids(tx, tenant_id=context.tenant, ids=wanted)
            new = [one for one in found.values() if seen.get(one.id) != one]
            for one in new:
                yield one
                seen[one.id] = one
            if new:
                await asyncio.sleep(PAUSE_S)
            wanted = list(await _hint(hints, None))


async def transactions_of(
    context: Context, *, account_id: UUID | None, since: datetime | None = None
) -> AsyncGenerator[TransactionsChange, None]:
    """First a change of nothing, then what each job changed once it ended, also those since then.

    Looks at `LOOK_MAX` ended jobs at a time, each once. Raises BadInput where `since` is too long
    ago or too many ended, and Forbidden where there is no such account, or no longer for the
    caller.
    """
    async with context.services.events.listen(context.tenant, "transactions") as hints:
        async with context.read() as tx:
            account = await _account(tx, context, account_id)
            ended = _Ended(context, _from(since, now=await jobs.now(tx)))
            if since is None:
                while await ended.look(tx):
                    continue  # what ended before is no news
            else:
                await ended.check(tx)
        yield TransactionsChange(account=account, job=None, change=NOTHING)
        hinted: set[UUID] = set()
        while True:
            async with context.read() as tx:
                account = await _account(tx, context, account_id)
                found = [
                    TransactionsChange(account=account, job=one, change=change)
                    for one in await ended.look(tx, hinted)
                    if (change := await _change(tx, context, account, one)) != NOTHING
                ]
            for event in found:
                yield event
            hinted = set() if ended.is_behind else await _hint(hints, None)


async def notifications_of(
    context: Context, *, since: datetime | None = None
) -> AsyncGenerator[Notification, None]:
    """The newest notification, then each that comes; with `since`, first those since then.

    Raises BadInput where that was too long ago or those are too many, and Forbidden where the
    caller is no member, or no longer.
    """
    seen: dict[UUID, None] = {}
    async with context.services.events.listen(context.tenant, "notification") as hints:
        hinted = set[UUID]()
        async with context.read() as tx:
            await _check(tx, context, None)
            begin = _from(since, now=await jobs.now(tx), instead="notifications")
            _, missed = await notifications.recent(
                tx, tenant_id=context.tenant, since=begin, most=MISSED_MAX + 1
            )
            newest = await notifications.page(
                tx, tenant_id=context.tenant, wanted=NotificationFilter(), first=1, after=None
            )
        if since is not None and len(missed) > MISSED_MAX:
            raise _too_many("notifications came", "notifications")
        if since is None:
            seen = dict.fromkeys(missed)
            for one in newest.items:
                seen.pop(one.id, None)
                hinted.add(one.id)
        while True:
            async with context.read() as tx:
                await _check(tx, context, None)
                looked_at, ids = await notifications.recent(
                    tx, tenant_id=context.tenant, since=begin, most=MISSED_MAX
                )
                new = [one for one in {*ids, *hinted} if one not in seen]
                found = await notifications.by_ids(tx, tenant_id=context.tenant, ids=new)
            for one in sorted(found.values(), key=lambda told: (told.created_at, told.id)):
                yield one
            seen = dict.fromkeys([*seen, *found][-2 * MISSED_MAX :])
            begin = looked_at - OVERLAP
            hinted = await _hint(hints, None)


class _Ended:
    """Which of the tenant's jobs have ended since the last look: each end is told once."""

    def __init__(self, context: Context, since: datetime) -> None:
        self._context = context
        self._since = since
        self._seen: dict[UUID, Job] = {}
        self.is_behind = False  # whether another look would find more

    async def check(self, tx: Tx) -> None:
        """Raises BadInput where more ended than can be told."""
        _, found = await transactions.finished_jobs(
            tx, tenant_id=self._context.tenant, since=self._since, most=MISSED_MAX + 1
        )
        if len(found) > MISSED_MAX:
            raise _too_many("jobs changed", "ingestionJobs")

    async def look(self, tx: Tx, hinted: Iterable[UUID] = ()) -> list[Job]:
        """Those that ended, in this order; also those that a hint names."""
        tenant = self._context.tenant
        looked_at, ids = await transactions.finished_jobs(
            tx, tenant_id=tenant, since=self._since, most=LOOK_MAX
        )
        wanted = list(dict.fromkeys([*ids, *hinted]))
        found = await jobs.by_ids(tx, tenant_id=tenant, ids=wanted) if wanted else {}
        new = [found[one] for one in wanted if one in found and self._is_new(found[one])]
        self._seen = _remembered(self._seen, new)
        # A full look goes on where it stopped; else on from now, with room for late commits.
        last = found[ids[-1]].finished_at if len(ids) == LOOK_MAX else None
        self._since = max(self._since, last or looked_at - OVERLAP)
        self.is_behind = last is not None and bool(new)
        return new

    def _is_new(self, job: Job) -> bool:
        before = self._seen.get(job.id)
        return before is None or before.finished_at != job.finished_at


async def _current(
    tx: Tx, context: Context, connection_id: UUID | None, *, but: Collection[UUID]
) -> list[Job]:
    """The newest job, and those that are under way, the newest last."""
    newest = await jobs.latest(tx, tenant_id=context.tenant, connection_id=connection_id)
    under_way = await jobs.under_way(tx, tenant_id=context.tenant, connection_id=connection_id)
    every = {one.id: one for one in (newest, *reversed(under_way)) if one is not None}
    return [one for one in every.values() if one.id not in but]


async def _missed(
    tx: Tx, context: Context, connection_id: UUID | None, since: datetime | None, *, now: datetime
) -> list[Job]:
    """The jobs that changed since somebody was here, if they were, in this order."""
    if since is None:
        return []
    found = await jobs.changed_since(
        tx,
        tenant_id=context.tenant,
        connection_id=connection_id,
        since=_from(since, now=now),
        most=MISSED_MAX + 1,
    )
    if len(found) > MISSED_MAX:
        raise _too_many("jobs changed", "ingestionJobs")
    return list(found)


def _from(since: datetime | None, *, now: datetime, instead: str = "ingestionJobs") -> datetime:
    """From when on changes are looked for: what was committed late may seem older than it is.

    `now` is the database's, as rows are stamped by its clock.
    """
    if since is None:
        return now - OVERLAP
    if since < now - MISSED_FOR:
        raise BadInput(
            f"`since` is more than {MISSED_FOR // timedelta(hours=1)} hours ago: read"
            f" `{instead}`, and follow from now on without it"
        )
    return min(since, now) - OVERLAP


def _too_many(happened: str, instead: str) -> BadInput:
    return BadInput(
        f"more than {MISSED_MAX} {happened} since `since`: read `{instead}`, and follow from now on"
        " without it"
    )


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


async def _change(tx: Tx, context: Context, account: Account | None, job: Job) -> Change:
    """What the job changed, of the account's where there is one."""
    change = Change(added=job.imported, updated=job.changed, removed=job.withdrawn)
    if account is None or change == NOTHING:
        return change
    if job.mapping_id is not None:
        # Derived rows name the import that brought their document, so they cannot be counted by
        # the job; but all of them are, or were, of an account that its mapping fed.
        fed = await mappings.fed(tx, tenant_id=context.tenant, mapping_id=job.mapping_id)
        return change if account.id in fed else NOTHING
    return await transactions.change_of_job(
        tx, tenant_id=context.tenant, job_id=job.id, account_id=account.id
    )


async def _newest_connections(context: Context) -> tuple[datetime, list[UUID]]:
    """The database's now, and ids of the newest connections."""
    async with context.read() as tx:
        now = await jobs.now(tx)
        newest = await connections.page(
            tx,
            tenant_id=context.tenant,
            wanted=connections.ConnectionFilter(),
            first=100,
            after=None,
        )
    return now, [one.id for one in newest.items]


def _remembered(seen: dict[UUID, Job], changed: Iterable[Job]) -> dict[UUID, Job]:
    """The last states, those that changed last at the end; the oldest are forgotten."""
    kept = dict(seen)
    for one in changed:
        kept.pop(one.id, None)
        kept[one.id] = one
    return dict(list(kept.items())[-JOBS_MAX:])
