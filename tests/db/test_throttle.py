"""Limits that all workers share: no window ever has more calls, however many workers there are."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from redis.asyncio import Redis

from db.rate_limits import RateLimitsUnavailable
from db.throttle import Limit, Throttle
from pipeline.pacing import ALONE, Paced
from providers.base import Rate
from providers.http import Client
from providers.plaid.connector import PLAID
from tests.fixtures.plaid_feed import ANYTHING, CLIENT_ID, PLATYPUS, SECRET, PlaidBank, open_bank

CONNECTION_ID = UUID(int=7)
PATH = "/institutions/get_by_id"
NOBODY = "redis://127.0.0.1:1/0"
CALLS = 10
WINDOW = timedelta(seconds=0.6)
# Calls are counted when they leave; on a busy machine they do not arrive as evenly.
ON_THE_WAY_S = 0.25


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as redis:
        yield redis


async def test_calls_beyond_the_limit_are_told_how_long_to_wait(redis: Redis) -> None:
    throttle = Throttle(redis)
    limit = Limit(key="a", calls=3, per=timedelta(seconds=5))

    waits = [await throttle.take([limit]) for _ in range(4)]

    assert waits[:3] == [timedelta(0)] * 3
    assert timedelta(seconds=4) < waits[3] <= timedelta(seconds=5)


async def test_all_limits_take_a_call_or_none_does(redis: Redis) -> None:
    throttle = Throttle(redis)
    wide = Limit(key="wide", calls=2, per=timedelta(seconds=5))
    narrow = Limit(key="narrow", calls=1, per=timedelta(seconds=5))

    await throttle.take([wide, narrow])
    refused = await throttle.take([wide, narrow])

    assert refused > timedelta(0)
    assert await throttle.take([wide]) == timedelta(0), "the refused call was not counted"


async def test_no_window_has_more_calls_than_the_limit_with_many_workers(redis_url: str) -> None:
    limit = Limit(key="shared", calls=CALLS, per=WINDOW)
    taken: list[float] = []

    async def work(throttle: Throttle) -> None:
        while len(taken) < CALLS * 4:
            wait = await throttle.take([limit])
            if wait == timedelta(0):
                taken.append(time.monotonic())
            await asyncio.sleep(wait.total_seconds())

    async with AsyncExitStack() as stack, asyncio.timeout(15):
        # A connection of its own for each, as processes have.
        clients = [await stack.enter_async_context(Redis.from_url(redis_url)) for _ in range(8)]
        await asyncio.gather(*(work(Throttle(client)) for client in clients))

    assert len(taken) >= CALLS * 4
    assert _most_within(taken, WINDOW.total_seconds() - ON_THE_WAY_S) <= CALLS


async def test_a_provider_is_never_asked_more_often_by_many_workers(redis_url: str) -> None:
    async with open_bank(redis_url) as bank, AsyncExitStack() as stack:
        clients = [await _client(bank, redis_url, stack) for _ in range(6)]

        async with asyncio.timeout(15):
            await asyncio.gather(*(_ask(client, times=5) for client in clients))

        seen = [one.started_s for one in bank.sandbox.faults.requests(PATH)]

    assert len(seen) == 30
    assert _most_within(seen, WINDOW.total_seconds() - ON_THE_WAY_S) <= CALLS


async def _client(bank: PlaidBank, redis_url: str, stack: AsyncExitStack) -> Client:
    """A client as another worker has one, of the same connection."""
    redis = await stack.enter_async_context(Redis.from_url(redis_url))
    rate = Rate(calls=CALLS, per=WINDOW)
    facts = replace(PLAID.facts, app_rate=rate, connection_rate=rate, rates={})
    pace = Paced(Throttle(redis), facts, connection_id=CONNECTION_ID, policy=ANYTHING)
    return Client(bank.http, app=bank.app, failures=PLAID.failures, pace=pace)


async def _ask(client: Client, *, times: int) -> None:
    for _ in range(times):
        await client.post(
            PATH,
            json={
                "client_id": CLIENT_ID,
                "secret": SECRET,
                "institution_id": PLATYPUS,
                "country_codes": ["US"],
            },
        )


async def test_without_redis_calls_are_made_slowly() -> None:
    async with Redis.from_url(NOBODY) as away:
        throttle = Throttle(away)
        with pytest.raises(RateLimitsUnavailable):
            await throttle.take([Limit(key="a", calls=1, per=WINDOW)])
        paced = Paced(throttle, PLAID.facts, connection_id=None, policy=ANYTHING)

        started = time.monotonic()
        for _ in range(3):
            await paced.take("/accounts/get")

    assert time.monotonic() - started >= 3 * ALONE.total_seconds()


async def test_a_redis_that_does_not_answer_costs_a_second_at_most() -> None:
    held = asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await held.wait()
        writer.close()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Redis.from_url(f"redis://127.0.0.1:{port}/0") as mute:
        started = time.monotonic()
        with pytest.raises(RateLimitsUnavailable):
            await Throttle(mute).take([Limit(key="a", calls=1, per=WINDOW)])
        took_s = time.monotonic() - started
        held.set()

    assert took_s < 3


def _most_within(times: list[float], window_s: float) -> int:
    """The most calls in any time of that length."""
    ordered = sorted(times)
    most = first = 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= window_s:
            first += 1
        most = max(most, last - first + 1)
    return most
