"""Notifications reach their channels: each once, again where they did not, and no longer than it
makes sense."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook

from channels.sending import Sending
from core.notifications import NotificationKind
from tests.fixtures.post import SECRET, Post, log_of
from tests.fixtures.receiver import Answer, hang_up, receiving, silence, status

WITHIN_S = 15


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
    assert log_of(delivery) == [(1, 200, None)]
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
    assert log_of(delivery) == [entry, (2, 200, None)]


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
    assert log_of(delivery) == [(1, None, "unreachable"), (2, 200, None)]


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
    assert log_of(delivery) == [(2, 200, None)]


async def test_a_message_that_ends_workers_is_given_up(post: Post) -> None:
    place = await post.world.place()
    async with receiving() as receiver:
        await post.webhook(place, receiver.url)
        await post.put(place)
        await post.world.owner.execute("update app.notification_deliveries set attempts = 10")
        await post.deliver()

    (delivery,) = await post.deliveries(place)
    assert (delivery["state"], log_of(delivery)) == ("failed", [(11, None, "interrupted")])
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


async def test_production_sends_nothing_into_its_own_network(post: Post) -> None:
    place = await post.world.place()
    async with receiving() as receiver:
        await post.webhook(place, receiver.url.replace("http:", "https:"))
        await post.slack(place, receiver.url)
        await post.put(place)
        await post.deliver(private_allowed=False)

    errors = {log_of(delivery)[0][2] for delivery in await post.deliveries(place)}
    assert errors == {"address-refused", "https-required"}
    assert receiver.connections == 0


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
    assert (delivery["state"], log_of(delivery)) == ("pending", [(1, None, "mail-not-configured")])
    assert post.services.sending == Sending(private_allowed=True)
