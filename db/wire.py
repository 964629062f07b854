"""A wire on which a query travels behind a statement that enters its scope, in one round trip.

A read that begins, enters its scope, asks and commits makes three round trips or more, and each
costs both sides a system call and a wake-up. asyncpg sends one statement and waits for its answer.
A wire stands between asyncpg and its socket: it puts the execution of one prepared statement ahead
of the next message that asyncpg writes, and keeps that statement's answer from asyncpg.

What is executed up to one Sync is one transaction, so that what the statement sets for its
transaction holds for the query and ends with it. Where the statement fails, Postgres does not look
at the query at all.

Source: PostgreSQL, Frontend/Backend Protocol: Message Flow (Extended Query, Pipelining) and
Message Formats.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from typing import Any, Final

_HEADER: Final = struct.Struct("!cI")
_COMPLETE: Final = b"C"
_ERROR: Final = b"E"
_HIDDEN: Final = frozenset({b"2", b"D", _COMPLETE})  # BindComplete, DataRow, CommandComplete


class Wire(asyncio.Protocol):
    """To the event loop a protocol, to asyncpg a transport."""

    def __init__(self, inner: asyncio.Protocol) -> None:
        self.inner = inner
        self.failed = False  # the statement that was put ahead last, where its answer has come
        self._transport: Any = None
        self._ahead = b""
        self._expected = b""
        self._hides = False  # until the answer of what was put ahead is complete
        self._rest = b""

    def put_ahead(self, executed: bytes, expected: bytes = b"") -> None:
        """Sends these messages ahead of the next, which must be one that ends in Sync.

        `expected`: the answer that they mostly get; it is known at a glance.
        """
        assert not self._hides
        self._ahead, self._expected, self.failed = executed, expected, False

    def take_back(self) -> None:
        """Forgets what was put ahead where no message followed, so that it leads no other one."""
        self._ahead = b""

    # What asyncpg calls.

    def write(self, data: bytes | memoryview) -> None:
        """Sends a message, behind what was put ahead of it."""
        if self._ahead:
            data, self._ahead = b"".join((self._ahead, data)), b""
            self._hides, self.failed = True, False
        self._transport.write(data)

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
        if self._hides:
            if self._expected and not self._rest and data.startswith(self._expected):
                data, self._hides = data[len(self._expected) :], False
            else:
                data = self._without_hidden(self._rest + data)
        if data:
            self.inner.data_received(data)

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

    def _without_hidden(self, data: bytes) -> bytes:
        """The data without the answer of what was put ahead; an unfinished message is kept."""
        passed, at, end = b"", 0, len(data)
        while self._hides and end - at >= _HEADER.size:
            kind, length = _HEADER.unpack_from(data, at)
            after = at + 1 + length
            if after > end:
                break
            if kind == _ERROR:  # the query's answer is this error
                self.failed, self._hides = True, False
                break
            if kind not in _HIDDEN:  # notices and settings come at any time
                passed += data[at:after]
            self._hides = kind != _COMPLETE
            at = after
        self._rest = data[at:] if self._hides else b""
        return passed if self._hides else passed + data[at:]


class WiredLoop:
    """The running event loop, but that what it connects is wired. For `asyncpg.connect(loop=…)`."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self.call_later = loop.call_later  # which asyncpg asks for at each read

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


def answered(*values: str) -> bytes:
    """The messages of an execution that answers with one row of these texts."""
    row = struct.pack("!h", len(values))
    for value in values:
        encoded = value.encode()
        row += struct.pack("!i", len(encoded)) + encoded
    tag = b"SELECT 1\x00"
    return b"".join(
        kind + struct.pack("!I", len(body) + 4) + body
        for kind, body in ((b"2", b""), (b"D", row), (_COMPLETE, tag))
    )


def executed(name: str, *values: str) -> bytes:
    """The messages that execute a prepared statement with text values: Bind and Execute."""
    body = b"\x00" + name.encode() + b"\x00" + struct.pack("!hh", 0, len(values))
    for value in values:
        encoded = value.encode()
        body += struct.pack("!i", len(encoded)) + encoded
    body += struct.pack("!h", 0)
    bind = b"B" + struct.pack("!I", len(body) + 4) + body
    execute = b"E" + struct.pack("!I", 9) + b"\x00" + struct.pack("!I", 0)
    return bind + execute
