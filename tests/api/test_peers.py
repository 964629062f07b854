"""Peers without a good token: held down cheaply, while everybody else is served."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from websockets.exceptions import InvalidStatus

from api.app import create_app
from api.connections import HEAD_BYTES_MAX, SILENT_OF_PEER_MAX, Connection
from api.peers import FAILURES_MAX, NAMELESS_SOCKETS_MAX, SOCKETS_MAX, Peers
from api.rate_limits import RateLimited
from api.tries import NAMES_MAX, WINDOW_S
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api, initialised, serving
from tests.fixtures.small_schema import Seen, opener
from tests.fixtures.small_schema import schema as small_schema
from tests.fixtures.world import Place, World

SOON_S = 5
CONNECTS = 5_000


@dataclass(slots=True)
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


def _from(host: str | None) -> dict[str, Any]:
    return {"client": None if host is None else (host, 50_000)}


# Failures


def test_a_peer_may_fail_so_often_and_then_evenly() -> None:
    clock = Clock()
    peers = Peers(clock)
    peer, other = _from("192.0.2.1"), _from("192.0.2.2")

    for _ in range(FAILURES_MAX):
        assert not peers.has_failed_enough(peer)
        peers.fail(peer)

    assert peers.has_failed_enough(peer)
    assert not peers.has_failed_enough(other)
    clock.now += WINDOW_S / FAILURES_MAX + 0.001
    assert not peers.has_failed_enough(peer)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False),
        ("testclient", "testclient", True),
        ("no:address", "no:address", True),
    ],
)
def test_a_peer_is_its_address_or_its_half_of_one(one: str, other: str, *, same: bool) -> None:
    peers = Peers(Clock())
    for _ in range(FAILURES_MAX):
        peers.fail(_from(one))

    assert peers.has_failed_enough(_from(other)) is same


def test_a_peer_without_an_address_is_one_too() -> None:
    peers = Peers(Clock())
    for _ in range(FAILURES_MAX):
        peers.fail(_from(None))

    assert peers.has_failed_enough(_from(None))


def test_memory_is_bounded_however_many_peers_fail() -> None:
    peers = Peers(Clock())

    for number in range(NAMES_MAX + 500):
        peers.fail(_from(f"peer-{number}"))

    assert len(peers._failures) == NAMES_MAX


async def test_who_failed_too_often_is_refused_while_good_tokens_pass(
    small: Api, place: Place
) -> None:
    known = small.token(place.user_id)
    await _statuses(small, known, 1)

    refused = await _statuses(small, "nonsense", FAILURES_MAX + 300)
    passed = await _statuses(small, known, 1)

    assert refused[:FAILURES_MAX] == [401] * FAILURES_MAX
    assert 429 in refused
    assert passed == [200]


async def _statuses(api: Api, token: str, count: int) -> list[int]:
    """What the same request is answered with, so often and faster than they are forgotten."""
    reader, writer = await asyncio.open_connection(*_address(api))
    request = _request(token, "{ hello }", accept="application/json")
    writer.write(request * count)
    statuses = []
    async with asyncio.timeout(60):
        for _ in range(count):
            head = await reader.readuntil(b"\r\n\r\n")
            statuses.append(int(head.split(b" ", 2)[1]))
            length = next(line for line in head.splitlines() if line.startswith(b"content-length"))
            await reader.readexactly(int(length.partition(b":")[2]))
            assert (statuses[-1] == 429) == (b"retry-after: 1" in head)
    writer.close()
    return statuses


# Sockets


def test_a_peer_opens_so_many_sockets_in_a_while() -> None:
    clock = Clock()
    peers, peer = Peers(clock), _from("192.0.2.1")

    for _ in range(SOCKETS_MAX):
        with peers.nameless(peer):
            pass

    with pytest.raises(RateLimited), peers.nameless(peer):
        pass
    clock.now += 1
    with peers.nameless(peer):
        pass


def test_a_peer_has_so_many_sockets_that_did_not_say_whose_they_are() -> None:
    peers, peer = Peers(Clock()), _from("192.0.2.1")

    with ExitStack() as stack:
        for _ in range(NAMELESS_SOCKETS_MAX):
            stack.enter_context(peers.nameless(peer))
        with pytest.raises(RateLimited), peers.nameless(peer):
            pass
        with peers.nameless(_from("192.0.2.2")):
            pass

    with peers.nameless(peer):
        pass


async def test_one_nameless_socket_too_many_is_refused_and_named_ones_do_not_count(
    small: Api, place: Place
) -> None:
    async with small.socket() as named:
        await initialised(named, small.token(place.user_id))
        nameless = [await small.socket() for _ in range(NAMELESS_SOCKETS_MAX)]
        with pytest.raises(InvalidStatus) as raised:
            await small.socket()
        await initialised(nameless.pop(), small.token(place.user_id))
        nameless.append(await small.socket())
        for one in nameless:
            await one.close()

    assert raised.value.response.status_code == 429
    assert raised.value.response.headers["retry-after"] == "1"


# Connections


class Impatient(Connection):
    """Does not wait long."""

    head_timeout_s: ClassVar[float] = 1
    unread_s: ClassVar[float] = 1


@pytest.fixture
async def impatient(edges: Edges, seen: Seen) -> AsyncIterator[Api]:
    app = create_app(edges.settings(), schema=small_schema, open_context=opener(seen))
    async with serving(app, edges.data_dir, connection=Impatient) as api:
        yield api


def _address(api: Api) -> tuple[str, int]:
    host, _, port = api.url.removeprefix("http://").partition(":")
    return host, int(port)


@pytest.fixture
def connected() -> Iterator[list[socket.socket]]:
    opened: list[socket.socket] = []
    yield opened
    for one in opened:
        one.close()


async def _is_closed(one: socket.socket) -> bool:
    """Whether the server ends the connection without a word, soon."""
    one.setblocking(False)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(0.5):
            return await loop.sock_recv(one, 1) == b""
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


async def test_a_peer_has_so_many_connections_that_ask_for_nothing(
    small: Api, place: Place, connected: list[socket.socket]
) -> None:
    await small.ask(place.user_id, "{ hello }")  # a connection that has asked for something
    for _ in range(SILENT_OF_PEER_MAX + 20):
        connected.append(socket.create_connection(_address(small)))
    await asyncio.sleep(0.3)

    closed = [await _is_closed(one) for one in connected[-10:]]
    open_still = [await _is_closed(one) for one in connected[:3]]
    await small.ask(place.user_id, "{ hello }")
    for one in connected:
        one.close()
    await asyncio.sleep(0.3)
    again = socket.create_connection(_address(small))
    connected.append(again)

    assert closed == [True] * 10
    assert open_still == [False] * 3
    assert not await _is_closed(again)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"POST /graphql HT",
        b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\nGET /healthz HTTP/1.1\r\nhost",
    ],
)
async def test_who_says_nothing_or_never_ends_a_head_is_let_go(
    impatient: Api, connected: list[socket.socket], said: bytes
) -> None:
    one = socket.create_connection(_address(impatient))
    connected.append(one)
    one.sendall(said)

    assert await _ended(one) in (b"", said and b"HTTP")


@pytest.mark.parametrize(
    "said",
    [b"x-long: ", b"transfer-encoding: chunked\r\n\r\n0\r\nx-long: "],
    ids=["head", "trailer"],
)
async def test_who_sends_a_head_without_measure_is_let_go(
    small: Api, connected: list[socket.socket], said: bytes
) -> None:
    one = socket.create_connection(_address(small))
    connected.append(one)
    one.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(one, b"POST /graphql HTTP/1.1\r\nhost: x\r\n" + said)

    with pytest.raises(ConnectionError):
        for _ in range(100):
            await loop.sock_sendall(one, b"a" * HEAD_BYTES_MAX)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("accept", ["text/event-stream", "multipart/mixed; subscriptionSpec=1.0"])
async def test_who_never_reads_a_stream_is_let_go(
    impatient: Api, place: Place, connected: list[socket.socket], accept: str
) -> None:
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    one.connect(_address(impatient))
    connected.append(one)
    query = "subscription { large(size: 60000) }"
    one.sendall(_request(impatient.token(place.user_id), query, accept=accept))
    await asyncio.sleep(4)

    assert await _ended(one) == b"HTTP"


async def _ended(one: socket.socket) -> bytes:
    """The first bytes that are left to read, once the server has ended the connection."""
    one.setblocking(False)
    loop = asyncio.get_running_loop()
    first = b""
    async with asyncio.timeout(SOON_S):
        with suppress(ConnectionResetError):
            while received := await loop.sock_recv(one, 65_536):
                first = first or received[:4]
    return first


def _request(token: str, query: str, *, accept: str) -> bytes:
    body = b'{"query": "%s"}' % query.encode()
    lines = (
        "POST /graphql HTTP/1.1",
        "host: localhost",
        f"authorization: Bearer {token}",
        f"accept: {accept}",
        "content-type: application/json",
        f"content-length: {len(body)}",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.mark.parametrize("kind", ["silent", "handshakes"])
async def test_thousands_of_connects_do_not_keep_others_from_being_served(
    small: Api, place: Place, connected: list[socket.socket], kind: str
) -> None:
    await small.ask(place.user_id, "{ hello }")
    said = b"" if kind == "silent" else _handshake()

    async def attack() -> None:
        loop = asyncio.get_running_loop()
        for number in range(CONNECTS):
            one = socket.socket()
            one.setblocking(False)
            connected.append(one)
            try:
                await loop.sock_connect(one, _address(small))
                await loop.sock_sendall(one, said)
            except ConnectionError:
                pass
            if number % 50 == 49:
                await asyncio.sleep(0)

    waits = []
    attacking = asyncio.create_task(attack())
    started = time.monotonic()
    while not attacking.done():
        asked = time.monotonic()
        await small.ask(place.user_id, "{ hello }")
        waits.append(time.monotonic() - asked)
        await asyncio.sleep(0.02)
    await attacking
    attacked_s = time.monotonic() - started
    await small.ask(place.user_id, "{ hello }")

    assert len(waits) > 3
    assert max(waits) < SOON_S, f"{max(waits):.2f} s, {CONNECTS / attacked_s:.0f} connects a second"


def _handshake() -> bytes:
    lines = (
        "GET /graphql HTTP/1.1",
        "host: localhost",
        "connection: upgrade",
        "upgrade: websocket",
        "sec-websocket-version: 13",
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol: graphql-transport-ws",
    )
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
