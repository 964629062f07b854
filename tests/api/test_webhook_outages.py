"""Whatever is away or dies while a webhook comes, the event is kept or the provider hears of it."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from core.vault import Vault
from core.webhook_secrets import secret_aad
from db.keys import HeldKeys
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.mortal_api import DIES
from tests.fixtures.own_postgres import own_postgres
from tests.fixtures.post_office import Box, Counter, Office, counter_of, office_of
from tests.fixtures.postbox import Letter, told
from tests.fixtures.postbox_api import own_process
from tests.fixtures.world import World, opened

ROOT = Path(__file__).resolve().parents[2]
SECONDS_MAX = 30
NOBODY = "redis://127.0.0.1:1"  # refuses connections


@pytest.fixture
async def counter(
    world: World, database: DatabaseUrls, redis_url: str, tmp_path: Path
) -> AsyncIterator[Counter]:
    async with counter_of(world, database, redis_url, tmp_path) as counter:
        yield counter


async def test_while_the_queue_is_away_events_are_kept_and_swept(
    world: World, database: DatabaseUrls, tmp_path: Path
) -> None:
    office = office_of(world)
    place = await office.linked("item")
    async with counter_of(world, database, NOBODY, tmp_path) as counter:
        box = await office.box()

        started = time.perf_counter()
        statuses = [(await counter.post(box, box.letter(told()))).status_code for _ in range(50)]
        took_s = time.perf_counter() - started

    assert statuses == [200] * 50
    assert took_s < 10, "the answers waited for the queue"
    assert await office.process() == 50
    assert {event["state"] for event in await office.events(place)} == {"done"}


async def test_while_the_database_is_away_the_provider_is_told_to_come_again(
    place: Path, redis_url: str
) -> None:
    async with own_postgres(place / "postgres") as (postgres, urls):
        folder = place / "data"
        folder.mkdir()
        async with (
            opened(urls, folder) as world,
            counter_of(world, urls, redis_url, folder) as counter,
        ):
            box = await counter.office.box()
            letters = [box.letter(told(id=f"evt_{number}")) for number in range(5)]
            before = await counter.post(box, letters[0])
            os.kill(postgres.supervised.pid, signal.SIGKILL)

            away = await _refused(counter, box, letters[1])
            answers = [await _again(counter, box, number, letters) for number in range(1, 5)]

            kept = await _keys(counter.office)
    assert before.status_code == 200
    assert (away.status_code, away.content, away.headers.get("retry-after")) == (503, b"", "5")
    assert answers == [200] * 4
    assert kept == [f"evt_{number}" for number in range(5)]


async def test_a_database_that_does_not_answer_is_not_waited_for_too_long(
    counter: Counter, world: World
) -> None:
    box = await counter.office.box()
    assert (await counter.post(box, box.letter(told()))).status_code == 200
    async with world.owner.acquire() as connection, connection.transaction():
        await connection.execute("lock table private.webhook_inbox in access exclusive mode")

        started = time.perf_counter()
        response = await counter.post(box, box.letter(told(id="evt_late")))
        took_s = time.perf_counter() - started

    assert response.status_code == 503
    assert took_s < 8
    again = await counter.post(box, box.letter(told(id="evt_late")))
    assert again.status_code == 200
    keys = [row["dedupe_key"] for row in await counter.office.inbox()]
    assert keys.count("evt_late") == 1


@pytest.mark.parametrize("when", DIES)
async def test_an_api_that_dies_after_the_commit_loses_nothing(
    world: World, database: DatabaseUrls, redis_url: str, tmp_path: Path, when: str
) -> None:
    office = office_of(world)
    place = await office.linked("item")
    box = await office.box()
    letter = box.letter(told())

    with own_process(
        "tests.fixtures.mortal_api",
        database_url=database.login,
        redis_url=redis_url,
        data_dir=tmp_path,
        DIES=when,
    ) as (process, url):
        async with httpx.AsyncClient(base_url=url, timeout=SECONDS_MAX, trust_env=False) as http:
            with suppress(httpx.TransportError):  # it dies before or after it has answered
                await http.post(box.path, content=letter.body, headers=letter.headers)
        process.wait(SECONDS_MAX)
    async with counter_of(world, database, redis_url, tmp_path) as counter:
        again = await counter.post(box, letter)

    assert process.returncode == -signal.SIGKILL
    assert again.status_code == 200
    assert len(await office.inbox()) == 1
    assert await office.process() == 1
    assert len(await office.events(place)) == len(await office.jobs(place)) == 1


async def test_a_secret_that_no_key_opens_is_no_reason_to_lose_events(
    counter: Counter, world: World
) -> None:
    box = await counter.office.box()
    other = Vault(HeldKeys.of("elsewhere", bytes(32)))
    sealed = await other.seal(b"x", aad=secret_aad(tenant_id=None, endpoint_id=box.id))
    await world.owner.execute("update private.webhook_endpoints set sealed_secret = $1", sealed)

    response = await counter.post(box, box.letter(told()))

    assert response.status_code == 503


async def _refused(counter: Counter, box: Box, letter: Letter) -> httpx.Response:
    """The first answer that is no yes: a backend may outlive its postmaster for a moment."""
    for _ in range(100):
        answer = await counter.post(box, letter)
        if answer.status_code != 200:
            return answer
        await asyncio.sleep(0.02)
    raise AssertionError("the database never went away")


async def _again(counter: Counter, box: Box, number: int, letters: list[Letter]) -> int:
    """Delivers a letter until it is taken, as providers do."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            response = await counter.post(box, letters[number])
            if response.status_code != 503:
                return response.status_code
            await asyncio.sleep(0.2)


async def _keys(office: Office) -> list[str]:
    """The keys of what was kept, once the database answers."""
    async with asyncio.timeout(SECONDS_MAX):
        while True:
            with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
                return sorted(row["dedupe_key"] for row in await office.inbox())
            await asyncio.sleep(0.2)
