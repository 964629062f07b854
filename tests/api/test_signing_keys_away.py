"""While nobody can say which keys sign tokens, a caller is told to come back, not to sign in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from websockets.exceptions import ConnectionClosed

from api.app import create_app
from api.errors import TRY_AGAIN
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api, say, serving
from tests.fixtures.small_schema import Seen, opener
from tests.fixtures.small_schema import schema as small_schema

NOBODY = "http://127.0.0.1:9/jwks.json"


@pytest.fixture
async def keyless(edges: Edges, seen: Seen) -> AsyncIterator[Api]:
    """An API that has never received signing keys."""
    app = create_app(
        edges.settings(BANKFEEDS_DEMO="false", SUPABASE_JWKS_URL=NOBODY),
        schema=small_schema,
        open_context=opener(seen),
    )
    async with serving(app, edges.data_dir) as api:
        yield api


async def test_request_without_known_keys_is_answered_as_an_outage(keyless: Api) -> None:
    response = await keyless.post(uuid4(), "{ hello }")

    assert response.status_code == 503
    assert response.json()["errors"][0]["message"] == TRY_AGAIN
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
    assert "www-authenticate" not in response.headers


async def test_request_without_a_token_is_refused_all_the_same(keyless: Api) -> None:
    response = await keyless.http.post("/graphql", json={"query": "{ hello }"})

    assert response.status_code == 401


async def test_socket_without_known_keys_may_come_back(keyless: Api) -> None:
    token = keyless.token(uuid4())

    async with keyless.socket() as socket:
        await say(
            socket, {"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}}
        )
        with pytest.raises(ConnectionClosed):
            await socket.recv()

    assert (socket.close_code, socket.close_reason) == (1013, TRY_AGAIN)
