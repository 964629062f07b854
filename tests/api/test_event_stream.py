"""GraphQL as server-sent events: one operation a stream, and the same rules as everywhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from tests.fixtures.api_server import Api
from tests.fixtures.small_schema import Seen
from tests.fixtures.world import Place, World


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


@asynccontextmanager
async def _stream(api: Api, token: str, query: str) -> AsyncIterator[httpx.Response]:
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    async with api.http.stream(
        "POST", "/graphql", json={"query": query}, headers=headers
    ) as response:
        yield response


async def _events(response: httpx.Response) -> AsyncIterator[tuple[str, Any]]:
    name = ""
    async for line in response.aiter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data:"):
            text = line.removeprefix("data:").strip()
            yield name, json.loads(text) if text else None


async def _all(api: Api, token: str, query: str) -> list[tuple[str, Any]]:
    async with asyncio.timeout(10), _stream(api, token, query) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        return [event async for event in _events(response)]


async def test_a_subscription_brings_its_events_and_completes(small: Api, place: Place) -> None:
    events = await _all(small, small.token(place.user_id), "subscription { count(to: 2) }")

    assert [name for name, _ in events] == ["next", "next", "complete"]
    assert [body["data"] for _, body in events[:2]] == [{"count": 0}, {"count": 1}]


async def test_a_query_is_one_event(small: Api, place: Place) -> None:
    events = await _all(small, small.token(place.user_id), "{ hello }")

    assert [name for name, _ in events] == ["next", "complete"]
    assert events[0][1]["data"] == {"hello": "hello world"}


async def test_a_wrong_document_is_told_in_the_stream(small: Api, place: Place) -> None:
    events = await _all(small, small.token(place.user_id), "subscription { nope }")

    assert [name for name, _ in events] == ["next", "complete"]
    assert events[0][1]["errors"][0]["extensions"]["code"] == "BAD_INPUT"


async def test_without_a_token_there_is_no_stream(small: Api) -> None:
    response = await small.http.post(
        "/graphql", json={"query": "{ hello }"}, headers={"accept": "text/event-stream"}
    )

    assert response.status_code == 401
    assert response.headers["content-type"].startswith("application/json")


async def test_a_client_that_leaves_stops_its_subscription(
    small: Api, place: Place, seen: Seen
) -> None:
    query = "subscription { count(to: 1000, pause: 0.05) }"
    async with _stream(small, small.token(place.user_id), query) as response:
        async for _ in _events(response):
            break

    async with asyncio.timeout(3):
        await seen.finished.wait()


async def test_a_stream_ends_with_its_token(small: Api, place: Place) -> None:
    token = small.token(place.user_id, lifetime=timedelta(seconds=2))

    events = await _all(small, token, "subscription { count(to: 1000, pause: 0.2) }")

    assert events[-1] == ("complete", None)
    (error,) = events[-2][1]["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_removed_member_hears_nothing_more(small: Api, world: World, place: Place) -> None:
    events = []
    query = "subscription { count(to: 1000, pause: 0.3) }"
    async with asyncio.timeout(10), _stream(small, small.token(place.user_id), query) as response:
        async for event in _events(response):
            events.append(event)
            await world.owner.execute(
                "delete from app.tenant_members where user_id = $1", place.user_id
            )

    assert events[-1] == ("complete", None)
    (error,) = events[-2][1]["errors"]
    assert error["extensions"]["code"] == "FORBIDDEN"
    assert len(events) <= 4


async def test_a_stream_that_fails_tells_so_and_hides_why(small: Api, place: Place) -> None:
    events = await _all(small, small.token(place.user_id), 'subscription { failing(how: "bug") }')

    assert [name for name, _ in events] == ["next", "next", "complete"]
    assert events[1][1]["errors"][0]["message"] == "internal error"
