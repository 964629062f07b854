"""What is secret about channels shows in no log, no row, no error and no repr."""

from __future__ import annotations

import pytest

from channels.email import MailServer
from tests.fixtures.all_logs import AllLogs
from tests.fixtures.mailbox import mailbox
from tests.fixtures.post import SECRET, post_office
from tests.fixtures.receiver import hang_up, receiving, status
from tests.fixtures.world import World
from workers import parcels

TOKEN = "T0K3NofAwebhook"
PASSWORD = "p4ssw0rdOfMail"
SECRETS = (TOKEN, SECRET, SECRET.removeprefix("whsec_"), PASSWORD)


async def test_no_secret_is_shown(world: World, redis_url: str, all_logs: AllLogs) -> None:
    async with (
        mailbox({"MAIL": "535 who are you"}) as (_, url),
        post_office(
            world,
            redis_url,
            mail=MailServer.of(url.replace("://", f"://mailer:{PASSWORD}@"), "a@b.example"),
        ) as post,
        receiving(status(500, body=TOKEN.encode()), hang_up, status(200)) as receiver,
    ):
        place = await world.place()
        await post.webhook(place, f"{receiver.url}/{TOKEN}?token={TOKEN}")
        await post.slack(place, f"{receiver.url}/{TOKEN}")
        await post.slack(place, f"http://127.0.0.1:1/{TOKEN}")
        await post.email(place, recipient_role="owner")
        for _ in range(3):
            await post.put(place)
            await post.deliver()
            post.clock.forward(minutes=3)
        rows = await _everything(world)
    said = all_logs.said(but={"mail.log"})  # that is the server's, not ours

    assert "delivery.attempted" in said
    assert receiver.received
    for secret in SECRETS:
        assert secret not in said
        assert secret not in rows


async def test_a_parcel_and_its_target_do_not_show_where_they_go(
    world: World, redis_url: str
) -> None:
    async with post_office(world, redis_url) as post:
        place = await world.place()
        await post.webhook(place, f"https://hooks.example/{TOKEN}")
        await post.put(place)
        (delivery,) = await post.deliveries(place)
        async with world.database.as_(place.worker) as tx:
            parcel = await parcels.taken(
                tx, tenant_id=place.tenant_id, delivery_id=delivery["id"], now=post.clock()
            )
        assert parcel is not None
        target = await parcels.target(parcel, vault=post.services.vault, now=post.clock())

    assert target.url.endswith(TOKEN)
    assert len(target.keys) == 1
    for shown in (repr(parcel), repr(target), repr(post.services.sending)):
        assert TOKEN not in shown
        assert repr(target.keys[0]) not in shown


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_of_this_test_are_long_enough_to_be_found(secret: str) -> None:
    assert len(secret) > 12


async def _everything(world: World) -> str:
    """All rows about notifications, as text."""
    tables = (
        "notifications",
        "notification_channels",
        "notification_channel_secrets",
        "notification_deliveries",
    )
    rows = [await world.owner.fetch(f"select t::text from app.{table} as t") for table in tables]
    assert all(rows)
    return "\n".join(row[0] for found in rows for row in found)
