"""An answer that is written in one piece has the bytes that Uvicorn would have written in two."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import Sequence
from typing import Any, Final

import pytest
import uvicorn
from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from api import answers
from api.connections import STATE, Connection, SilentConnections

OK: Final = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-length", b"4"), (b"x-request-id", b"a b\tc\xe9")],
}
BODY: Final = {"type": "http.response.body", "body": b"body"}
ANSWERS: Final[dict[str, Sequence[Message]]] = {
    "plain": [OK, BODY],
    "empty": [{**OK, "headers": [(b"content-length", b"0")]}, {"type": "http.response.body"}],
    "without a length": [{**OK, "headers": []}, BODY],
    "in parts": [OK, {**BODY, "body": b"bo", "more_body": True}, {**BODY, "body": b"dy"}],
    "closing": [{**OK, "headers": [*OK["headers"], (b"connection", b"close")]}, BODY],  # type: ignore[misc]  # a list
    "nothing to read": [{**OK, "status": 204, "headers": []}, {"type": "http.response.body"}],
}
REQUESTS: Final = {
    "GET": b"GET / HTTP/1.1\r\nhost: here\r\n\r\n",
    "HEAD": b"HEAD / HTTP/1.1\r\nhost: here\r\n\r\n",
    "closing": b"GET / HTTP/1.1\r\nhost: here\r\nconnection: close\r\n\r\n",
    "old": b"GET / HTTP/1.0\r\nhost: here\r\n\r\n",
    "two at once": b"GET / HTTP/1.1\r\nhost: here\r\n\r\n" * 2,
}
REFUSED: Final = {
    "a header more": (b"x-name", b"a\r\nset-cookie: b"),
    "the end of the head": (b"x-name", b"a\r\n\r\n<html>"),
    "a control": (b"x-name", b"a\x00b"),
    "a line break in a name": (b"x\r\ny", b"a"),
}


class Wire(asyncio.Transport):
    """What is written, piece by piece."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.pieces: list[bytes] = []
        self.is_closed = False
        self.closed = asyncio.Event()

    def write(self, data: Any) -> None:
        self.pieces.append(bytes(data))

    def is_closing(self) -> bool:
        return self.is_closed

    def close(self) -> None:
        self.is_closed = True
        self.closed.set()

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


async def _answered(
    kind: type[HttpToolsProtocol], request: bytes, messages: Sequence[Message]
) -> Wire:
    async def app(_: Any, __: Any, send: Any) -> None:
        for message in messages:
            await send(dict(message))

    state = ServerState()
    state.default_headers = [(b"date", b"today")]
    config = uvicorn.Config(app, ws="none", proxy_headers=False, log_level="critical")
    config.load()
    protocol = kind(config=config, server_state=state, app_state={STATE: SilentConnections()})
    wire = Wire()
    protocol.connection_made(wire)
    protocol.data_received(request)
    for _ in range(50):
        await asyncio.sleep(0)
    assert not state.tasks
    protocol.connection_lost(ConnectionError())
    protocol._unset_keepalive_if_required()
    return wire


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=list(REQUESTS))
@pytest.mark.parametrize("messages", ANSWERS.values(), ids=list(ANSWERS))
async def test_an_answer_is_what_uvicorn_would_have_sent(
    request_: bytes, messages: Sequence[Message]
) -> None:
    ours = await _answered(Connection, request_, messages)
    theirs = await _answered(HttpToolsProtocol, request_, messages)

    assert b"".join(ours.pieces) == b"".join(theirs.pieces) != b""
    assert ours.is_closed == theirs.is_closed


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=list(REQUESTS))
async def test_a_head_with_its_body_is_sent_as_both_are(request_: bytes) -> None:
    ours = await _answered(Connection, request_, [{**OK, answers.BODY: b"body"}])
    theirs = await _answered(HttpToolsProtocol, request_, [OK, BODY])

    assert b"".join(ours.pieces) == b"".join(theirs.pieces)
    assert ours.is_closed == theirs.is_closed


async def test_a_plain_answer_is_one_piece() -> None:
    assert len((await _answered(Connection, REQUESTS["GET"], ANSWERS["plain"])).pieces) == 1
    assert len((await _answered(HttpToolsProtocol, REQUESTS["GET"], ANSWERS["plain"])).pieces) == 2


@pytest.mark.parametrize("header", REFUSED.values(), ids=list(REFUSED))
async def test_a_header_that_holds_more_than_a_header_is_not_sent(
    header: tuple[bytes, bytes],
) -> None:
    start = {**OK, "headers": [(b"content-length", b"4"), header]}
    wire = await _answered(Connection, REQUESTS["GET"], [start, BODY])

    assert header[1] not in b"".join(wire.pieces)
    assert b"body" not in b"".join(wire.pieces)


