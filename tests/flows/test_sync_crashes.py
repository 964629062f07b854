"""Real workers that die in the middle of syncs: the tables equal the truth, every row stands once.

Workers, Postgres and Valkey are processes of their own; the simulated Plaid answers over a socket.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis

from core.jobs import ACTIVE, JobTrigger
from db import syncs
from sandbox.faults import FaultRule
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.own_postgres import own_postgres
from tests.fixtures.plaid_feed import CLIENT_ID, SECRET, Feed, PlaidBank, connected
from tests.fixtures.worker_process import WorkerProcess, worker_process
from tests.fixtures.world import opened

WITHIN_S: Final = 60
ADDED: Final = 505  # two pages
SYNC: Final = "/transactions/sync"
# What asyncpg says of a connection whose server died while it was asked.
CLIENT_ERRORS: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError)

Stopped = Callable[[Feed, UUID], Awaitable[None]]


@pytest.fixture
def worker(
    database: DatabaseUrls, redis_url: str, tmp_path: Path, bank: PlaidBank
) -> Iterator[WorkerProcess]:
    """A worker of the test's world and bank, not started yet."""
    with worker_process(database_url=database.login, redis_url=redis_url, folder=tmp_path) as one:
        one.environ.update(_application(bank))
        yield one


def _application(bank: PlaidBank) -> dict[str, str]:
    return {
        "BANKFEEDS_PROVIDER_PLAID_URL": bank.app.url,
        "BANKFEEDS_PROVIDER_PLAID_CLIENT_ID": CLIENT_ID,
        "BANKFEEDS_PROVIDER_PLAID_SECRET": SECRET,
    }


@asynccontextmanager
async def before_a_page_is_kept(feed: Feed) -> AsyncIterator[Stopped]:
    """The first page has come, and cannot be written."""
    async with _locked(feed, "lock table app.raw_ingestion_data in share mode") as stopped:
        yield stopped


@asynccontextmanager
async def after_the_first_page_is_kept(feed: Feed) -> AsyncIterator[Stopped]:
    """The second page does not come."""

    async def stopped(feed: Feed, job_id: UUID) -> None:
        await _until(lambda: _pages(feed, job_id), 2)  # that of the accounts, and one more

    feed.bank.sandbox.faults.add(FaultRule(path=SYNC, kind="hang", after=1))
    yield stopped
    feed.bank.sandbox.faults.clear()


@asynccontextmanager
async def before_rows_and_cursor_commit(feed: Feed) -> AsyncIterator[Stopped]:
    """All rows are written, and the cursor cannot be."""
    async with _locked(feed, "lock table app.sync_cursors in share mode") as stopped:
        yield stopped


@asynccontextmanager
async def after_the_commit_and_before_the_end(feed: Feed) -> AsyncIterator[Stopped]:
    """Rows and cursor are there, and the connection's row cannot be written."""
    connection_id = feed.place.connection_id
    held = f"select from app.connections where id = '{connection_id}' for share"
    async with _locked(feed, held) as stopped:
        yield stopped
    job_id = await feed.world.owner.fetchval(
        "select job_id from app.sync_cursors where connection_id = $1", connection_id
    )
    assert await feed.world.owner.fetchval(
        "select state = 'running' from app.ingestion_jobs where id = $1", job_id
    ), "the cursor is of a job that had not ended"


@asynccontextmanager
async def before_it_is_acknowledged(feed: Feed) -> AsyncIterator[Stopped]:
    """The ledger says how the sync ended; the worker has had no time to do more."""

    async def stopped(feed: Feed, job_id: UUID) -> None:
        await _until(lambda: _settled(feed, job_id), True)

    yield stopped


