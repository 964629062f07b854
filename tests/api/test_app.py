"""The frame of every exchange: ids, headers, origins, tokens, and no start with a wrong setting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import httpx
import pytest

from api.app import Application, create_app
from core.errors import BankfeedsError
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api, serving
from tests.fixtures.small_schema import Seen, opener, schema
from tests.fixtures.world import World


async def test_an_operation_is_answered(small: Api, world: World) -> None:
    place = await world.place()

    data = await small.ask(place.user_id, "{ hello }")

    assert data == {"hello": "hello world"}


async def test_every_answer_carries_an_id_and_the_security_headers(small: Api) -> None:
    response = await small.http.get("/healthz")

    assert len(response.headers["x-request-id"]) == 32
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [
        ("a-good-id-1234", True),
        ("short", False),
        ("with spaces and more", False),
        ("x" * 65, False),
    ],
)
async def test_only_a_harmless_request_id_is_kept(small: Api, given: str, is_kept: bool) -> None:
    response = await small.http.get("/healthz", headers={"x-request-id": given})

    assert (response.headers["x-request-id"] == given) is is_kept


@pytest.mark.parametrize(
    ("authorization", "challenge"),
    [
        (None, "Bearer"),
        ("Basic dXNlcjpwYXNz", "Bearer"),
        ("Bearer not.a.token", 'Bearer error="invalid_token"'),
        ("Bearer x", 'Bearer error="invalid_token"'),
    ],
)
async def test_without_a_good_token_there_is_a_challenge(
    small: Api, authorization: str | None, challenge: str
) -> None:
    headers = {} if authorization is None else {"authorization": authorization}

    response = await small.http.post("/graphql", json={"query": "{ hello }"}, headers=headers)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == challenge
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "UNAUTHENTICATED"
    assert error["extensions"]["requestId"] == response.headers["x-request-id"]


async def test_an_expired_token_is_no_good(small: Api, world: World) -> None:
    place = await world.place()
    long_ago = datetime.now(UTC) - timedelta(hours=2)
    token = small.token(place.user_id, now=long_ago)

    response = await small.http.post(
        "/graphql", json={"query": "{ hello }"}, headers={"authorization": f"Bearer {token}"}
    )

    assert response.status_code == 401


async def test_nothing_is_shared_with_other_origins_by_default(small: Api) -> None:
    response = await small.http.options(
        "/graphql",
        headers={"origin": "https://evil.example", "access-control-request-method": "POST"},
    )

    assert "access-control-allow-origin" not in response.headers


async def test_a_configured_origin_may_ask(edges: Edges, seen: Seen) -> None:
    settings = edges.settings(BANKFEEDS_ALLOWED_ORIGINS="https://app.example")
    app = create_app(settings, schema=schema, open_context=opener(seen))
    async with serving(app, edges.data_dir) as api:
        for origin, allowed in (
            ("https://app.example", "https://app.example"),
            ("https://evil.example", None),
        ):
            response = await api.http.options(
                "/graphql",
                headers={
                    "origin": origin,
                    "access-control-request-method": "POST",
                    "access-control-request-headers": "authorization,content-type,x-tenant",
                },
            )

            assert response.headers.get("access-control-allow-origin") == allowed


@pytest.mark.parametrize("path", ["/", "/graphql/", "/nothing", "/uploads", "/uploads/"])
async def test_other_paths_are_not_there(small: Api, path: str) -> None:
    response = await small.http.get(path)

    assert response.status_code == 404


async def test_a_database_that_is_away_is_said_so(edges: Edges) -> None:
    gone = edges.database.login.replace(edges.database.name, "no_such_database")
    settings = edges.settings(DATABASE_URL=gone)

    with pytest.raises(BankfeedsError):
        await _started(create_app(settings))


async def test_the_owners_login_is_refused_at_the_start(edges: Edges) -> None:
    settings = edges.settings(DATABASE_URL=edges.database.owner)

    with pytest.raises(BankfeedsError, match="DATABASE_URL"):
        await _started(create_app(settings))


async def test_a_missing_redis_address_is_named(edges: Edges) -> None:
    settings = edges.settings(REDIS_URL="")

    with pytest.raises(BankfeedsError, match="REDIS_URL"):
        await _started(create_app(settings))


async def _started(app: Application) -> None:
    """Starts an application without a server, so that its failure reaches the test."""
    async with asyncio.timeout(20), app.lifespan_context(app):
        return


async def test_a_body_may_not_be_sent_for_ever(small: Api, world: World) -> None:
    place = await world.place()

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(1_000):
            yield b" " * 16_384

    try:
        response = await small.http.post(
            "/graphql",
            content=endless(),
            headers=small.headers(place.user_id, **{"content-type": "application/json"}),
        )
    except httpx.WriteError:
        return  # it was closed while we were still sending

    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "TOO_LARGE"


async def test_a_stranger_sees_no_tenant(small: Api) -> None:
    data = await small.ask(uuid4(), "{ tenant }")

    assert data == {"tenant": None}
