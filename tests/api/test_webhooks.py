"""Webhooks are taken where the provider signed these bytes now, and nowhere else."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from api.webhook_endpoints import REFRESHED_S
from core.webhook_secrets import new_secret, new_token
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.post_office import Box, Counter, counter_of
from tests.fixtures.postbox import Letter, body, told
from tests.fixtures.raw_http import raw_connection
from tests.fixtures.world import World

SEVERAL, AT_ONCE = 1_000, 100
OTHER_SECRET = "whsec_" + "b" * 44
MEMORY_S = REFRESHED_S + 0.05  # then a signature that does not fit makes the API look again


@pytest.fixture
def logged() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
async def counter(
    world: World, database: DatabaseUrls, redis_url: str, tmp_path: Path, logged: io.StringIO
) -> AsyncIterator[Counter]:
    async with counter_of(
        world, database, redis_url, tmp_path, log_to=logged, BANKFEEDS_LOG_LEVEL="debug"
    ) as counter:
        yield counter


@pytest.fixture
async def box(counter: Counter) -> Box:
    return await counter.office.box()


async def test_signed_event_is_kept_and_answered_without_a_word(counter: Counter, box: Box) -> None:
    letter = box.letter(told("transactions.changed", id="evt_1", at="2026-11-01T10:00:00+00:00"))

    response = await counter.post(box, letter, cookie="session=1", authorization="Bearer x")

    assert (response.status_code, response.content) == (200, b"")
    assert "set-cookie" not in response.headers
    (row,) = await counter.office.inbox()
    assert (row["dedupe_key"], row["event_type"], row["item"], row["state"]) == (
        "evt_1",
        "transactions.changed",
        "item",
        "received",
    )
    assert row["event_at"].isoformat() == "2026-11-01T10:00:00+00:00"
    assert json.loads(row["headers"]) == {
        "webhook-id": letter.id,
        "webhook-timestamp": str(letter.at),
    }


async def test_a_body_of_several_events_is_kept_as_several(counter: Counter, box: Box) -> None:
    first, second = told(item="one"), told(item="two")

    response = await counter.post(box, box.letter(first, second))

    assert response.status_code == 200
    assert sorted(json.loads(row["body"])["item"] for row in await counter.office.inbox()) == [
        "one",
        "two",
    ]


async def test_a_body_of_no_events_is_taken(counter: Counter, box: Box) -> None:
    response = await counter.post(box, box.letter())

    assert response.status_code == 200
    assert await counter.office.inbox() == []


@pytest.mark.parametrize("place", [0, 20, -1])
async def test_one_bit_of_the_body_is_refused(counter: Counter, box: Box, place: int) -> None:
    letter = box.letter(told())
    flipped = bytearray(letter.body)
    flipped[place] ^= 1

    response = await counter.api.http.post(box.path, content=bytes(flipped), headers=letter.headers)

    assert (response.status_code, response.content) == (401, b"")
    assert await counter.office.inbox() == []


async def test_a_body_that_was_written_again_is_refused(counter: Counter, box: Box) -> None:
    letter = box.letter(told())
    again = json.dumps(json.loads(letter.body)).encode()

    response = await counter.api.http.post(box.path, content=again, headers=letter.headers)

    assert json.loads(again) == json.loads(letter.body)
    assert response.status_code == 401


async def test_another_body_under_a_right_signature_is_refused(counter: Counter, box: Box) -> None:
    letter = box.letter(told(id="evt_1"))
    await counter.post(box, letter)

    response = await counter.api.http.post(
        box.path, content=body(told(id="evt_2")), headers=letter.headers
    )

    assert response.status_code == 401
    assert [row["dedupe_key"] for row in await counter.office.inbox()] == ["evt_1"]


@pytest.mark.parametrize("off_s", [-301, -86_400, 310, 86_400])
async def test_another_time_than_now_is_refused(counter: Counter, box: Box, off_s: int) -> None:
    letter = box.letter(told())

    response = await counter.post(box, replace(letter, at=letter.at + off_s))

    assert response.status_code == 401
    assert await counter.office.inbox() == []


@pytest.mark.parametrize("off_s", [-290, 290])
async def test_a_clock_that_is_a_little_off_is_forgiven(
    counter: Counter, box: Box, off_s: int
) -> None:
    letter = box.letter(told())

    response = await counter.post(box, replace(letter, at=letter.at + off_s))

    assert response.status_code == 200


@pytest.mark.parametrize("secret", [OTHER_SECRET, "whsec_", "whsec_" + "A" * 44])
async def test_another_secret_is_refused(counter: Counter, box: Box, secret: str) -> None:
    response = await counter.post(box, box.letter(told(), secret=secret))

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("name", "value", "status"),
    [
        ("webhook-signature", "", 400),
        ("webhook-signature", "v1", 401),
        ("webhook-signature", "v1,,a", 401),
        ("webhook-signature", "v2,AAAA", 401),
        ("webhook-signature", "v1,\u00ff\u00e9", 401),
        ("webhook-timestamp", "", 400),
        ("webhook-timestamp", "yesterday", 400),
        ("webhook-timestamp", "\u0661\u0662", 400),
        ("webhook-id", "", 400),
        ("webhook-id", "msg_another", 401),
    ],
)
async def test_headers_that_are_not_the_signed_ones_are_refused(
    counter: Counter, box: Box, name: str, value: str, status: int
) -> None:
    letter = box.letter(told())
    headers = {**letter.headers, name: value}
    raw = [(key.encode(), text.encode("utf-8")) for key, text in headers.items()]

    response = await counter.api.http.post(box.path, content=letter.body, headers=raw)

    assert (response.status_code, response.content) == (status, b"")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"events": [1]}', b"null"])
async def test_what_is_signed_but_no_event_is_malformed(
    counter: Counter, box: Box, content: bytes
) -> None:
    response = await counter.post(box, Letter(body=content, secret=box.secret))

    assert response.status_code == 400
    assert await counter.office.inbox() == []


async def test_a_replay_is_answered_alike_and_kept_once(counter: Counter, box: Box) -> None:
    letter = box.letter(told())

    responses = [await counter.post(box, letter) for _ in range(3)]

    assert [response.status_code for response in responses] == [200] * 3
    assert len(await counter.office.inbox()) == 1


async def test_a_thousand_at_once_are_kept_once(counter: Counter, box: Box) -> None:
    letter = box.letter(told())

    async def post_some(_: int) -> list[int]:
        async with raw_connection(counter.api.url) as connection:
            return [
                await connection.post(box.path, letter.body, letter.headers)
                for _ in range(SEVERAL // AT_ONCE)
            ]

    answers = await asyncio.gather(*map(post_some, range(AT_ONCE)))

    assert [status for some in answers for status in some] == [200] * SEVERAL
    assert len(await counter.office.inbox()) == 1


async def test_during_a_rotation_two_secrets_are_valid_and_after_it_one(
    counter: Counter, box: Box
) -> None:
    await counter.post(box, box.letter(told()))
    rotated = await counter.office.rotate(box, keep=timedelta(hours=1))
    await asyncio.sleep(MEMORY_S)

    during = [await counter.post(one, one.letter(told())) for one in (box, rotated)]
    await counter.office.world.owner.execute(
        "update private.webhook_endpoints set previous_until = now() - interval '1 second'"
    )
    await asyncio.sleep(MEMORY_S)
    await counter.post(rotated, rotated.letter(told(), secret=OTHER_SECRET))
    after = [await counter.post(one, one.letter(told())) for one in (box, rotated)]

    assert [response.status_code for response in during] == [200, 200]
    assert [response.status_code for response in after] == [401, 200]


async def test_a_rotation_without_an_overlap_ends_the_secret_before(
    counter: Counter, box: Box
) -> None:
    rotated = await counter.office.rotate(box, keep=timedelta(0))

    responses = [await counter.post(one, one.letter(told())) for one in (rotated, box)]

    assert [response.status_code for response in responses] == [200, 401]


@pytest.mark.parametrize(
    "path",
    [
        "/webhooks/postbox/" + "a2" * 13,
        "/webhooks/postbox/short",
        "/webhooks/postbox/" + "A" * 26,
        "/webhooks/postbox/" + "a" * 5_000,
        "/webhooks/nobody/" + "a2" * 13,
        "/webhooks/postbox",
        "/webhooks//",
    ],
)
async def test_an_unknown_address_is_not_found(counter: Counter, box: Box, path: str) -> None:
    letter = box.letter(told())

    response = await counter.api.http.post(path, content=letter.body, headers=letter.headers)

    assert response.status_code == 404


async def test_an_endpoint_takes_events_of_its_own_provider_alone(
    counter: Counter, box: Box
) -> None:
    elsewhere = replace(box, provider="letterbox")

    response = await counter.post(elsewhere, box.letter(told()))

    assert response.status_code == 404


async def test_a_disabled_endpoint_is_not_found(counter: Counter, box: Box) -> None:
    await counter.office.world.owner.execute(
        "update private.webhook_endpoints set disabled_at = now()"
    )

    response = await counter.post(box, box.letter(told()))

    assert response.status_code == 404


async def test_an_endpoint_without_a_secret_takes_nothing(counter: Counter, box: Box) -> None:
    await counter.office.world.owner.execute(
        "update private.webhook_endpoints set sealed_secret = null"
    )

    response = await counter.post(box, box.letter(told()))

    assert response.status_code == 401


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_other_methods_are_refused(counter: Counter, box: Box, method: str) -> None:
    response = await counter.api.http.request(method, box.path)

    assert response.status_code == 405


async def test_texts_that_postgres_cannot_keep_do_no_harm(counter: Counter, box: Box) -> None:
    odd = told("a\x00b" + "x" * 500, item="\ud800" + "y" * 100, id="k\x00" + "z" * 500)

    response = await counter.post(box, box.letter(odd))

    (row,) = await counter.office.inbox()
    assert response.status_code == 200
    assert (len(row["event_type"]), len(row["dedupe_key"])) == (119, 64)


async def test_no_body_no_secret_and_no_address_is_logged(
    counter: Counter, box: Box, logged: io.StringIO
) -> None:
    letter = box.letter(told(item="a-private-item", note="a-private-note"))

    await counter.post(box, letter)
    await counter.post(box, replace(letter, secret=new_secret()))
    await counter.post(box, Letter(body=b"a-private-body", secret=box.secret))
    await counter.post(replace(box, token=new_token()), letter)

    text = logged.getvalue()
    assert "webhook.refused" in text
    private = ("a-private", box.secret, box.token, letter.headers["webhook-signature"])
    assert not [word for word in private if word in text]


async def test_what_came_and_what_was_refused_is_counted(counter: Counter, box: Box) -> None:
    letter = box.letter(told())
    for one in (letter, letter, replace(letter, secret=new_secret())):
        await counter.post(box, one)
    await counter.post(replace(box, provider="nobody"), letter)

    text = (await counter.api.http.get("/metrics")).text

    for line in (
        'bankfeeds_webhooks_last_hour{provider="postbox",state="received"} 1.0',
        'bankfeeds_webhook_lag_seconds{provider="postbox"} 0.0',
        'bankfeeds_webhook_events_total{outcome="new",provider="postbox"} 1.0',
        'bankfeeds_webhook_events_total{outcome="known",provider="postbox"} 1.0',
        'bankfeeds_webhook_refusals_total{provider="postbox",reason="bad-signature"} 1.0',
        'bankfeeds_webhook_refusals_total{provider="unknown",reason="unknown-endpoint"} 1.0',
        'bankfeeds_http_requests_total{method="POST",route="/webhooks",status="200"} 2.0',
    ):
        assert line in text
