"""Rate limits as clients meet them: over HTTP, in streams and on sockets."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest

from api.app import create_app
from api.rate_limits import REJECTED_COST
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api, hear, initialised, say, serving
from tests.fixtures.small_schema import Seen, opener
from tests.fixtures.small_schema import schema as small_schema
from tests.fixtures.world import Place, World


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


@pytest.fixture
async def limited(edges: Edges, seen: Seen) -> AsyncIterator[Api]:
    """An API with small quotas."""
    settings = edges.settings(BANKFEEDS_RATE_LIMIT_USER="60", BANKFEEDS_RATE_LIMIT_TENANT="90")
    app = create_app(settings, schema=small_schema, open_context=opener(seen))
    async with serving(app, edges.data_dir) as api:
        yield api


PAGE = "{ things(first: 50) { edges { node { id } } } }"


async def test_every_answer_says_what_is_left(limited: Api, place: Place) -> None:
    right = await limited.post(place.user_id, PAGE)
    wrong = await limited.post(place.user_id, "{ nope }")

    assert right.headers["ratelimit-policy"] == '"user";q=60;w=60, "tenant";q=90;w=60'
    state = re.fullmatch(
        r'"user";r=(\d+);t=(\d+), "tenant";r=(\d+);t=\d+', right.headers["ratelimit"]
    )
    assert state
    assert 10 <= int(state[1]) <= 11
    assert right.headers["ratelimit-remaining"] == state[1]
    assert int(right.headers["ratelimit-reset"]) in (49, 50)
    assert 0 <= int(wrong.headers["ratelimit-remaining"]) <= 11 - REJECTED_COST + 1


async def test_too_much_is_a_429_with_a_remedy(limited: Api, place: Place) -> None:
    await limited.post(place.user_id, PAGE)

    response = await limited.post(place.user_id, PAGE)

    (error,) = response.json()["errors"]
    assert response.status_code == 429
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 30 <= int(response.headers["retry-after"]) <= 42
    assert error["extensions"]["retryAfter"] == int(response.headers["retry-after"])
    assert "ask for less" in error["message"]
    assert "ratelimit-remaining" in response.headers


async def test_exports_say_what_is_left_too(limited: Api, world: World, place: Place) -> None:
    """One costs all that this user has, and more than the tenant has then left."""
    headers = limited.headers(place.user_id)
    first = await limited.http.get("/exports/transactions", headers=headers)
    second = await limited.http.get("/exports/transactions", headers=headers)

    assert (first.status_code, second.status_code) == (200, 429)
    assert first.headers["ratelimit-remaining"] == second.headers["ratelimit-remaining"] == "0"
    assert "retry-after" in second.headers


async def test_another_user_of_the_tenant_has_what_the_tenant_has_left(
    limited: Api, world: World, place: Place
) -> None:
    other = uuid4()
    await world.owner.execute(
        "insert into auth.users (id, email, email_confirmed_at)"
        " values ($1, 'o@example.com', now())",
        other,
    )
    await world.owner.execute(
        "insert into app.tenant_members (tenant_id, user_id, email, role)"
        " values ($1, $2, 'o@example.com', 'viewer')",
        place.tenant_id,
        other,
    )
    await limited.post(place.user_id, PAGE)

    refused = await limited.post(other, PAGE)
    smaller = await limited.post(other, "{ things(first: 30) { edges { node { id } } } }")

    assert refused.status_code == 429
    assert "your tenant" in refused.json()["errors"][0]["message"]
    assert smaller.status_code == 200


@pytest.mark.parametrize("accept", ["text/event-stream", "multipart/mixed; subscriptionSpec=1.0"])
async def test_a_stream_that_cannot_be_afforded_does_not_begin(
    limited: Api, place: Place, accept: str
) -> None:
    await limited.post(place.user_id, PAGE)

    response = await limited.post(place.user_id, PAGE, {"accept": accept})

    assert response.status_code == 429
    assert response.headers["content-type"].startswith("application/json")


async def test_operations_over_a_socket_are_limited_alike(limited: Api, place: Place) -> None:
    async with limited.socket() as socket:
        await initialised(socket, limited.token(place.user_id))
        await say(socket, {"id": "1", "type": "subscribe", "payload": {"query": PAGE}})
        first = [await hear(socket), await hear(socket)]
        await say(socket, {"id": "2", "type": "subscribe", "payload": {"query": PAGE}})
        refused = await hear(socket)
        await say(socket, {"id": "3", "type": "subscribe", "payload": {"query": "{ hello }"}})
        small = await hear(socket)

    assert [message["type"] for message in first] == ["next", "complete"]
    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "RATE_LIMITED"
    assert refused["payload"][0]["extensions"]["retryAfter"] > 0
    assert small["type"] == "next"


async def test_events_that_cannot_be_afforded_wait(limited: Api, place: Place) -> None:
    query = "subscription { count(to: 1000) }"
    heard = 0
    async with limited.socket() as socket:
        await initialised(socket, limited.token(place.user_id))
        await say(socket, {"id": "1", "type": "subscribe", "payload": {"query": query}})
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                while True:
                    assert (await hear(socket))["type"] == "next"
                    heard += 1

    assert 55 <= heard <= 65
