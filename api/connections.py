"""Connections, as Uvicorn serves them, and what it does not bound by itself.

A peer may hold so many connections that have not asked for anything, each for so long, and those
that leave unread what was sent to them end. Uvicorn takes both classes by name:
`--http api.connections:Connection --ws api.connections:SocketConnection`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from typing import Any, ClassVar, Final

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from api.answers import EXTENSIONS, Exchange

SILENT_OF_PEER_MAX: Final = 500
HEAD_TIMEOUT_S: Final = 10
HEAD_BYTES_MAX: Final = 64 * 1024  # and what one read brings
UNREAD_S: Final = 30
STATE: Final = "silent_connections"  # where the application keeps the count of its process


class SilentConnections:
    """How many connections each peer has that have not asked for anything yet."""

    def __init__(self) -> None:
        self._of_peer: Counter[str] = Counter()

    def __len__(self) -> int:
        return self._of_peer.total()

    def enter(self, peer: str) -> bool:
        """Counts one more; False where the peer has enough."""
        if self._of_peer.get(peer, 0) >= SILENT_OF_PEER_MAX:
            return False
        self._of_peer[peer] += 1
        return True

    def leave(self, peer: str) -> None:
        """Counts one less."""
        self._of_peer[peer] -= 1
        if not self._of_peer[peer]:
            del self._of_peer[peer]


class Connection(HttpToolsProtocol):
    """One connection of HTTP/1.1, until it becomes a WebSocket."""

    head_timeout_s: ClassVar[float] = HEAD_TIMEOUT_S
    unread_s: ClassVar[float] = UNREAD_S

    _is_silent = False
    _in_head = False
    _head_bytes = 0  # of a head or a trailer, since the last part of a body
    _head_timer: asyncio.TimerHandle | None = None
    _unread_timer: asyncio.TimerHandle | None = None
    _rests_since: float | None = None  # by the loop's clock; None: it is at work

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as Uvicorn
        """Takes it, unless its peer has enough."""
        super().connection_made(transport)
        self._is_silent = self._silent.enter(self._peer)
        if self._is_silent:
            self._start_head_timer()
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Gives back what it held."""
        self._has_spoken()
        _cancel(self._unread_timer)
        _cancel(self.timeout_keep_alive_task)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Also bounds the size of heads and trailers, and the time that a later head takes."""
        self._head_bytes += len(data)
        super().data_received(data)
        if self._head_bytes > HEAD_BYTES_MAX:
            self.transport.abort()
        elif self._in_head and self._head_timer is None:
            self._start_head_timer()

    def on_message_begin(self) -> None:
        """A request begins."""
        self._in_head = True
        self._head_bytes = 0  # what came in one read with what was before it does not count
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Its head is here."""
        self._in_head = False
        if self._is_silent or self._head_timer is not None:
            self._has_spoken()
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """A part of the body: the application bounds these."""
        self._head_bytes = 0
        super().on_body(body)

    def pause_writing(self) -> None:
        """The peer has much to read."""
        self._unread_timer = self.loop.call_later(self.unread_s, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """The peer has read it."""
        _cancel(self._unread_timer)
        super().resume_writing()

    def on_response_complete(self) -> None:
        """As Uvicorn, but for the timer of its rest: see `_rest`."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            cycle, app = self.pipeline.pop()
            self._start_asgi_task(cycle, app)
        else:
            self._rests_since = self.loop.time()
            if self.timeout_keep_alive_task is None:
                self._rest(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Ends the connection, also where its peer has not read the last answer."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(self.unread_s, self.transport.abort)

    def _unset_keepalive_if_required(self) -> None:
        self._rests_since = None

    def _rest(self, seconds: float) -> None:
        """Looks after this time whether it has rested long enough.

        One timer for as long as it lives: one for each answer, which the next request ends, takes
        longer than Postgres takes for a small one.
        """
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self._end_rest)

    def _end_rest(self) -> None:
        self.timeout_keep_alive_task = None
        if self._rests_since is None:
            return  # its next answer starts the timer again
        left = self._rests_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._rest(left)
        else:
            self.timeout_keep_alive_handler()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        cycle.__class__ = Exchange
        cycle.scope["extensions"] = EXTENSIONS
        if isinstance(app, ProxyHeadersMiddleware) and not _is_forwarded(cycle.scope["headers"]):
            app = app.app  # the proxy's would have nothing to do
        super()._start_asgi_task(cycle, app)

    @property
    def _silent(self) -> SilentConnections:
        counted: SilentConnections = self.app_state[STATE]
        return counted

    @property
    def _peer(self) -> str:
        return "" if self.client is None else self.client[0]

    def _start_head_timer(self) -> None:
        self._head_timer = self.loop.call_later(self.head_timeout_s, self.transport.abort)

    def _has_spoken(self) -> None:
        if self._is_silent:
            self._is_silent = False
            self._silent.leave(self._peer)
        _cancel(self._head_timer)
        self._head_timer = None


class SocketConnection(WebSocketsSansIOProtocol):
    """One WebSocket."""

    unread_s: ClassVar[float] = UNREAD_S

    _unread_timer: asyncio.TimerHandle | None = None

    async def send(self, message: Any) -> None:
        """Does not wait with the farewell until a peer reads that may never read."""
        if message["type"] == "websocket.close":
            self.writable.set()
        await super().send(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Gives back what it held."""
        _cancel(self._unread_timer)
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """The peer has much to read."""
        self._unread_timer = self.loop.call_later(self.unread_s, self.transport.abort)
        super().pause_writing()

    def resume_writing(self) -> None:
        """The peer has read it."""
        _cancel(self._unread_timer)
        super().resume_writing()

    def keepalive_timeout(self) -> None:
        """Ends the connection, also where its peer reads nothing, which includes the farewell."""
        super().keepalive_timeout()
        self.loop.call_later(self.unread_s, self.transport.abort)


def _is_forwarded(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    names = dict(headers)
    return b"x-forwarded-for" in names or b"x-forwarded-proto" in names


def _cancel(timer: asyncio.TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