STEPS: Final = (
    before_a_page_is_kept,
    after_the_first_page_is_kept,
    before_rows_and_cursor_commit,
    after_the_commit_and_before_the_end,
    before_it_is_acknowledged,
)


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_workers_killed_at_each_step_lose_nothing_and_repeat_nothing(
    feed: Feed, worker: WorkerProcess, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # a seed repeats a failure
    # Without any cursor, the very first sync is another one than those that follow.
    for step in chance.sample(STEPS, len(STEPS)):
        _change(feed, chance)
        async with step(feed) as stopped:
            job_id = await _asked(feed)
            if not worker.running:
                worker.start()
            await _reached(stopped(feed, job_id), worker)
            worker.kill()
        worker.start()
        await _await_settled(feed, job_id, worker)

        job = await feed.world.ledger(feed.place, job_id)
        assert job["state"] == "completed", step.__name__
        await feed.assert_truth()
        await _assert_rows_are_of_pages_that_count(feed)


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
async def test_workers_killed_at_any_moment_and_a_wiped_redis_lose_nothing(
    feed: Feed, worker: WorkerProcess, redis_url: str, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311
    _change(feed, chance)
    feed.bank.sandbox.faults.add(FaultRule(path="/", kind="slow", delay_s=0.1, times=None))
    job_id = await _asked(feed)

    hit = 0
    for _ in range(3):
        if await _settled(feed, job_id):
            _change(feed, chance)
            job_id = await _asked(feed)
        fence = (await feed.world.ledger(feed.place, job_id))["fence"]
        worker.start()
        await _until(partial(_claimed_after, feed, job_id, fence), True)
        await asyncio.sleep(chance.uniform(0, 0.6))
        worker.kill()
        hit += (await feed.world.ledger(feed.place, job_id))["state"] == "running"
        await _wipe(redis_url)
    worker.start()
    await _await_settled(feed, job_id, worker)

    assert hit, "no worker was killed at work: this proves nothing"
    assert (await feed.world.ledger(feed.place, job_id))["state"] == "completed"
    await feed.assert_truth()
    await _assert_rows_are_of_pages_that_count(feed)


async def test_syncs_that_wait_in_a_redis_that_is_wiped_are_done_all_the_same(
    feed: Feed, worker: WorkerProcess, redis_url: str
) -> None:
    job_id = await _asked(feed)
    async with Redis.from_url(redis_url) as redis:
        await redis.set("something", "else")
        await redis.flushdb()
    worker.start()
    await _await_settled(feed, job_id, worker)
    await _wipe(redis_url)
    _change(feed, random.Random(9))  # noqa: S311
    again = await _asked(feed)

    await _await_settled(feed, again, worker)

    await feed.assert_truth()
    assert worker.running


async def test_a_postgres_that_is_killed_in_the_middle_of_a_sync_recovers_and_so_does_the_sync(
    place: Path, redis_url: str, bank: PlaidBank
) -> None:
    async with own_postgres(place / "postgres") as (postgres, urls):
        folder = place / "blobs"
        folder.mkdir()
        async with opened(urls, folder) as world:
            feed = await connected(world, bank, await bank.link())
            _change(feed, random.Random(4))  # noqa: S311
            bank.sandbox.faults.add(FaultRule(path=SYNC, kind="slow", delay_s=2, after=1))
            with worker_process(
                database_url=urls.login, redis_url=redis_url, folder=folder
            ) as worker:
                worker.environ.update(_application(bank))
                job_id = await _asked(feed)
                worker.start()
                await _until(lambda: _pages(feed, job_id), 2)
                os.kill(postgres.supervised.pid, signal.SIGKILL)

                await _await_settled(feed, job_id, worker)

            assert (await feed.world.ledger(feed.place, job_id))["state"] == "completed"
            await feed.assert_truth()
            await _assert_rows_are_of_pages_that_count(feed)


@pytest.mark.parametrize(
    "rule",
    [
        FaultRule(path=SYNC, kind="status", status=500, after=1, times=4),
        FaultRule(path=SYNC, kind="status", status=429, after=1),
        FaultRule(path=SYNC, kind="status", status=429, retry_after="3", after=1),
        FaultRule(path=SYNC, kind="cut", after=1, times=4),
        FaultRule(path=SYNC, kind="garbage", after=1, times=2),
    ],
    ids=lambda rule: f"{rule.kind}-{rule.status}-{rule.retry_after}",
)
async def test_a_provider_that_fails_half_way_is_asked_again_by_itself(
    feed: Feed, worker: WorkerProcess, rule: FaultRule
) -> None:
    _change(feed, random.Random(5))  # noqa: S311
    feed.bank.sandbox.faults.add(rule)
    job_id = await _asked(feed)

    worker.start()
    if rule.status == 429 and rule.retry_after is None:
        await _until(lambda: _is_put_off(feed, job_id), True)
        await feed.world.make_due(feed.place, job_id)
    await _await_settled(feed, job_id, worker)

    job = await feed.world.ledger(feed.place, job_id)
    assert (job["state"], job["fence"] > 1) == ("completed", True)
    assert feed.bank.sandbox.faults.armed()[0].striking == 0
    await feed.assert_truth()
    await _assert_rows_are_of_pages_that_count(feed)


def _change(feed: Feed, chance: random.Random) -> None:
    """Two pages of news."""
    feed.bank.control.advance(
        feed.item,
        added=ADDED,
        pending=chance.randrange(3),
        modified=chance.randrange(5),
        removed=chance.randrange(5),
        twins=chance.randrange(2),
    )


async def _asked(feed: Feed) -> UUID:
    """A new sync that waits for a worker."""
    async with feed.world.database.as_(feed.place.worker) as tx:
        job_id = await syncs.request(
            tx,
            tenant_id=feed.place.tenant_id,
            connection_id=feed.place.connection_id,
            trigger=JobTrigger.USER,
        )
    assert job_id is not None
    return job_id


@asynccontextmanager
async def _locked(feed: Feed, statement: str) -> AsyncIterator[Stopped]:
    """Nobody gets past this lock until the block ends; what is yielded waits for who tries."""
    blocked = (
        "select exists (select from pg_locks where not granted and $1 = any(pg_blocking_pids(pid)))"
    )

    async def stopped(feed: Feed, job_id: UUID) -> None:
        await _until(lambda: feed.world.owner.fetchval(blocked, holder), True)
        assert (await feed.world.ledger(feed.place, job_id))["state"] == "running"

    async with feed.world.owner.acquire() as connection, connection.transaction():
        await connection.execute(statement)
        holder = await connection.fetchval("select pg_backend_pid()")
        yield stopped


async def _pages(feed: Feed, job_id: UUID) -> int:
    """How many pages of the sync are kept."""
    return int(
        await feed.world.owner.fetchval(
            "select count(*) from app.raw_ingestion_data where job_id = $1", job_id
        )
    )


async def _settled(feed: Feed, job_id: UUID) -> bool:
    return (await feed.world.ledger(feed.place, job_id))["state"] not in ACTIVE


async def _claimed_after(feed: Feed, job_id: UUID, fence: int) -> bool:
    """Whether a worker has the job since then, or has done it."""
    job = await feed.world.ledger(feed.place, job_id)
    return job["state"] not in ACTIVE or job["fence"] > fence


async def _is_put_off(feed: Feed, job_id: UUID) -> bool:
    """Whether the sync waits for long, as the provider asked without saying how long."""
    job = await feed.world.ledger(feed.place, job_id)
    now = await feed.world.owner.fetchval("select now()")
    return bool(job["state"] == "queued" and job["next_run_at"] - now > timedelta(seconds=20))


async def _until(found: Callable[[], Awaitable[object]], wanted: object) -> None:
    async with asyncio.timeout(WITHIN_S):
        while True:
            if await found() == wanted:
                return
            await asyncio.sleep(0.02)


async def _reached(step: Awaitable[None], worker: WorkerProcess) -> None:
    try:
        await step
    except TimeoutError:
        raise AssertionError(f"the step was not reached:\n{worker.log.read_text()}") from None


async def _await_settled(feed: Feed, job_id: UUID, worker: WorkerProcess) -> None:
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        assert worker.running, worker.log.read_text()
        try:
            if await _settled(feed, job_id):
                return
        except (asyncpg.PostgresError, *CLIENT_ERRORS, OSError):
            pass  # Postgres is restarting
        await asyncio.sleep(0.05)
    raise AssertionError(f"the sync has not ended; the worker said:\n{worker.log.read_text()}")


async def _wipe(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as redis:
        await redis.flushdb()


async def _assert_rows_are_of_pages_that_count(feed: Feed) -> None:
    """What a dead worker kept and never applied is nowhere in the table."""
    strays = await feed.world.owner.fetchval(
        "select count(*) from app.transactions t where t.tenant_id = $1 and not exists ("
        " select from app.applied_pages p where p.tenant_id = t.tenant_id and p.raw_id = t.raw_id)",
        feed.place.tenant_id,
    )
    assert strays == 0
