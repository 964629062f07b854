"""Events reach those who listen, and nobody waits for a Redis that is not there."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from db.binaries import valkey_binary
from db.events import LISTENER_KEYS_MAX, RedisEvents, redis_events
from db.redis import connect
from db.valkey import embedded_valkey

SOON_S = 2


@pytest.fixture
async def events(redis_url: str) -> AsyncIterator[RedisEvents]:
    async with connect(redis_url) as redis, redis_events(redis) as events:
        yield events


async def test_what_is_published_reaches_everyone_who_listens(events: RedisEvents) -> None:
    tenant, key = uuid4(), uuid4()

    async with events.listen(tenant, "job") as one, events.listen(tenant, "job") as other:
        await events.publish(tenant, "job", key)
        async with asyncio.timeout(SOON_S):
            heard = [await one.get(), await other.get()]

    assert heard == [key, key]


async def test_another_tenants_and_another_topics_events_are_not_heard(
    events: RedisEvents,
) -> None:
    tenant, key = uuid4(), uuid4()

    async with events.listen(tenant, "job") as queue:
        await events.publish(uuid4(), "job", uuid4())
        await events.publish(tenant, "connection", uuid4())
        await events.publish(tenant, "job", key)
        async with asyncio.timeout(SOON_S):
            heard = await queue.get()

    assert heard == key
    assert queue.empty()


async def test_who_stops_listening_does_not_disturb_who_goes_on(events: RedisEvents) -> None:
    tenant, key = uuid4(), uuid4()

    async with events.listen(tenant, "job") as staying:
        async with events.listen(tenant, "job") as leaving:
            pass
        await events.publish(tenant, "job", key)
        async with asyncio.timeout(SOON_S):
            heard = await staying.get()

    assert heard == key
    assert leaving.empty()


async def test_a_topic_can_be_listened_to_again_after_everyone_had_left(
    events: RedisEvents,
) -> None:
    tenant, key = uuid4(), uuid4()
    for _ in range(3):
        async with events.listen(tenant, "job") as queue:
            await events.publish(tenant, "job", key)
            async with asyncio.timeout(SOON_S):
                assert await queue.get() == key


async def _cancelled_while_subscribing(events: RedisEvents, tenant: UUID) -> None:
    coming = asyncio.create_task(events.listen(tenant, "job").__aenter__())
    await asyncio.sleep(0)
    coming.cancel()
    await asyncio.wait([coming])
    assert coming.cancelled()


async def test_a_listener_cancelled_while_it_subscribes_leaves_nothing_behind(
    redis_url: str,
) -> None:
    tenant = uuid4()

    async with connect(redis_url) as redis, redis_events(redis) as events:
        async with events.listen(tenant, "witness"):
            for _ in range(3):
                await _cancelled_while_subscribing(events, tenant)
        async with events.listen(tenant, "last"):
            left = await redis.pubsub_channels(f"bankfeeds:{tenant}:*")

    assert left == [f"bankfeeds:{tenant}:last".encode()]


async def test_who_comes_after_a_cancelled_listener_hears(events: RedisEvents) -> None:
    tenant, key = uuid4(), uuid4()

    async with events.listen(tenant, "witness"):
        await _cancelled_while_subscribing(events, tenant)
        async with events.listen(tenant, "job") as queue:
            await events.publish(tenant, "job", key)
            async with asyncio.timeout(SOON_S):
                heard = await queue.get()

    assert heard == key


async def test_a_listener_that_does_not_read_drops_what_does_not_fit(
    events: RedisEvents,
) -> None:
    tenant = uuid4()

    async with events.listen(tenant, "job") as idle, events.listen(tenant, "last") as witness:
        for _ in range(LISTENER_KEYS_MAX + 50):
            await events.publish(tenant, "job", uuid4())
        await events.publish(tenant, "last", uuid4())
        async with asyncio.timeout(SOON_S):
            await witness.get()

        assert idle.qsize() == LISTENER_KEYS_MAX


async def test_what_is_no_id_is_not_delivered(redis_url: str) -> None:
    tenant, key = uuid4(), uuid4()

    async with (
        connect(redis_url) as redis,
        redis_events(redis) as events,
        events.listen(tenant, "job") as queue,
    ):
        await redis.publish(f"bankfeeds:{tenant}:job", b"\xff not an id")
        await events.publish(tenant, "job", key)
        async with asyncio.timeout(SOON_S):
            assert await queue.get() == key


async def test_publishing_to_a_dead_redis_neither_raises_nor_waits(tmp_path: Path) -> None:
    async with connect(f"unix://{tmp_path}/nobody.sock") as redis, redis_events(redis) as events:
        started = time.monotonic()
        for _ in range(100):
            await events.publish(uuid4(), "job", uuid4())
        async with events.listen(uuid4(), "job"):
            pass

    assert time.monotonic() - started < 3


async def test_publishing_to_a_silent_redis_waits_a_second_at_most() -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, connect(f"redis://127.0.0.1:{port}/0") as redis:
        events = RedisEvents(redis)
        started = time.monotonic()
        await events.publish(uuid4(), "job", uuid4())
        waited = time.monotonic() - started

    assert waited < 1.5


async def test_listeners_hear_again_after_redis_came_back(tmp_path: Path) -> None:
    tenant, key = uuid4(), uuid4()
    directory, program = tmp_path / "valkey", valkey_binary()
    async with embedded_valkey(directory, program, durable=False) as server:
        url = server.url()

    async with (
        connect(url) as redis,
        redis_events(redis) as events,
        events.listen(tenant, "job") as queue,
        embedded_valkey(directory, program, durable=False),
    ):
        async with asyncio.timeout(10):
            while queue.empty():
                await events.publish(tenant, "job", key)
                await asyncio.sleep(0.1)

        assert await queue.get() == key
