"""A wire on which a query travels between two messages of our own, in one write and one answer.

A read enters its scope, asks, and commits: three round trips, of which each costs both sides a
system call and a wake-up. asyncpg sends one message and waits for its answer. A wire stands between
asyncpg and its socket: around the next message that asyncpg writes it puts one before and one
behind, and of the answers it lets asyncpg see only those to its own.

Source: PostgreSQL, Frontend/Backend Protocol: Message Flow (Pipelining), Message Formats.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any, Final

from core.errors import BankfeedsError

_HEADER: Final = struct.Struct("!cI")
_READY: Final = b"Z"
_ERROR: Final = b"E"
# What the server may say at any time, whatever was asked: of settings, notices, notifications.
_UNASKED: Final = frozenset({b"S", b"N", b"A"})

_BEFORE, _ASKED, _BEHIND = range(3)


class WireFailed(BankfeedsError):
    """Postgres refused a message of ours; outside its scope the query may see nothing."""


class Wire(asyncio.Protocol):
    """To the event loop a protocol, to asyncpg a transport."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self.inner = inner
        self._transport: Any = None
        self._around: tuple[bytes, bytes] | None = None
        self._stage: int | None = None  # None: everything is asyncpg's
        self._rest = b""
        self._failed = False

    def put_around(self, before: str, behind: str) -> None:
        """Sends two statements around the next message, which must be one that ends in Sync."""
        assert self._stage is None
        self._around = (_query(before), _query(behind))
        self._failed = False

    def check(self) -> None:
        """Raises WireFailed where one of the two statements failed."""
        if self._failed:
            raise WireFailed("the scope of a read was not entered")

    # What asyncpg calls.

    def write(self, data: bytes | memoryview) -> None:
        """Sends a message, between two others where they were put around it."""
        if self._around is None:
            self._transport.write(data)
            return
        before, behind = self._around
        self._around = None
        self._stage = _BEFORE
        self._transport.write(b"".join((before, data, behind)))

    def set_protocol(self, protocol: asyncio.Protocol) -> None:
        """Another protocol on the same wire, as after the start of TLS."""
        self.inner = protocol

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See `asyncio.Protocol`."""
        self._transport = transport
        self.inner.connection_made(self)  # type: ignore[arg-type]  # all of a transport it uses

    def data_received(self, data: bytes) -> None:
        """Passes on what asyncpg waits for."""
        if self._stage is None:
            self.inner.data_received(data)
        else:
            self._sort(self._rest + data)

    def eof_received(self) -> bool | None:
        """See `asyncio.Protocol`."""
        return self.inner.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """See `asyncio.Protocol`."""
        self.inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.inner.pause_writing()

    def resume_writing(self) -> None:
        """See `asyncio.Protocol`."""
        self.inner.resume_writing()

    def _sort(self, data: bytes) -> None:
        """Reads whole messages. The answer is ready when all three are: then nothing is open."""
        passed: list[bytes] = []
        at, end = 0, len(data)
        while self._stage is not None and end - at >= _HEADER.size:
            kind, length = _HEADER.unpack_from(data, at)
            after = at + 1 + length
            if after > end:
                break
            if self._passes(kind):
                passed.append(data[at:after])
            at = after
        if self._stage is None and at < end:
            passed.append(data[at:])
            at = end
        self._rest = data[at:]
        if passed:
            self.inner.data_received(b"".join(passed))

    def _passes(self, kind: bytes) -> bool:
        """Whether a message is asyncpg's; the three answers end with a Ready each."""
        if kind == _READY:
            assert self._stage is not None
            self._stage = None if self._stage == _BEHIND else self._stage + 1
            return self._stage is None
        if kind == _ERROR and self._stage != _ASKED:
            self._failed = True
        return self._stage == _ASKED or kind in _UNASKED


class WiredLoop:
    """The running event loop, but that what it connects is wired. For `asyncpg.connect(loop=…)`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loop, name)

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], *args: Any, **options: Any
    ) -> tuple[Wire, asyncio.Protocol]:
        """See `asyncio`."""
        _, wire = await self._loop.create_connection(lambda: Wire(factory()), *args, **options)
        return wire, wire.inner

    async def create_unix_connection(
        self, factory: Callable[[], asyncio.Protocol], *args: Any, **options: Any
    ) -> tuple[Wire, asyncio.Protocol]:
        """See `asyncio`."""
        _, wire = await self._loop.create_unix_connection(lambda: Wire(factory()), *args, **options)
        return wire, wire.inner

    async def start_tls(self, wire: Wire, _: object, *args: Any, **options: Any) -> Wire | None:
        """See `asyncio`; the wire stays and gets the encrypted transport."""
        transport = await self._loop.start_tls(wire._transport, wire, *args, **options)
        wire._transport = transport
        return None if transport is None else wire


def _query(sql: str) -> bytes:
    text = sql.encode() + b"\x00"
    return b"Q" + struct.pack("!I", len(text) + 4) + text
