"""Notifications reach their channels: each once, again where they did not, and no longer than it
makes sense."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from standardwebhooks import Webhook

from channels.sending import Sending
from core.notifications import NotificationKind
from core.vault import Vault
from db.keys import HeldKeys
from tests.fixtures.post import OTHER_SECRET, SECRET, Post, post_office
from tests.fixtures.receiver import Answer, hang_up, receiving, silence, status
from tests.fixtures.world import World
from workers.parcels import ATTEMPTS_MAX, BACKOFF, FAILURES_MAX, delay

WITHIN_S = 15


@pytest.fixture
async def post(world: World, redis_url: str) -> AsyncIterator[Post]:
    async with post_office(world, redis_url) as post:
        yield post


def _log(delivery: Any) -> list[tuple[int, int | None, str | None]]:
    entries = json.loads(delivery["log_text"])
    return [(entry["number"], entry["status"], entry["error"]) for entry in entries]


async def test_a_notification_arrives_signed_at_a_webhook(post: Post) -> None:
    place = await post.world.place()
    async with receiving() as receiver:
        channel_id = await post.webhook(place, receiver.url)
        await post.put(place, code="login-required")
        await post.deliver()

    (request,) = receiver.received
    body = Webhook(SECRET).verify(request.body, request.headers)
    (delivery,) = await post.deliveries(place)
    assert body["type"] == "reauthentication_required"
    assert body["data"]["connection"]["name"] == "Statements"
    assert body["data"]["details"] == {"code": "login-required"}
    assert (delivery["state"], delivery["channel_id"]) == ("delivered", channel_id)
    assert _log(delivery) == [(1, 200, None)]
    assert request.headers["webhook-id"] == f"msg_{delivery['id'].hex}"


@pytest.mark.parametrize("count", [0, 1, 12])
async def test_each_channel_gets_it_once(post: Post, count: int) -> None:
    place, other = await post.world.place(), await post.world.place()
    async with receiving() as receiver:
        for _ in range(count):
            await post.webhook(place, receiver.url)
        await post.webhook(other, receiver.url)
        await post.put(place)
        await post.deliver()
        await post.deliver()

    ids = [request.headers["webhook-id"] for request in receiver.received]
    assert len(ids) == len(set(ids)) == count
    assert len(await post.deliveries(place)) == count
    assert await post.deliveries(other) == []


async def test_what_was_told_of_before_is_not_told_again(post: Post) -> None:
    place, other = await post.world.place(), await post.world.place()

    first, again = await post.put(place, key="one cause"), await post.put(place, key="one cause")
    elsewhere = await post.put(other, key="one cause")

    assert first is not None
    assert again is None
    assert elsewhere is not None


async def test_a_channel_gets_the_kinds_that_it_wants_while_it_is_on(post: Post) -> None:
    place = await post.world.place()
    async with receiving() as receiver:
        await post.webhook(place, receiver.url, kinds=["token_expiring"])
        await post.webhook(place, receiver.url, enabled=False, disabled_at=post.clock(), name="Off")
        await post.put(place, NotificationKind.DATA_ANOMALY)
        await post.put(place, NotificationKind.TOKEN_EXPIRING)
        await post.deliver()

    assert [json.loads(one.body)["type"] for one in receiver.received] == ["token_expiring"]


@pytest.mark.parametrize(
    ("answer", "entry"),
    [
        (status(500), (1, 500, "http-status")),
        (status(404), (1, 404, "http-status")),
        (hang_up, (1, None, "connection-broken")),
        (silence, (1, None, "timeout")),
    ],
)
async def test_what_did_not_arrive_is_sent_again_later(
    post: Post, answer: Answer, entry: tuple[int, int | None, str]
) -> None:
    place = await post.world.place()
    async with receiving(answer, status(200)) as receiver:
        await post.webhook(place, receiver.url)
        await post.put(place)
        await post.deliver(total_s=1.5)
        post.clock.forward(seconds=20)
        await post.deliver()
        early = len(receiver.received)
        post.clock.forward(seconds=20)
        await post.deliver()

    (delivery,) = await post.deliveries(place)
    assert (early, len(receiver.received)) == (1, 2)
    assert len({request.headers["webhook-id"] for request in receiver.received}) == 1
    assert delivery["state"] == "delivered"
    assert _log(delivery) == [entry, (2, 200, None)]


async def test_nobody_at_the_address_is_tried_again(post: Post) -> None:
    place = await post.world.place()
    async with receiving() as gone:
        url = gone.url
    await post.webhook(place, url)
    await post.put(place)
    await post.deliver()

    async with receiving(port=gone.port) as receiver:
        post.clock.forward(minutes=1)
        await post.deliver()

    (delivery,) = await post.deliveries(place)
    assert len(receiver.received) == 1
    assert _log(delivery) == [(1, None, "unreachable"), (2, 200, None)]


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
            heard = [hints.get_nowait() for _ in range(hints.qsize())]

    assert [json.loads(one.body)["type"] for one in other.received] == ["channel_disabled"]
    assert len(heard) == 2


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
    assert _log(first)[-1] == (2, None, "channel-disabled")
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


async def test_a_slow_receiver_holds_up_nobody(post: Post) -> None:
    slow, quick = await post.world.place(), await post.world.place()
    async with receiving(silence) as silent, receiving() as receiver:
        for _ in range(4):
            await post.webhook(slow, silent.url)
        await post.webhook(slow, receiver.url)
        await post.webhook(quick, receiver.url)
        for _ in range(10):
            await post.put(slow)
            await post.put(quick)
        async with post.courier(total_s=20) as courier, asyncio.timeout(WITHIN_S):
            while len(receiver.received) < 20:
                await courier.tick()
                await asyncio.sleep(0.02)
            waiting = silent.connections
            for task in courier._running:
                task.cancel()

    assert 0 < waiting <= 6
    states = [delivery["state"] for delivery in await post.deliveries(quick)]
    assert states == ["delivered"] * 10


async def test_two_workers_send_each_once(post: Post) -> None:
    place, other = await post.world.place(), await post.world.place()
    async with receiving() as receiver:
        for one in (place, other):
            for _ in range(3):
                await post.webhook(one, receiver.url)
            for _ in range(10):
                await post.put(one)
        async with post.courier() as first, post.courier() as second, asyncio.timeout(20):
            while any(await asyncio.gather(first.tick(), second.tick(), first.tick())):
                await asyncio.gather(first.idle(), second.idle())

    ids = [request.headers["webhook-id"] for request in receiver.received]
    assert len(ids) == len(set(ids)) == 60


async def test_a_claim_that_ran_out_is_another_workers(post: Post) -> None:
    place = await post.world.place()
    async with receiving() as receiver:
        await post.webhook(place, receiver.url)
        await post.put(place)
        await post.world.owner.execute(
            "update app.notification_deliveries set attempts = 1, locked_until = $1",
            post.clock() + timedelta(seconds=90),
        )
        await post.deliver()
        early = len(receiver.received)
        post.clock.forward(seconds=90)
        await post.deliver()

    (delivery,) = await post.deliveries(place)
    assert (early, len(receiver.received)) == (0, 1)
    assert _log(delivery) == [(2, 200, None)]


async def test_a_message_that_ends_workers_is_given_up(post: Post) -> None:
    place = await post.world.place()
    async with receiving() as receiver:
        await post.webhook(place, receiver.url)
        await post.put(place)
        await post.world.owner.execute("update app.notification_deliveries set attempts = 10")
        await post.deliver()

    (delivery,) = await post.deliveries(place)
    assert (delivery["state"], _log(delivery)) == ("failed", [(11, None, "interrupted")])
    assert receiver.connections == 0


async def test_what_is_being_sent_when_a_worker_ends_arrives(post: Post) -> None:
    place = await post.world.place()

    async def slowly(request: Any, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.3)
        await status(200)(request, writer)

    async with receiving(slowly) as receiver:
        await post.webhook(place, receiver.url)
        await post.put(place)
        async with post.courier() as courier:
            await courier.tick()

    (delivery,) = await post.deliveries(place)
    assert delivery["state"] == "delivered"


async def test_a_channel_may_be_removed_while_it_is_sent_to(post: Post) -> None:
    place = await post.world.place()
    async with receiving(silence) as receiver:
        await post.webhook(place, receiver.url)
        await post.put(place)
        async with post.courier(total_s=1.5) as courier, asyncio.timeout(WITHIN_S):
            await courier.tick()
            await receiver.arrived.wait()
            await post.world.owner.execute("delete from app.notification_channels")
            await courier.idle()

    assert await post.deliveries(place) == []


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


async def test_production_sends_nothing_into_its_own_network(post: Post) -> None:
    place = await post.world.place()
    async with receiving() as receiver:
        await post.webhook(place, receiver.url.replace("http:", "https:"))
        await post.slack(place, receiver.url)
        await post.put(place)
        await post.deliver(private_allowed=False)

    errors = {_log(delivery)[0][2] for delivery in await post.deliveries(place)}
    assert errors == {"address-refused", "https-required"}
    assert receiver.connections == 0


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
    assert _log(delivery) == [(1, None, "not-unsealed"), (2, 200, None)]


async def test_slack_hears_it_too(post: Post) -> None:
    place = await post.world.place()
    async with receiving() as receiver:
        await post.slack(place, receiver.url)
        await post.put(place)
        await post.deliver()

    (request,) = receiver.received
    assert set(json.loads(request.body)) == {"text", "blocks"}
    assert "webhook-signature" not in request.headers


async def test_without_a_mail_server_mail_waits(post: Post) -> None:
    place = await post.world.place()
    await post.email(place, recipient_role="viewer")
    await post.put(place)
    await post.deliver()

    (delivery,) = await post.deliveries(place)
    assert (delivery["state"], _log(delivery)) == ("pending", [(1, None, "mail-not-configured")])
    assert post.services.sending == Sending(private_allowed=True)
