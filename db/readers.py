"""Connections for reads of one statement, each in a transaction of its own: one round trip a read.

They stand beside the pool, because prepared statements do not outlive a stay in it.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from time import monotonic
from typing import Any, Final, TypeAlias

import asyncpg

from core.errors import BankfeedsError
from db.room import Room
from db.wire import Wire, answered, executed

STATEMENTS_MAX: Final = 512  # prepared on one connection
CHARACTERS_MAX: Final = 500_000  # of theirs together: Postgres keeps 50 to 100 bytes for each
IDLE_S: Final = 60.0
CLOSE_TIMEOUT_S: Final = 5.0
ROOM_TIMEOUT_S: Final = 10.0

# Every setting ends with the transaction; the legacy claim would win over the JSON.
_PREPARE: Final = """
prepare bankfeeds_enter (text, text, text) as
select
  set_config('transaction_read_only', 'on', true),
  set_config('role', $1, true),
  set_config('request.jwt.claims', $2, true),
  set_config('request.jwt.claim.sub', '', true),
  set_config('statement_timeout', $3, true)
"""

# Binds values to a prepared statement and executes it: the rows, what Postgres did, and more.
Execute: TypeAlias = Callable[..., Awaitable[tuple[Sequence[asyncpg.Record], bytes, bool]]]
Connect: TypeAlias = "Callable[[], Awaitable[asyncpg.Connection[asyncpg.Record]]]"


class NotEntered(BankfeedsError):
    """Postgres refused the scope of a read, and so did not look at the read."""


@dataclass(frozen=True, slots=True)
class Entry:
    """How a reader enters a scope: `begin` to prepare in it, `execute` to ask in it, and what
    Postgres answers to that."""

    begin: str
    execute: bytes
    answer: bytes

    @classmethod
    def of(cls, begin: str, *, role: str, claims: str, timeout_s: int) -> Entry:
        """Of a role and its claims. `begin` begins a transaction in the same scope."""
        return cls(
            begin,
            executed("bankfeeds_enter", role, claims, f"{timeout_s}s"),
            answered("on", role, claims, "", f"{timeout_s}s"),
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A prepared statement; `owner` is asyncpg's, which has Postgres forget it at its end.

    It is executed by what lies below `owner.fetchrow`, seven calls nearer to the wire. What those
    look after is not ours: a reader's statements live and end with its connection, and one whose
    connection is closed, or whose types have changed, is discarded for the error that it gives.
    """

    owner: object
    execute: Execute

    @classmethod
    def of(cls, connection: Any, statement: Any) -> Prepared:
        """Source: asyncpg 0.32, `PreparedStatement.__bind_execute`."""
        return cls(statement, partial(connection._protocol.bind_execute, statement._state))


@dataclass(slots=True, kw_only=True)
class Reader:
    """One connection and what is prepared on it."""

    connection: asyncpg.Connection[asyncpg.Record]
    wire: Wire
    statements: OrderedDict[str, Prepared] = field(default_factory=OrderedDict)
    characters: int = 0  # of the statements
    idle_since: float = 0.0

    async def first(
        self, entry: Entry, sql: str, args: tuple[object, ...]
    ) -> asyncpg.Record | None:
        """The first row of a statement in a scope, in the transaction that it is by itself."""
        statement = self.statements.get(sql)
        if statement is None:
            statement = await self._prepared(entry.begin, sql)
        self.statements.move_to_end(sql)
        self.wire.put_ahead(entry.execute, entry.answer)
        try:
            rows, _, _ = await statement.execute(args, "", 1, True, None)
            return rows[0] if rows else None
        except asyncpg.PostgresError as error:
            self._forget(sql)  # it may be the plan that is too old
            if self.wire.failed:
                raise NotEntered("the scope of a read was refused") from error
            raise
        finally:
            self.wire.take_back()  # asyncpg refuses what it cannot write before it writes

    async def _prepared(self, begin: str, sql: str) -> Prepared:
        """Prepares as who will ask: a plan holds the policies of its role."""
        try:
            await self.connection.execute(begin)
            statement = Prepared.of(self.connection, await self.connection.prepare(sql))
        except asyncpg.PostgresError:  # of the scope too: what failed to begin would stay open
            await self.connection.execute("rollback")
            raise
        await self.connection.execute("commit")
        self.statements[sql] = statement
        self.characters += len(sql)
        self._forget_the_least_used()
        return statement

    def _forget_the_least_used(self) -> None:
        """Clients make up statements of any length; whatever they are, memory is bounded."""
        while len(self.statements) > 1 and (
            len(self.statements) > STATEMENTS_MAX or self.characters > CHARACTERS_MAX
        ):
            self._forget(next(iter(self.statements)))

    def _forget(self, sql: str) -> None:
        """asyncpg has Postgres forget it too when it prepares the next."""
        del self.statements[sql]
        self.characters -= len(sql)


class Readers:
    """Up to `size` of them, opened when needed; the one that rested least is taken first."""

    def __init__(self, connect: Connect, *, size: int) -> None:
        self._connect = connect
        self._room = Room(size)
        self._idle: deque[Reader] = deque()
        self._closing: set[asyncio.Task[None]] = set()

    async def first(self, entry: Entry, sql: str, *args: object) -> asyncpg.Record | None:
        """The first row of a statement in a scope, as `Reader.first`.

        Raises asyncpg's errors, NotEntered, OSError where Postgres cannot be reached, and
        TimeoutError where others kept all connections for too long.
        """
        if not self._room.enter_at_once():
            async with asyncio.timeout(ROOM_TIMEOUT_S):
                await self._room.enter()
        try:
            reader = self._rested() or await self._opened()
            try:
                row = await reader.first(entry, sql, args)
            except (asyncpg.PostgresError, NotEntered):
                self._keep(reader)
                raise
            except BaseException:
                self._discard(reader)  # cancelled, or broken: asyncpg tells Postgres to stop
                raise
            self._keep(reader)
            return row
        finally:
            self._room.leave()

    async def close(self) -> None:
        """Closes all; waits for none that is slow."""
        while self._idle:
            self._discard(self._idle.pop())
        if self._closing:
            await asyncio.wait(self._closing, timeout=CLOSE_TIMEOUT_S)

    def _rested(self) -> Reader | None:
        while self._idle:
            reader = self._idle.pop()
            if not reader.connection.is_closed():
                return reader
        return None

    async def _opened(self) -> Reader:
        connection = await self._connect()
        reader = Reader(connection=connection, wire=_wire(connection))
        try:
            await connection.execute(_PREPARE)
        except BaseException:
            self._discard(reader)
            raise
        return reader

    def _keep(self, reader: Reader) -> None:
        now = monotonic()
        reader.idle_since = now
        self._idle.append(reader)
        if now - self._idle[0].idle_since > IDLE_S:
            self._discard(self._idle.popleft())

    def _discard(self, reader: Reader) -> None:
        task = asyncio.get_running_loop().create_task(_closed(reader.connection))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


async def _closed(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await connection.close(timeout=CLOSE_TIMEOUT_S)


def _wire(connection: Any) -> Wire:
    wire = connection._transport  # asyncpg names it no other way
    assert isinstance(wire, Wire)
    return wire
