"""Notification channels: admins make and change them; what is secret is never shown again."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from typing import Any

import pytest

from channels.email import MailServer
from core.models import Role
from core.vault import Aad
from resolvers.notification_channels import CHANNELS_MAX, TESTS_MAX
from schema.ids import encode
from tests.fixtures.graph import key
from tests.fixtures.post import OTHER_SECRET, SECRET, Post, post_office
from tests.fixtures.world import Place, World

URL = "https://hooks.example:8443/T000/B000/TheTokenOfIt"
SLACK = "https://hooks.slack.example/services/T000/B000/TokenOfSlack"
SHOWN = """
id type name kinds enabled disabledReason disabledAt failures host ending previousUntil recipients
recipientRole createdBy { id }
"""
CREATE = f"""
mutation ($input: NotificationChannelCreateInput!) {{ notificationChannelCreate(input: $input) {{
  channel {{ {SHOWN} }} userErrors {{ code message path }}
}} }}
"""
UPDATE = f"""
mutation ($id: ID!, $input: NotificationChannelUpdateInput!) {{
  notificationChannelUpdate(id: $id, input: $input) {{
    channel {{ {SHOWN} }} userErrors {{ code message path }}
  }}
}}
"""
REMOVE = """
mutation ($id: ID!) { notificationChannelRemove(id: $id) { removedId userErrors { code } } }
"""
TEST = """
mutation ($id: ID!) { notificationChannelTest(id: $id) {
  delivery { id state notification { kind } channel { id } } userErrors { code message path }
} }
"""
LIST = f"""
{{ notificationChannels {{ edges {{ node {{ {SHOWN}
  deliveries {{ edges {{ node {{ id state notification {{ kind }} attempts {{ number }} }} }} }}
}} }} }} }}
"""
WEBHOOK = {"type": "WEBHOOK", "name": "Alarms", "url": URL, "secret": SECRET}


@pytest.fixture
async def post(world: World, redis_url: str) -> AsyncIterator[Post]:
    mail = MailServer.of("smtp://mail.example", "feeds@bankfeeds.example")
    async with post_office(world, redis_url, private_allowed=False, mail=mail) as post:
        yield post


async def _made(post: Post, place: Place, **given: Any) -> Any:
    answer = await post.graph.ask(place.user, CREATE, input={**WEBHOOK, **given})
    assert answer["userErrors"] == []
    return answer["channel"]


async def _kept(post: Post, place: Place, channel_id: str) -> dict[str, str]:
    """What is sealed of a channel, opened."""
    row = await post.world.owner.fetchrow(
        "select * from app.notification_channel_secrets where channel_id = $1", key(channel_id)
    )
    assert row is not None
    aad = Aad(tenant_id=place.tenant_id, purpose="notification.channel", record_id=key(channel_id))
    return {
        name: (await post.services.vault.open(row[name], aad=aad)).decode()
        for name in ("sealed_url", "sealed_secret", "sealed_previous")
        if row[name] is not None
    }


async def test_a_webhook_is_made_and_shows_what_is_no_secret(post: Post) -> None:
    place = await post.world.place()

    channel = await _made(post, place, kinds=["TOKEN_EXPIRING", "DATA_ANOMALY"])

    assert {**channel, "id": None} == {
        "id": None,
        "type": "WEBHOOK",
        "name": "Alarms",
        "kinds": ["TOKEN_EXPIRING", "DATA_ANOMALY"],
        "enabled": True,
        "disabledReason": None,
        "disabledAt": None,
        "failures": 0,
        "host": "hooks.example",
        "ending": SECRET[-4:],
        "previousUntil": None,
        "recipients": None,
        "recipientRole": None,
        "createdBy": {"id": encode("User", place.user_id)},
    }
    assert await _kept(post, place, channel["id"]) == {"sealed_url": URL, "sealed_secret": SECRET}


async def test_slack_shows_the_end_of_its_address(post: Post) -> None:
    place = await post.world.place()

    channel = await _made(post, place, type="SLACK", url=SLACK, secret=None)

    assert (channel["host"], channel["ending"]) == ("hooks.slack.example", SLACK[-4:])
    assert await _kept(post, place, channel["id"]) == {"sealed_url": SLACK}


@pytest.mark.parametrize(
    ("given", "recipients", "role"),
    [
        ({}, None, "ADMIN"),
        ({"recipientRole": "VIEWER"}, None, "VIEWER"),
        ({"recipients": ["a@b.example", "c@d.example", "a@b.example"]}, 2, None),
    ],
)
async def test_mail_goes_to_a_role_or_to_addresses(
    post: Post, given: dict[str, Any], recipients: int | None, role: str | None
) -> None:
    place = await post.world.place()

    channel = await _made(post, place, type="EMAIL", url=None, secret=None, **given)

    assert channel["recipientRole"] == role
    assert (channel["recipients"] and len(channel["recipients"])) == recipients
    assert (channel["host"], channel["ending"]) == (None, None)


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": " "}, "name"),
        ({"kinds": []}, "kinds"),
        ({"url": None}, "url"),
        ({"url": "http://hooks.example/"}, "url"),
        ({"url": "https://127.0.0.1/"}, "url"),
        ({"url": "https://2130706433/"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "https://[::ffff:10.0.0.1]/"}, "url"),
        ({"url": "ftp://hooks.example/"}, "url"),
        ({"secret": None}, "secret"),
        ({"secret": "hunter2hunter2hunter2"}, "secret"),
        ({"secret": "whsec_" + base64.b64encode(bytes(8)).decode()}, "secret"),
        ({"recipients": ["a@b.example"]}, "recipients"),
        ({"type": "SLACK"}, "secret"),
        ({"type": "EMAIL", "secret": None}, "url"),
        ({"type": "EMAIL", "url": None}, "secret"),
        ({"type": "EMAIL", "url": None, "secret": None, "recipients": []}, "recipients"),
        ({"type": "EMAIL", "url": None, "secret": None, "recipients": ["a"]}, "recipients"),
        (
            {"type": "EMAIL", "url": None, "secret": None, "recipients": ["a@b.example\nX: y"]},
            "recipients",
        ),
        (
            {
                "type": "EMAIL",
                "url": None,
                "secret": None,
                "recipients": [f"a{number}@b.example" for number in range(21)],
            },
            "recipients",
        ),
    ],
    ids=str,
)
async def test_what_cannot_be_is_refused_and_not_quoted(
    post: Post, given: dict[str, Any], path: str
) -> None:
    place = await post.world.place()

    answer = await post.graph.ask(place.user, CREATE, input={**WEBHOOK, **given})

    (error,) = answer["userErrors"]
    assert (error["code"], error["path"]) == ("INVALID", [path])
    assert answer["channel"] is None
    assert "hunter2" not in error["message"]
    assert await post.world.owner.fetchval("select count(*) from app.notification_channels") == 0


async def test_without_a_mail_server_there_are_no_channels_of_mail(
    world: World, redis_url: str
) -> None:
    async with post_office(world, redis_url) as post:
        place = await world.place()
        answer = await post.graph.ask(place.user, CREATE, input={"type": "EMAIL", "name": "Mail"})

    assert [(one["code"], one["path"]) for one in answer["userErrors"]] == [("INVALID", ["type"])]


async def test_development_sends_to_this_machine(world: World, redis_url: str) -> None:
    async with post_office(world, redis_url, private_allowed=True) as post:
        place = await world.place()
        channel = await _made(post, place, url="http://127.0.0.1:9000/hook")

    assert channel["host"] == "127.0.0.1"


async def test_a_change_leaves_what_is_not_given(post: Post) -> None:
    place = await post.world.place()
    made = await _made(post, place, kinds=["DATA_ANOMALY"])

    renamed = await post.graph.ask(place.user, UPDATE, id=made["id"], input={"name": "New"})
    cleared = await post.graph.ask(place.user, UPDATE, id=made["id"], input={"kinds": None})

    assert renamed["channel"] == made | {"name": "New"}
    assert cleared["channel"] == made | {"name": "New", "kinds": None}
    assert await _kept(post, place, made["id"]) == {"sealed_url": URL, "sealed_secret": SECRET}


async def test_a_new_secret_lets_the_one_before_sign_on(post: Post) -> None:
    place = await post.world.place()
    made = await _made(post, place)

    answer = await post.graph.ask(
        place.user, UPDATE, id=made["id"], input={"secret": OTHER_SECRET, "url": f"{URL}2"}
    )

    assert answer["userErrors"] == []
    assert answer["channel"]["ending"] == OTHER_SECRET[-4:]
    assert answer["channel"]["previousUntil"] is not None
    assert await _kept(post, place, made["id"]) == {
        "sealed_url": f"{URL}2",
        "sealed_secret": OTHER_SECRET,
        "sealed_previous": SECRET,
    }


async def test_a_channel_is_turned_off_and_on_again(post: Post) -> None:
    place = await post.world.place()
    made = await _made(post, place)

    off = await post.graph.ask(place.user, UPDATE, id=made["id"], input={"enabled": False})
    await post.world.owner.execute(
        "update app.notification_channels set disabled_reason = 'failing', failures = 5"
    )
    on = await post.graph.ask(place.user, UPDATE, id=made["id"], input={"enabled": True})

    assert (off["channel"]["enabled"], off["channel"]["disabledReason"]) == (False, None)
    assert off["channel"]["disabledAt"] is not None
    assert on["channel"] == made


async def test_mail_may_change_its_recipients(post: Post) -> None:
    place = await post.world.place()
    made = await _made(post, place, type="EMAIL", url=None, secret=None)

    given = {"recipients": ["a@b.example"]}
    addresses = await post.graph.ask(place.user, UPDATE, id=made["id"], input=given)
    role = await post.graph.ask(place.user, UPDATE, id=made["id"], input={"recipientRole": "OWNER"})

    assert addresses["channel"] == made | {"recipients": ["a@b.example"], "recipientRole": None}
    assert role["channel"] == made | {"recipients": None, "recipientRole": "OWNER"}


async def test_a_removed_channel_takes_its_secrets_with_it(post: Post) -> None:
    place = await post.world.place()
    made = await _made(post, place)
    await post.put(place)

    removed = await post.graph.ask(place.user, REMOVE, id=made["id"])
    again = await post.graph.ask(place.user, REMOVE, id=made["id"])

    left = await post.world.owner.fetchval(
        "select (select count(*) from app.notification_channel_secrets)"
        " + (select count(*) from app.notification_deliveries)"
    )
    assert removed == {"removedId": made["id"], "userErrors": []}
    assert again["userErrors"] == [{"code": "NOT_FOUND"}]
    assert left == 0


async def test_a_test_goes_to_its_channel_alone(post: Post) -> None:
    place = await post.world.place()
    made, other = await _made(post, place, kinds=["DATA_ANOMALY"]), await _made(post, place)

    answer = await post.graph.ask(place.user, TEST, id=made["id"])

    (delivery,) = await post.deliveries(place)
    assert answer["delivery"] == {
        "id": encode("NotificationDelivery", delivery["id"]),
        "state": "PENDING",
        "notification": {"kind": "TEST"},
        "channel": {"id": made["id"]},
    }
    assert delivery["channel_id"] == key(made["id"]) != key(other["id"])


async def test_a_channel_that_is_off_is_not_tested(post: Post) -> None:
    place = await post.world.place()
    made = await _made(post, place)
    await post.graph.ask(place.user, UPDATE, id=made["id"], input={"enabled": False})

    answer = await post.graph.ask(place.user, TEST, id=made["id"])

    assert [one["code"] for one in answer["userErrors"]] == ["CONFLICT"]


async def test_tests_and_channels_are_limited(post: Post) -> None:
    place = await post.world.place()
    made = await _made(post, place)
    for _ in range(TESTS_MAX):
        await post.graph.ask(place.user, TEST, id=made["id"])
    for _ in range(CHANNELS_MAX - 1):
        await _made(post, place)

    test = await post.graph.ask(place.user, TEST, id=made["id"])
    channel = await post.graph.ask(place.user, CREATE, input=WEBHOOK)
    post.clock.forward(hours=2)
    later = await post.graph.ask(place.user, TEST, id=made["id"])

    assert [one["code"] for one in test["userErrors"]] == ["LIMIT"]
    assert [one["code"] for one in channel["userErrors"]] == ["LIMIT"]
    assert later["userErrors"] == []


async def test_channels_and_tests_that_are_asked_for_at_once_keep_to_the_limit(post: Post) -> None:
    place = await post.world.place()
    for _ in range(CHANNELS_MAX - 1):
        made = await _made(post, place)
    for _ in range(TESTS_MAX - 1):
        await post.graph.ask(place.user, TEST, id=made["id"])

    channels = await asyncio.gather(
        *(post.graph.ask(place.user, CREATE, input=WEBHOOK) for _ in range(4))
    )
    tests = await asyncio.gather(
        *(post.graph.ask(place.user, TEST, id=made["id"]) for _ in range(4))
    )

    for answers in (channels, tests):
        codes = sorted(one["code"] for answer in answers for one in answer["userErrors"])
        assert codes == ["LIMIT"] * 3


@pytest.mark.parametrize("role", Role)
async def test_admins_alone_see_channels_and_deliveries(post: Post, role: Role) -> None:
    place = await post.world.place()
    made = await _made(post, place)
    test = await post.graph.ask(place.user, TEST, id=made["id"])
    user = await post.graph.user(place, role)
    node = "query ($id: ID!) { node(id: $id) { id } }"

    found = await post.graph.ask(user, LIST)
    nodes = [
        await post.graph.ask(user, node, id=one) for one in (made["id"], test["delivery"]["id"])
    ]

    sees = role.covers(Role.ADMIN)
    assert len(found["edges"]) == (1 if sees else 0)
    assert [one is not None for one in nodes] == [sees] * 2


async def test_nothing_that_is_asked_shows_a_secret(post: Post) -> None:
    place = await post.world.place()
    made = await _made(post, place)
    await _made(post, place, type="SLACK", url=SLACK, secret=None)
    await post.graph.ask(place.user, TEST, id=made["id"])
    audit = "{ auditLog { edges { node { event data } } } }"

    shown = [
        str(await post.graph.ask(place.user, query))
        for query in (LIST, audit, "{ notifications { edges { node { data title } } } }")
    ]

    for secret in (URL, SLACK, "TheTokenOfIt", "TokenOfSlack", SECRET, SECRET[6:]):
        assert not [one for one in shown if secret in one]
    assert "channel.tested" in shown[1]
