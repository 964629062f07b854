"""GraphQL subscriptions as multipart, read as Apollo Client reads them: at each delimiter."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from email.message import Message
from typing import Any

import httpx
import pytest

from api.multipart import HEARTBEAT_S
from tests.fixtures.api_server import Api
from tests.fixtures.small_schema import Seen
from tests.fixtures.world import Place, World

ACCEPT = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


@asynccontextmanager
async def _stream(
    api: Api, token: str, query: str, accept: str = ACCEPT
) -> AsyncIterator[httpx.Response]:
    headers = {"authorization": f"Bearer {token}", "accept": accept}
    async with (
        asyncio.timeout(20),
        api.http.stream("POST", "/graphql", json={"query": query}, headers=headers) as response,
    ):
        yield response


async def _parts(response: httpx.Response) -> AsyncIterator[Any]:
    """What stands between the delimiters, as soon as the second one has come."""
    header = Message()
    header["content-type"] = response.headers["content-type"]
    delimiter = f"\r\n--{header.get_boundary()}"
    buffer = ""
    async for chunk in response.aiter_text():
        buffer += chunk
        while delimiter in buffer:
            part, _, buffer = buffer.partition(delimiter)
            headers, _, body = part.partition("\r\n\r\n")
            if body:
                assert headers.strip().lower() == "content-type: application/json"
                yield json.loads(body)
    assert buffer.strip() == "--"


async def _all(api: Api, token: str, query: str) -> list[Any]:
    async with _stream(api, token, query) as response:
        return [part async for part in _parts(response)]


@pytest.mark.parametrize(
    "accept",
    [
        ACCEPT,
        "multipart/mixed; subscriptionSpec=1.0",
        'multipart/mixed;subscriptionSpec="1.0", application/json;q=0.9',
        "application/json;q=0.5, Multipart/Mixed; boundary=x; SubscriptionSpec=1.0",
    ],
)
async def test_who_asks_for_multipart_gets_it(small: Api, place: Place, accept: str) -> None:
    query = "subscription { count(to: 2) }"
    async with _stream(small, small.token(place.user_id), query, accept) as response:
        parts = [part async for part in _parts(response)]

    assert response.status_code == 200
    assert response.headers["content-type"] == (
        'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"'
    )
    assert parts[0] == {}
    assert [part["payload"]["data"] for part in parts[1:]] == [{"count": 0}, {"count": 1}]


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("multipart/mixed;deferSpec=20220824, application/json", 200),
        ("multipart/mixed", 406),
        ("multipart/mixed; subscriptionSpec=2.0", 406),
    ],
)
async def test_other_multiparts_are_not_ours(
    small: Api, place: Place, accept: str, status: int
) -> None:
    response = await small.post(place.user_id, "{ hello }", {"accept": accept})

    assert response.status_code == status
    assert response.headers["content-type"] == "application/json; charset=utf-8"


async def test_each_event_can_be_read_when_it_happens(small: Api, place: Place) -> None:
    query = "subscription { count(to: 2, pause: 3) }"
    async with _stream(small, small.token(place.user_id), query) as response:
        parts = _parts(response)
        async with asyncio.timeout(2):
            first = [await anext(parts), await anext(parts)]

    assert first[1]["payload"]["data"] == {"count": 0}


async def test_a_quiet_stream_has_heartbeats(small: Api, place: Place) -> None:
    query = f"subscription {{ count(to: 2, pause: {HEARTBEAT_S + 1}) }}"

    parts = await _all(small, small.token(place.user_id), query)

    # The second pause is after the last event.
    assert [part.get("payload", {}).get("data") for part in parts] == [
        None,
        {"count": 0},
        None,
        {"count": 1},
        None,
    ]


async def test_a_wrong_document_is_told_in_a_payload(small: Api, place: Place) -> None:
    parts = await _all(small, small.token(place.user_id), "subscription { nope }")

    assert parts[1]["payload"]["errors"][0]["extensions"]["code"] == "BAD_INPUT"
    assert len(parts) == 2


async def test_a_query_is_a_stream_of_one_result(small: Api, place: Place) -> None:
    parts = await _all(small, small.token(place.user_id), "{ hello }")

    assert [part.get("payload", {}).get("data") for part in parts] == [
        None,
        {"hello": "hello world"},
    ]


async def test_a_stream_ends_with_its_token(small: Api, place: Place) -> None:
    token = small.token(place.user_id, lifetime=timedelta(seconds=2))

    parts = await _all(small, token, "subscription { count(to: 1000, pause: 0.2) }")

    assert parts[-1]["payload"] is None
    assert parts[-1]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_stream_that_fails_tells_so_and_hides_why(small: Api, place: Place) -> None:
    parts = await _all(small, small.token(place.user_id), 'subscription { failing(how: "bug") }')

    assert parts[2]["payload"]["errors"][0]["message"] == "internal error"


async def test_a_client_that_leaves_stops_its_subscription(
    small: Api, place: Place, seen: Seen
) -> None:
    query = "subscription { count(to: 1000, pause: 0.05) }"
    async with _stream(small, small.token(place.user_id), query) as response:
        async for part in _parts(response):
            if part:
                break

    async with asyncio.timeout(3):
        await seen.finished.wait()


async def test_without_a_token_there_is_no_stream(small: Api) -> None:
    response = await small.http.post(
        "/graphql", json={"query": "{ hello }"}, headers={"accept": ACCEPT}
    )

    assert response.status_code == 401
    assert response.headers["content-type"].startswith("application/json")
