"""A client that does not read is given up, and holds nothing of the server's."""

from __future__ import annotations

import asyncio
import json
import socket
from typing import Any

import pytest

from api import subscriptions
from tests.fixtures.api_server import Api
from tests.fixtures.small_schema import Seen
from tests.fixtures.world import Place, World


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten seconds and five are long for a test."""
    monkeypatch.setattr(subscriptions, "SEND_TIMEOUT_S", 1)
    monkeypatch.setattr(subscriptions, "CLOSE_TIMEOUT_S", 0.5)


async def test_who_does_not_read_is_closed(small: Api, world: World, seen: Seen) -> None:
    place = await world.place()
    _, writer = await _subscribed(small, place)
    writer.write(_frame(_subscribe("2", "subscription { large(size: 60000) }")))
    await writer.drain()

    async with asyncio.timeout(30):
        await seen.finished.wait()
    writer.transport.abort()


async def test_who_reads_on_is_told_why_it_ended(small: Api, world: World, seen: Seen) -> None:
    reader, writer = await _subscribed(small, await world.place())
    writer.write(_frame(_subscribe("2", "subscription { large(size: 60000) }")))
    await writer.drain()
    async with asyncio.timeout(30):
        await seen.finished.wait()
    await asyncio.sleep(2 * subscriptions.CLOSE_TIMEOUT_S)  # the farewell waits for nobody

    async with asyncio.timeout(30):
        last = b""
        while piece := await reader.read(65_536):
            last = (last + piece)[-200:]

    reason = b"You read too slowly"
    assert last.endswith(bytes([0x88, 2 + len(reason)]) + (1013).to_bytes(2, "big") + reason)
    writer.transport.abort()


async def _subscribed(api: Api, place: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket with a subscription that takes in little by itself."""
    host, _, port = api.url.removeprefix("http://").partition(":")
    own = socket.socket()
    own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    own.setblocking(False)
    await asyncio.get_running_loop().sock_connect(own, (host, int(port)))
    reader, writer = await asyncio.open_connection(sock=own, limit=1024)
    await _shake_hands(reader, writer)
    token = api.token(place.user_id)
    writer.write(_frame({"type": "connection_init", "payload": {"token": token}}))
    writer.write(_frame(_subscribe("1", "subscription { count(to: 1000000) }")))
    return reader, writer


async def _shake_hands(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    lines = (
        "GET /graphql HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Protocol: graphql-transport-ws",
    )
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
    assert b"101" in await reader.readline()


def _frame(message: dict[str, Any]) -> bytes:
    """A masked text frame, its mask being zero. RFC 6455, section 5.2."""
    body = json.dumps(message).encode()
    assert 125 < len(body) < 65_536 or len(body) <= 125
    size = bytes([0x80 | len(body)]) if len(body) <= 125 else b"\xfe" + len(body).to_bytes(2, "big")
    return b"\x81" + size + bytes(4) + body


def _subscribe(own_id: str, query: str) -> dict[str, Any]:
    return {"id": own_id, "type": "subscribe", "payload": {"query": query}}
