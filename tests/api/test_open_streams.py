"""Streams that stay open, of each kind: what bounds them where nothing else would."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Final

import httpx
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from api import events, operations, streams
from api.app import create_app
from api.streams import STREAMS_OF_USER_MAX
from api.subscriptions import MESSAGE_BYTES_MAX
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api, hear, initialised, say, serving
from tests.fixtures.small_schema import Seen, opener
from tests.fixtures.small_schema import schema as small_schema
from tests.fixtures.world import Place, World

QUIET: Final = "subscription { count(to: 2, pause: 60) }"  # one event, then nothing
ENDLESS: Final = "subscription { large(size: 60000) }"
PAGE: Final = "https://app.example"
SOON_S: Final = 10


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


@asynccontextmanager
async def _stream(api: Api, token: str, query: str = QUIET) -> AsyncIterator[httpx.Response]:
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    async with api.http.stream(
        "POST", "/graphql", json={"query": query}, headers=headers
    ) as response:
        yield response


async def _closed(one: ClientConnection) -> int | None:
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(SOON_S):
            while True:
                await one.recv()
    return one.close_code


# Tokens


async def test_a_socket_on_which_nothing_happens_ends_with_its_token(
    small: Api, place: Place
) -> None:
    async with small.socket() as quiet:
        await initialised(quiet, small.token(place.user_id, lifetime=timedelta(seconds=2)))
        await say(quiet, {"id": "1", "type": "subscribe", "payload": {"query": QUIET}})

        assert await _closed(quiet) == 4403


async def test_a_stream_on_which_nothing_happens_ends_with_its_token(
    small: Api, place: Place
) -> None:
    token = small.token(place.user_id, lifetime=timedelta(seconds=2))
    async with asyncio.timeout(SOON_S), _stream(small, token) as response:
        told = await response.aread()

    assert b"UNAUTHENTICATED" in told


# How many


async def test_a_user_has_so_many_streams_and_sockets_together(small: Api, place: Place) -> None:
    token = small.token(place.user_id)
    async with AsyncExitStack() as stack:
        await initialised(await stack.enter_async_context(small.socket()), token)
        for _ in range(STREAMS_OF_USER_MAX - 1):
            await stack.enter_async_context(_stream(small, token))
        async with _stream(small, token) as another:
            refused = (another.status_code, another.headers["retry-after"])

    assert refused == (429, "10")


async def test_a_process_has_so_many_of_all_users_together(
    small: Api, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "STREAMS_MAX", 2)
    token = small.token(place.user_id)
    async with _stream(small, token), small.socket():
        async with _stream(small, token) as another:
            refused = another.status_code
        with pytest.raises(InvalidStatus) as raised:
            await small.socket()

    assert refused == 503
    assert raised.value.response.status_code == 503


# How long


async def test_a_stream_that_is_not_read_ends_before_its_connection_does(
    small: Api, place: Place, seen: Seen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "SEND_TIMEOUT_S", 0.5)
    host, _, port = small.url.removeprefix("http://").partition(":")
    body = b'{"query": "%s"}' % ENDLESS.encode()
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        one.connect((host, int(port)))
        one.sendall(
            b"POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n"
            b"content-type: application/json\r\nauthorization: Bearer %s\r\n"
            b"content-length: %d\r\n\r\n%s" % (small.token(place.user_id).encode(), len(body), body)
        )
        async with asyncio.timeout(SOON_S):
            await seen.finished.wait()


async def test_an_event_that_takes_too_long_is_told_and_ends_the_subscription(
    small: Api, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(operations, "OPERATION_TIMEOUT_S", 0.3)
    query = "subscription { lazily { slow } }"
    async with small.socket() as one:
        await initialised(one, small.token(place.user_id))
        await say(one, {"id": "1", "type": "subscribe", "payload": {"query": query}})
        told, end = await hear(one), await hear(one)

    assert told["payload"]["errors"][0]["extensions"]["code"] == "TIMEOUT"
    assert end == {"id": "1", "type": "complete"}


# Who, and how much at once


async def test_a_page_that_the_operator_allows_gets_a_socket_and_no_other(
    edges: Edges, seen: Seen, place: Place
) -> None:
    settings = edges.settings(BANKFEEDS_ALLOWED_ORIGINS=PAGE)
    app = create_app(settings, schema=small_schema, open_context=opener(seen))
    async with serving(app, edges.data_dir) as api:
        async with api.socket(origin=Origin(PAGE)) as one:
            await initialised(one, api.token(place.user_id))
        with pytest.raises(InvalidStatus):
            await api.socket(origin=Origin(f"{PAGE}.evil.example"))


async def test_a_message_is_measured_in_bytes_whatever_serves_it(
    edges: Edges, seen: Seen, place: Place
) -> None:
    app = create_app(edges.settings(), schema=small_schema, open_context=opener(seen))
    async with (
        serving(app, edges.data_dir, message_bytes_max=16 * MESSAGE_BYTES_MAX) as api,
        api.socket() as one,
    ):
        await initialised(one, api.token(place.user_id))
        await one.send('{"type": "ping", "x": "' + "é" * (MESSAGE_BYTES_MAX // 2) + '"}')

        assert await _closed(one) == 1009


async def test_a_message_that_only_says_that_it_is_long_is_not_waited_for(
    small: Api, place: Place
) -> None:
    async with small.socket() as one:
        await initialised(one, small.token(place.user_id))
        # A text frame that is masked, its length in 8 bytes; nothing of it follows.
        one.transport.write(b"\x81\xff" + (MESSAGE_BYTES_MAX + 1).to_bytes(8, "big") + bytes(4))

        assert await _closed(one) == 1009
