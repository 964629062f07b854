"""What becomes of a delivery: tried again, given up, and its channel turned off."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from core.notifications import NotificationKind
from core.vault import Vault
from db.keys import HeldKeys
from tests.fixtures.post import OTHER_SECRET, SECRET, Post, log_of
from tests.fixtures.receiver import receiving, status
from workers.parcels import ATTEMPTS_MAX, BACKOFF, FAILURES_MAX, delay

WITHIN_S = 15


async def test_attempts_grow_apart_and_end(post: Post) -> None:
    place = await post.world.place()
    waits: list[timedelta] = []
    async with receiving(status(503)) as receiver:
        channel_id = await post.webhook(place, receiver.url)
        await post.put(place)
        for _ in range(ATTEMPTS_MAX + 2):
            await post.deliver()
            (delivery,) = await post.deliveries(place)
            if delivery["next_attempt_at"] is not None:
                waits.append(delivery["next_attempt_at"] - post.clock())
                post.clock.now = delivery["next_attempt_at"]

    assert len(receiver.received) == ATTEMPTS_MAX == 7
    assert (delivery["state"], delivery["locked_until"]) == ("failed", None)
    assert len(waits) == len(BACKOFF)
    for wait, backoff in zip(waits, BACKOFF, strict=True):
        assert backoff * 0.8 <= wait <= backoff * 1.2
    assert (await post.channel_row(channel_id))["failures"] == 1


async def test_who_asks_for_patience_gets_it(post: Post) -> None:
    place = await post.world.place()
    async with receiving(status(429, retry_after="600")) as receiver:
        await post.webhook(place, receiver.url)
        await post.put(place)
        await post.deliver()

    (delivery,) = await post.deliveries(place)
    assert delivery["next_attempt_at"] == post.clock() + timedelta(minutes=10)


def test_deliveries_that_failed_together_are_not_tried_together() -> None:
    waits = {delay(uuid4(), 1, None) for _ in range(50)}

    assert len(waits) == 50
    assert all(timedelta(seconds=24) <= wait <= timedelta(seconds=36) for wait in waits)


async def test_a_channel_that_is_gone_is_turned_off_and_that_is_told(post: Post) -> None:
    place = await post.world.place()
    async with receiving(status(410)) as gone, receiving() as other:
        channel_id = await post.webhook(place, gone.url, name="Old")
        await post.put(place)
        await post.deliver()
        await post.webhook(place, other.url)
        told = await post.put(place, NotificationKind.DATA_ANOMALY)
        await post.deliver()

    channel = await post.channel_row(channel_id)
    disabled = await post.world.owner.fetchrow(
        "select * from app.notifications where kind = 'channel_disabled'"
    )
    assert disabled is not None
    assert (channel["enabled"], channel["disabled_reason"]) == (False, "gone")
    assert json.loads(disabled["data"]) == {"channel": "Old", "reason": "gone"}
    assert told is not None
    assert len(gone.received) == 1
    assert [json.loads(one.body)["type"] for one in other.received] == ["data_anomaly"]


async def test_others_hear_that_a_channel_was_turned_off(post: Post) -> None:
    place = await post.world.place()
    async with receiving(status(410)) as gone, receiving() as other:
        await post.webhook(place, gone.url, kinds=["data_anomaly"])
        await post.webhook(place, other.url, kinds=["channel_disabled"])
        async with post.services.events.listen(place.tenant_id, "notification") as hints:
            await post.put(place, NotificationKind.DATA_ANOMALY)
            await post.deliver()
            async with asyncio.timeout(WITHIN_S):
                heard = [await hints.get() for _ in range(2)]
            more = hints.qsize()

    assert [json.loads(one.body)["type"] for one in other.received] == ["channel_disabled"]
    assert (len(set(heard)), more) == (2, 0)


async def test_what_waits_for_a_channel_that_is_turned_off_is_given_up(post: Post) -> None:
    place = await post.world.place()
    async with receiving(status(500), status(410)) as receiver:
        channel_id = await post.webhook(place, receiver.url)
        await post.put(place)
        await post.deliver()
        await post.put(place)
        await post.deliver()
        post.clock.forward(minutes=1)
        await post.deliver()

    first, second = await post.deliveries(place)
    assert {first["state"], second["state"]} == {"failed"}
    assert log_of(first)[-1] == (2, None, "channel-disabled")
    assert len(receiver.received) == 2
    assert (await post.channel_row(channel_id))["failures"] == 1


async def test_a_channel_at_which_nothing_arrives_is_turned_off(post: Post) -> None:
    place = await post.world.place()
    async with receiving(status(500)) as receiver:
        channel_id = await post.webhook(place, receiver.url)
        for number in range(FAILURES_MAX):
            assert (await post.channel_row(channel_id))["failures"] == number
            await _give_up(post, place)

    channel = await post.channel_row(channel_id)
    assert (channel["enabled"], channel["disabled_reason"]) == (False, "failing")


async def test_a_delivery_that_arrives_lets_a_channel_start_afresh(post: Post) -> None:
    place = await post.world.place()
    async with receiving(*[status(500)] * ATTEMPTS_MAX, status(200)) as receiver:
        channel_id = await post.webhook(place, receiver.url)
        await _give_up(post, place)
        before = (await post.channel_row(channel_id))["failures"]
        await post.put(place)
        await post.deliver()

    assert (before, (await post.channel_row(channel_id))["failures"]) == (1, 0)


async def _give_up(post: Post, place: Any) -> None:
    """A notification that is sent until it is given up."""
    await post.put(place)
    for _ in range(ATTEMPTS_MAX):
        await post.deliver()
        post.clock.forward(days=2)


@pytest.mark.parametrize("hours", [1, 25])
async def test_the_secret_before_signs_on_for_a_day(post: Post, hours: int) -> None:
    place = await post.world.place()
    async with receiving() as receiver:
        channel_id = await post.webhook(place, receiver.url)
        await post.world.owner.execute(
            "update app.notification_channel_secrets set sealed_previous = $1, previous_until = $2",
            await post.seal(place, channel_id, OTHER_SECRET),
            post.clock() + timedelta(hours=24),
        )
        post.clock.forward(hours=hours)
        await post.put(place)
        await post.deliver()

    signatures = receiver.received[0].headers["webhook-signature"].split(" ")
    body, headers = receiver.received[0].body.decode(), receiver.received[0].headers
    at = datetime.fromtimestamp(int(headers["webhook-timestamp"]), tz=post.clock().tzinfo)
    secrets = [SECRET, OTHER_SECRET][: len(signatures)]
    assert len(signatures) == (2 if hours < 24 else 1)
    assert signatures == [
        Webhook(secret).sign(headers["webhook-id"], at, body) for secret in secrets
    ]


async def test_a_key_that_is_not_here_is_no_end(post: Post) -> None:
    place = await post.world.place()
    other = replace(post, services=replace(post.services, vault=Vault(HeldKeys.of("x", bytes(32)))))
    async with receiving() as receiver:
        await post.webhook(place, receiver.url)
        await post.put(place)
        await other.deliver()
        post.clock.forward(minutes=1)
        await post.deliver()

    (delivery,) = await post.deliveries(place)
    assert log_of(delivery) == [(1, None, "not-unsealed"), (2, 200, None)]
