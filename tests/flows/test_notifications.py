"""Notifications through real worker processes: sent within seconds, and again after a kill."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from schema.ids import encode
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.post import SECRET, Post, log_of, post_office
from tests.fixtures.receiver import Received, receiving, status
from tests.fixtures.worker_process import worker_process
from tests.fixtures.world import Place, World

WITHIN_S = 30
POLL_S = 0.1
TEST = """
mutation ($id: ID!) { notificationChannelTest(id: $id) {
  delivery { id state attempts { number } } userErrors { message }
} }
"""
DELIVERY = """
query ($id: ID!) { node(id: $id) { ... on NotificationDelivery {
  state settledAt nextAttemptAt attempts { number statusCode errorCode } notification { kind }
} } }
"""


@pytest.fixture
async def post(world: World, redis_url: str) -> AsyncIterator[Post]:
    async with post_office(world, redis_url) as post:
        yield post


async def test_a_test_of_a_channel_goes_the_way_of_all_and_tells_how_it_went(
    post: Post, database: DatabaseUrls, redis_url: str, tmp_path: Path
) -> None:
    place = await post.world.place()
    with worker_process(
        database_url=database.login, redis_url=redis_url, folder=tmp_path
    ) as worker:
        worker.start()
        async with receiving() as receiver, asyncio.timeout(WITHIN_S):
            channel_id = await post.webhook(place, receiver.url, kinds=["token_expiring"])
            answer = await post.graph.ask(
                place.user, TEST, id=encode("NotificationChannel", channel_id)
            )
            found = await _settled(post, place, answer["delivery"]["id"])

    (request,) = receiver.received
    assert answer["userErrors"] == []
    assert (answer["delivery"]["state"], answer["delivery"]["attempts"]) == ("PENDING", [])
    assert found["state"] == "DELIVERED"
    assert found["attempts"] == [{"number": 1, "statusCode": 200, "errorCode": None}]
    assert found["notification"] == {"kind": "TEST"}
    assert Webhook(SECRET).verify(request.body, request.headers)["type"] == "test"


async def test_a_worker_that_is_killed_after_sending_sends_under_the_same_id_again(
    post: Post, database: DatabaseUrls, redis_url: str, tmp_path: Path
) -> None:
    place = await post.world.place()
    with worker_process(
        database_url=database.login, redis_url=redis_url, folder=tmp_path
    ) as worker:
        dead = asyncio.Event()

        async def kill(request: Received, writer: asyncio.StreamWriter) -> None:
            assert await asyncio.to_thread(worker.end) < 0
            dead.set()
            writer.close()

        async with receiving(kill, status(200)) as receiver, asyncio.timeout(WITHIN_S):
            await post.webhook(place, receiver.url)
            await post.put(place)
            worker.start()
            await dead.wait()
            (left,) = await post.deliveries(place)
            await post.world.owner.execute(
                "update app.notification_deliveries set locked_until = now()"
            )
            worker.start()
            await _settled(post, place, encode("NotificationDelivery", left["id"]))

    (delivery,) = await post.deliveries(place)
    ids = [request.headers["webhook-id"] for request in receiver.received]
    assert (left["state"], log_of(left)) == ("pending", [])
    assert ids == [f"msg_{delivery['id'].hex}"] * 2
    assert (delivery["state"], log_of(delivery)) == ("delivered", [(2, 200, None)])


async def _settled(post: Post, place: Place, delivery_id: str) -> Any:
    """The delivery when something has come of it."""
    while True:
        found = await post.graph.ask(place.user, DELIVERY, id=delivery_id)
        if found["settledAt"] is not None:
            return found
        await asyncio.sleep(POLL_S)