async def test_a_length_that_is_not_the_bodys_is_not_sent_as_if_it_were() -> None:
    start = {**OK, "headers": [(b"content-length", b"3")]}
    wire = await _answered(Connection, REQUESTS["GET"], [start, BODY])

    assert wire.is_closed
    assert b"body" not in b"".join(wire.pieces)


ASKED: Final = b"POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 4\r\n"
BODIES: Final = {
    "at once": [ASKED + b"\r\nbody"],
    "after its head": [ASKED + b"\r\n", b"body"],
    "in parts": [ASKED + b"\r\nbo", b"d", b"y"],
    "where a word is waited for": [ASKED + b"expect: 100-continue\r\n\r\n", b"body"],
    "none": [REQUESTS["GET"]],
}


async def _heard(kind: type[HttpToolsProtocol], pieces: Sequence[bytes]) -> list[Any]:
    """What the application receives, until the client leaves."""
    heard: list[Any] = []

    async def app(_: Any, receive: Any, __: Any) -> None:
        while not heard or heard[-1]["type"] != "http.disconnect":
            heard.append(await receive())

    config = uvicorn.Config(app, ws="none", proxy_headers=False, log_level="critical")
    config.load()
    protocol = kind(
        config=config, server_state=ServerState(), app_state={STATE: SilentConnections()}
    )
    wire = Wire()
    protocol.connection_made(wire)
    for piece in pieces:
        protocol.data_received(piece)
        for _ in range(5):
            await asyncio.sleep(0)
    protocol.connection_lost(ConnectionError())
    for _ in range(5):
        await asyncio.sleep(0)
    return [*heard, *wire.pieces]


@pytest.mark.parametrize("pieces", BODIES.values(), ids=list(BODIES))
async def test_a_body_is_received_as_uvicorn_would_have_given_it(pieces: Sequence[bytes]) -> None:
    ours = await _heard(Connection, pieces)

    assert ours == await _heard(HttpToolsProtocol, pieces)


async def test_a_connection_that_rests_after_an_answer_is_closed() -> None:
    async def app(_: Any, __: Any, send: Any) -> None:
        await send(dict(OK))
        await send(dict(BODY))

    config = uvicorn.Config(app, ws="none", proxy_headers=False, timeout_keep_alive=1)
    config.load()
    protocol = Connection(
        config=config, server_state=ServerState(), app_state={STATE: SilentConnections()}
    )
    wire = Wire()
    protocol.connection_made(wire)
    try:
        for _ in range(4):  # longer than it may rest, and never so long at a time
            protocol.data_received(REQUESTS["GET"])
            await asyncio.sleep(0.3)
            assert not wire.is_closed
        assert len(wire.pieces) == 4
        async with asyncio.timeout(10):
            await wire.closed.wait()
    finally:
        protocol.connection_lost(ConnectionError())


@pytest.mark.parametrize(
    ("header", "client"), [(b"", "127.0.0.1"), (b"x-forwarded-for: 192.0.2.7\r\n", "192.0.2.7")]
)
async def test_a_trusted_proxy_says_who_asks(header: bytes, client: str) -> None:
    clients: list[Any] = []

    async def app(scope: Any, _: Any, send: Any) -> None:
        clients.append(scope["client"])
        await send(dict(OK))
        await send(dict(BODY))

    config = uvicorn.Config(app, ws="none", forwarded_allow_ips="127.0.0.1")
    config.load()
    protocol = Connection(
        config=config, server_state=ServerState(), app_state={STATE: SilentConnections()}
    )
    protocol.connection_made(Wire())
    protocol.data_received(b"GET / HTTP/1.1\r\nhost: here\r\n" + header + b"\r\n")
    await asyncio.sleep(0)
    protocol.connection_lost(ConnectionError())

    assert [host for host, _ in clients] == [client]


async def test_an_answered_exchange_is_freed_without_the_collector() -> None:
    held: list[weakref.ref[Any]] = []

    class Noted(Connection):
        def _start_asgi_task(self, cycle: Any, app: Any) -> None:
            held.append(weakref.ref(cycle))
            super()._start_asgi_task(cycle, app)

    gc.collect()
    gc.disable()
    try:
        await _answered(Noted, REQUESTS["two at once"], ANSWERS["plain"])
        assert [one() for one in held] == [None, None]
    finally:
        gc.enable()
