"""Real workers that die while they sync with a simulated Quiltt: every row stands once."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import pytest

from core.jobs import ACTIVE, JobTrigger
from db import syncs
from sandbox.faults import FaultRule
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.quiltt_service import API_KEY, Service, Services
from tests.fixtures.quiltt_syncing import CONNECTOR_ID, Syncing, Time, linked
from tests.fixtures.worker_process import WorkerProcess, worker_process
from tests.fixtures.world import World

WITHIN_S: Final = 60
KILLS: Final = 3
ANSWER_S: Final = 0.1


@pytest.fixture
def quiltt(quiltt_sockets: Services) -> Iterator[Service]:
    """A Quiltt whose time is that of the worker's process."""
    with quiltt_sockets.fresh(now=lambda: datetime.now(UTC)) as service:
        yield service


@pytest.fixture
async def bank(world: World, quiltt: Service) -> Syncing:
    """A connection that was never synced."""
    return await linked(world, quiltt, Time())


@pytest.fixture
def worker(
    database: DatabaseUrls, redis_url: str, tmp_path: Path, quiltt: Service
) -> Iterator[WorkerProcess]:
    """A worker of the test's world and Quiltt, not started yet."""
    with worker_process(
        database_url=database.login,
        redis_url=redis_url,
        folder=tmp_path,
        BANKFEEDS_PROVIDER_QUILTT_API_KEY=API_KEY,
        BANKFEEDS_PROVIDER_QUILTT_CONNECTOR_ID=CONNECTOR_ID,
        BANKFEEDS_PROVIDER_QUILTT_URL=quiltt.url,
        BANKFEEDS_PROVIDER_QUILTT_AUTH_URL=quiltt.url,
        BANKFEEDS_PROVIDER_QUILTT_ENVIRONMENT="sandbox",
    ) as one:
        yield one


@pytest.mark.parametrize("seed", [1, 2])
async def test_workers_killed_at_any_moment_lose_nothing_and_repeat_nothing(
    bank: Syncing, worker: WorkerProcess, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311  # a seed repeats a failure
    slow = FaultRule(path="/", kind="slow", delay_s=ANSWER_S, times=None)
    bank.quiltt.app.faults.add(slow)

    hit = 0
    for _ in range(KILLS):
        job_id, fence = await _asked(bank)
        worker.start()
        await _until(lambda: _claimed_after(bank, job_id, fence), worker)  # noqa: B023
        await asyncio.sleep(chance.uniform(0, 3 * ANSWER_S))
        worker.kill()
        hit += (await bank.world.ledger(bank.place, job_id))["state"] == "running"
        bank.quiltt.control.change(bank.external_id, posted=1, pending=1)
    bank.quiltt.app.faults.clear()
    worker.start()
    await _until(lambda: _has_all(bank), worker)

    assert hit, "no worker was killed at work: this proves nothing"
    assert await bank.rows() == bank.truth()
    assert (await bank.connection())["status"] == "active"


async def _asked(bank: Syncing) -> tuple[UUID, int]:
    """The sync that a worker has or waits for one, a new one if need be; and its fence."""
    async with bank.world.database.as_(bank.place.worker) as tx:
        await syncs.request(
            tx,
            tenant_id=bank.place.tenant_id,
            connection_id=bank.place.connection_id,
            trigger=JobTrigger.USER,
        )
    row = await bank.world.owner.fetchrow(
        "select id, fence from app.ingestion_jobs where state in ('queued', 'running')"
        " order by state desc, created_at limit 1"
    )
    assert row is not None
    return row["id"], row["fence"]


async def _claimed_after(bank: Syncing, job_id: UUID, fence: int) -> bool:
    job = await bank.world.ledger(bank.place, job_id)
    return job["state"] not in ACTIVE or job["fence"] > fence


async def _has_all(bank: Syncing) -> bool:
    """Whether nothing waits and the history is complete; asks for what is left to read."""
    busy = await bank.world.owner.fetchval(
        "select exists (select from app.ingestion_jobs where state in ('queued', 'running'))"
    )
    if busy:
        return False
    if (await bank.connection())["sync_phase"] == "incremental" and (
        await bank.rows() == bank.truth()
    ):
        return True
    await _asked(bank)
    return False


async def _until(holds: Callable[[], Awaitable[bool]], worker: WorkerProcess) -> None:
    try:
        async with asyncio.timeout(WITHIN_S):
            while not await holds():  # noqa: ASYNC110  # the ledger sends no events here
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"it did not happen:\n{worker.log.read_text()}") from None
