"""A real worker, killed at any moment: whatever dies, every row of the file ends in the table once.

Workers, Postgres and Valkey are processes of their own; nothing here is simulated.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis

from core.jobs import ACTIVE
from db.bootstrap import LOGIN
from tests.fixtures.bai2_file import Detail, statement
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.own_postgres import own_postgres
from tests.fixtures.worker_process import WorkerProcess, worker_process
from tests.fixtures.world import Place, World, opened

ROWS = 60_000
DISTINCT = ROWS // 2  # every booking has a twin, far away in the file
FIRST_LINE = 4
SETTLES_WITHIN_S = 60
FILE = statement(
    *(Detail("475", 100 + row % DISTINCT, f"PURCHASE {row % DISTINCT}") for row in range(ROWS))
)
LEDGER = {"state": "completed", "processed": ROWS, "imported": ROWS, "duplicate": 0}


@pytest.fixture
def worker(database: DatabaseUrls, redis_url: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    """A worker of the test's world, not started yet."""
    with worker_process(database_url=database.login, redis_url=redis_url, folder=tmp_path) as one:
        yield one


@pytest.mark.parametrize("seed", [1, 2])
async def test_workers_killed_at_random_moments_and_a_wiped_redis_lose_nothing(
    world: World, worker: WorkerProcess, redis_url: str, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # a seed repeats a failure
    place = await world.place()
    job_id = await world.job(place, FILE)

    for _ in range(3):
        worker.start()
        await _claimed(world, place, job_id)
        await asyncio.sleep(chance.uniform(0, 0.8))
        worker.end()
        async with Redis.from_url(redis_url) as redis:
            await redis.flushdb()
    worker.start()

    await _settled(world, place, job_id, worker)
    await _assert_whole(world, place, job_id)
    assert (await world.ledger(place, job_id))["fence"] > 1, "no worker was killed at work"


async def test_a_worker_whose_database_connections_end_goes_on_by_itself(
    world: World, worker: WorkerProcess, database: DatabaseUrls, redis_url: str
) -> None:
    place = await world.place()
    job_id = await world.job(place, FILE)
    worker.start()
    await _claimed(world, place, job_id)

    for _ in range(2):
        await asyncio.sleep(0.4)
        await _end_connections(database)
        async with Redis.from_url(redis_url) as redis:
            await redis.flushdb()

    await _settled(world, place, job_id, worker)
    await _assert_whole(world, place, job_id)
    assert worker.running


async def test_a_worker_that_is_told_to_end_gives_its_job_back_and_ends(
    world: World, worker: WorkerProcess
) -> None:
    place = await world.place()
    job_id = await world.job(place, FILE)
    worker.start()
    await _claimed(world, place, job_id)

    status = worker.end(signal.SIGTERM)
    given_back = await world.ledger(place, job_id)
    worker.start()

    assert (status, given_back["state"]) == (0, "queued")
    await _settled(world, place, job_id, worker)
    await _assert_whole(world, place, job_id)


async def test_a_postgres_that_is_killed_recovers_and_so_does_the_import(
    place: Path, redis_url: str
) -> None:
    async with own_postgres(place / "postgres") as (postgres, urls):
        folder = place / "blobs"
        folder.mkdir()
        async with opened(urls, folder) as world:
            tenant = await world.place()
            job_id = await world.job(tenant, FILE)
            with worker_process(
                database_url=urls.login, redis_url=redis_url, folder=folder
            ) as worker:
                worker.start()
                await _claimed(world, tenant, job_id)
                await asyncio.sleep(0.5)
                os.kill(postgres.supervised.pid, signal.SIGKILL)

                await _settled(world, tenant, job_id, worker)
            await _assert_whole(world, tenant, job_id)


async def test_workers_killed_while_they_index_texts_leave_none_out(
    world: World, worker: WorkerProcess
) -> None:
    place = await world.place()
    await world.altered(batch_records=2_000).take_in(place, FILE)
    waiting = await _unindexed(world)

    for most in (waiting - 1, waiting // 2):
        worker.start()
        await _indexed(world, most)
        worker.end()
    worker.start()
    await _indexed(world, 0)

    assert await world.owner.fetchval("select count(*) from app.transaction_texts") == ROWS


async def _indexed(world: World, most: int) -> None:
    """Waits until so many merges are left to index, or fewer."""
    async with asyncio.timeout(SETTLES_WITHIN_S):
        while True:
            if await _unindexed(world) <= most:
                return
            await asyncio.sleep(0.01)


async def _unindexed(world: World) -> int:
    return int(await world.owner.fetchval("select count(*) from app.unindexed_texts"))


async def _claimed(world: World, place: Place, job_id: UUID) -> None:
    """Waits until a worker has the job, or has done it."""
    fence = (await world.ledger(place, job_id))["fence"]
    async with asyncio.timeout(SETTLES_WITHIN_S):
        while True:
            job = await world.ledger(place, job_id)
            if job["state"] not in ACTIVE or job["fence"] > fence:
                return
            await asyncio.sleep(0.02)


# What asyncpg says of a connection whose server died while it was asked.
CLIENT_ERRORS = (asyncpg.InterfaceError, asyncpg.InternalClientError)


async def _settled(world: World, place: Place, job_id: UUID, worker: WorkerProcess) -> None:
    deadline = time.monotonic() + SETTLES_WITHIN_S
    while time.monotonic() < deadline:
        assert worker.running, worker.log.read_text()
        try:
            if (await world.ledger(place, job_id))["state"] not in ACTIVE:
                return
        except (asyncpg.PostgresError, *CLIENT_ERRORS, OSError):
            pass  # Postgres is restarting
        await asyncio.sleep(0.1)
    raise AssertionError(f"the job is not settled; the worker said:\n{worker.log.read_text()}")


async def _assert_whole(world: World, place: Place, job_id: UUID) -> None:
    """Ledger and table say what an undisturbed import says: each line of the file, once."""
    job = await world.ledger(place, job_id)
    assert {name: job[name] for name in LEDGER} == LEDGER
    assert await world.findings(place, job_id) == []
    rows = await world.owner.fetch(
        "select raw_line, occurrence, description, (amount * -100)::int as minor"
        " from app.transactions where tenant_id = $1 and status = 'posted' order by raw_line",
        place.tenant_id,
    )
    assert [tuple(row) for row in rows] == [
        (
            FIRST_LINE + row,
            row // DISTINCT,
            f"PURCHASE {row % DISTINCT}",
            100 + row % DISTINCT,
        )
        for row in range(ROWS)
    ]


async def _end_connections(database: DatabaseUrls) -> None:
    admin = await asyncpg.connect(database.superuser)
    await admin.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and usename = $1",
        LOGIN,
    )
    await admin.close()
