"""Webhooks end to end, with API and worker as processes of their own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis

from core.webhooks import ATTEMPTS_MAX
from tests.fixtures.api_server import KEYS
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.post_office import Box, Office, office_of
from tests.fixtures.postbox import told
from tests.fixtures.postbox_api import own_process
from tests.fixtures.worker_process import WorkerProcess, worker_process
from tests.fixtures.world import World

SETTLES_WITHIN_S = 30
SOON_S = 5
NOBODY = "redis://127.0.0.1:1"


@pytest.fixture
def office(world: World) -> Office:
    return office_of(world)


@pytest.fixture
def worker(database: DatabaseUrls, redis_url: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    """A worker that knows the provider, not started yet."""
    with worker_process(
        database_url=database.login,
        redis_url=redis_url,
        folder=tmp_path,
        command=("tests.fixtures.postbox_worker",),
        BANKFEEDS_KEYS=KEYS,
    ) as one:
        yield one


@asynccontextmanager
async def _api(
    database: DatabaseUrls, redis_url: str, folder: Path
) -> AsyncIterator[httpx.AsyncClient]:
    with own_process(
        "tests.fixtures.postbox_api",
        database_url=database.login,
        redis_url=redis_url,
        data_dir=folder,
    ) as (_, url):
        async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as http:
            yield http


async def _post(http: httpx.AsyncClient, box: Box, *events: dict[str, object]) -> int:
    letter = box.letter(*events)
    response = await http.post(box.path, content=letter.body, headers=letter.headers)
    return response.status_code


async def _settled(office: Office, count: int, *, within_s: float = SETTLES_WITHIN_S) -> None:
    """Waits until so many events are done."""
    async with asyncio.timeout(within_s):
        while True:
            states = [event["state"] for event in await office.events()]
            if states.count("done") >= count:
                return
            await asyncio.sleep(0.02)


async def test_an_event_is_processed_soon_after_it_came(
    office: Office, database: DatabaseUrls, redis_url: str, worker: WorkerProcess, tmp_path: Path
) -> None:
    place, box = await office.linked("item"), await office.box()
    async with _api(database, redis_url, tmp_path) as http:
        worker.start()
        assert await _post(http, box, told()) == 200
        await _settled(office, 1)  # the worker has started by now

        assert await _post(http, box, told(), told()) == 200
        await _settled(office, 3, within_s=SOON_S)

    assert {row["state"] for row in await office.inbox()} == {"done"}
    assert {job["kind"] for job in await office.jobs(place)} == {"sync"}


async def test_what_came_while_nobody_could_be_woken_is_swept(
    office: Office, database: DatabaseUrls, redis_url: str, worker: WorkerProcess, tmp_path: Path
) -> None:
    await office.linked("item")
    box = await office.box()
    worker.start()
    async with _api(database, NOBODY, tmp_path) as http:
        statuses = [await _post(http, box, told()) for _ in range(20)]
        async with Redis.from_url(redis_url) as redis:
            await redis.flushdb()

        await _settled(office, 20)

    assert statuses == [200] * 20
    assert worker.running, worker.log.read_text()


async def test_an_event_that_ends_workers_is_given_up_and_the_others_are_done(
    office: Office, database: DatabaseUrls, redis_url: str, worker: WorkerProcess, tmp_path: Path
) -> None:
    await office.linked("item")
    box = await office.box()
    async with _api(database, redis_url, tmp_path) as http:
        assert await _post(http, box, told("deadly"), *(told() for _ in range(10))) == 200
    worker.start()
    async with asyncio.timeout(SETTLES_WITHIN_S):
        while worker.running:  # noqa: ASYNC110  # processes send no events
            await asyncio.sleep(0.05)
    await office.world.owner.execute(
        "update private.webhook_inbox set attempts = $1 where event_type = 'deadly'", ATTEMPTS_MAX
    )
    await office.make_due()

    worker.start()
    await _settled(office, 10)
    async with asyncio.timeout(SETTLES_WITHIN_S):
        while not await _dead(office):  # noqa: ASYNC110  # processes send no events
            await asyncio.sleep(0.05)

    assert await _dead(office) == [("deadly", "attempts-exhausted")]


async def _dead(office: Office) -> list[tuple[str, str]]:
    return [
        (event["type"], event["error_code"])
        for event in await office.events()
        if event["state"] == "dead"
    ]
