"""A client that does not read is given up, and holds nothing of the server's."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.fixtures.api_server import Api
from tests.fixtures.small_schema import Seen
from tests.fixtures.world import World


async def test_who_does_not_read_is_closed(small: Api, world: World, seen: Seen) -> None:
    place = await world.place()
    address = small.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(address[0], int(address[1]), limit=1024)
    await _shake_hands(reader, writer)
    token = small.token(place.user_id)
    writer.write(_frame({"type": "connection_init", "payload": {"token": token}}))
    writer.write(_frame(_subscribe("1", "subscription { count(to: 1000000) }")))
    writer.write(_frame(_subscribe("2", "subscription { large(size: 60000) }")))
    await writer.drain()

    async with asyncio.timeout(30):
        await seen.finished.wait()
    writer.transport.abort()


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
