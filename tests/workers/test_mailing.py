"""Mail goes to the addresses of a channel, or to the members of its role and above."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from channels.email import MailServer
from core.models import Role
from tests.fixtures.mailbox import mailbox
from tests.fixtures.post import Post, log_of, post_office
from tests.fixtures.world import World

SENDER = "feeds@bankfeeds.example"


async def test_members_of_the_role_and_above_get_mail(world: World, redis_url: str) -> None:
    async with mailbox() as (inbox, url), _post(world, redis_url, url) as post:
        place, other = await world.place(role=Role.OWNER), await world.place(role=Role.OWNER)
        admin = await post.graph.user(place, Role.ADMIN)
        await post.graph.user(place, Role.MEMBER)
        await post.email(place, recipient_role="admin")
        await post.put(place)
        await post.put(other)
        await post.deliver()

    (mail,) = inbox.mails
    assert mail.mail_from == SENDER
    assert mail.rcpt_tos == [f"{who}@example.com" for who in (place.user_id, admin.user_id)]
    assert str(inbox.mail()["Subject"]).endswith(": Statements")


async def test_given_addresses_get_mail(world: World, redis_url: str) -> None:
    async with mailbox() as (inbox, url), _post(world, redis_url, url) as post:
        place = await world.place()
        await post.email(place, recipients=["alarms@harbor.example", "not an address\r\nX: y"])
        await post.put(place)
        await post.deliver()

        (delivery,) = await post.deliveries(place)

    assert inbox.mails[0].rcpt_tos == ["alarms@harbor.example"]
    assert log_of(delivery) == [(1, None, None)]


async def test_mail_that_is_refused_for_good_is_given_up(world: World, redis_url: str) -> None:
    refuses = {"DATA": "554 no"}
    async with mailbox(refuses) as (_, url), _post(world, redis_url, url) as post:
        place = await world.place()
        await post.email(place, recipient_role="viewer")
        await post.put(place)
        await post.deliver()
        (delivery,) = await post.deliveries(place)

    assert (delivery["state"], log_of(delivery)) == ("failed", [(1, 554, "mail-refused")])


async def test_mail_to_nobody_is_given_up(world: World, redis_url: str) -> None:
    async with mailbox() as (_, url), _post(world, redis_url, url) as post:
        place = await world.place(role=Role.ADMIN)
        await post.email(place, recipient_role="owner")
        await post.put(place)
        await post.deliver()
        (delivery,) = await post.deliveries(place)

    assert (delivery["state"], log_of(delivery)) == ("failed", [(1, None, "no-recipients")])


def _post(world: World, redis_url: str, url: str) -> AbstractAsyncContextManager[Post]:
    return post_office(world, redis_url, mail=MailServer.of(url, SENDER))
