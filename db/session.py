"""The one door to Postgres: a transaction under one scope."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import lru_cache
from typing import Any, Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from core.scope import Scope, UserScope
from db.failures import DatabaseUnavailable, translate, translated
from db.readers import Entry, Readers

POSTGRES_OLDEST: Final = 15
STATEMENT_TIMEOUT_S: Final = 8  # below the ten seconds that an operation of the API may take
WORKER_STATEMENT_TIMEOUT_S: Final = 60  # a batch on a slow disk is no reason to fail a job
ACQUIRE_TIMEOUT_S: Final = 10
COPY_GRACE_S: Final = 2  # after the time in which Postgres itself ends a statement

# One message, so that a transaction never runs a statement outside its scope. Every setting ends
# with the transaction. The legacy claim would win over the JSON where a function of Supabase's
# auth schema reads it, so it is cleared.
_BEGIN: Final = """
begin {mode};
select
  set_config('role', {role}, true),
  set_config('request.jwt.claims', {claims}, true),
  set_config('request.jwt.claim.sub', '', true),
  set_config('statement_timeout', '{timeout_s}s', true)
"""


class Tx:
    """An open transaction. Its queries queue: a Postgres connection does one thing at a time."""

    def __init__(
        self, connection: PoolConnectionProxy[asyncpg.Record], scope: Scope, *, timeout_s: int
    ) -> None:
        self.scope = scope
        self.statements = 0
        self._connection = connection
        self._timeout_s = timeout_s
        self._lock = asyncio.Lock()

    async def rows(self, sql: str, *args: object) -> list[asyncpg.Record]:
        """All rows of the answer."""
        async with self._lock:
            self.statements += 1
            with translated():
                return await self._connection.fetch(sql, *args)

    async def row(self, sql: str, *args: object) -> asyncpg.Record | None:
        """The first row, or None."""
        async with self._lock:
            self.statements += 1
            with translated():
                return await self._connection.fetchrow(sql, *args)

    async def value(self, sql: str, *args: object) -> Any:
        """The first column of the first row, or None."""
        async with self._lock:
            self.statements += 1
            with translated():
                return await self._connection.fetchval(sql, *args)

    async def run(self, sql: str, *args: object) -> int:
        """Runs a statement and tells how many rows it touched."""
        async with self._lock:
            self.statements += 1
            with translated():
                tag = await self._connection.execute(sql, *args)
        last = tag.rpartition(" ")[2]
        return int(last) if last.isdigit() else 0

    async def copy(self, table: str, columns: Sequence[str], records: Iterable[Any]) -> None:
        """Copies records into a temporary table of this transaction, in binary."""
        async with self._lock:
            self.statements += 1
            with translated():
                async with self._heeding_loss():
                    await self._connection.copy_records_to_table(
                        table, schema_name="pg_temp", columns=list(columns), records=records
                    )

    @asynccontextmanager
    async def trial(self) -> AsyncIterator[None]:
        """What is written inside is let go of at the end; what was read of it stays known."""
        await self.run("savepoint trial")
        yield
        await self.run("rollback to savepoint trial")

    @asynccontextmanager
    async def _heeding_loss(self) -> AsyncIterator[None]:
        """Raises TimeoutError where the connection is lost: a copy that waits to write is not told.

        Source: asyncpg 0.32, whose `copy_in` awaits `writing_allowed` alone.
        """
        async with asyncio.timeout(self._timeout_s + COPY_GRACE_S) as patience:

            def give_up(_: object) -> None:
                with suppress(RuntimeError):  # the block has ended by itself
                    patience.reschedule(0)

            self._connection.add_termination_listener(give_up)
            try:
                yield
            finally:
                self._connection.remove_termination_listener(give_up)


class Database:
    """A pool that can read nothing by itself: every use names its scope."""

    def __init__(
        self, pool: asyncpg.Pool[asyncpg.Record], *, readers: Readers | None = None
    ) -> None:
        self.postgres = POSTGRES_OLDEST  # the version, where it is known to be a later one
        self._pool = pool
        self._readers = readers

    @asynccontextmanager
    async def as_(
        self,
        scope: Scope,
        *,
        read_only: bool = False,
        timeout_s: int | None = None,
    ) -> AsyncIterator[Tx]:
        """A transaction as the scope's role with its claims; commits unless something raises.

        A statement may take `timeout_s`, by default 8 seconds for a user and 60 for a worker.

        A read-only one sees one state of the data, however many statements it reads with.
        Raises DatabaseUnavailable, Forbidden, Conflict, Invalid and TimedOut, from the block too.
        """
        if timeout_s is None:
            timeout_s = _timeout_s(scope)
        async with self._connection() as connection:
            try:
                with translated():
                    await connection.execute(_begin(scope, read_only, timeout_s))
                yield Tx(connection, scope, timeout_s=timeout_s)
            except BaseException:
                await _roll_back(connection)
                raise
            with translated():
                done = await connection.execute("commit")
            if done != "COMMIT":  # a statement failed, and whoever ran it went on
                raise DatabaseUnavailable("an earlier statement of the transaction failed")

    async def first(self, scope: Scope, sql: str, *args: object) -> asyncpg.Record | None:
        """The first row of one statement that reads, in a transaction of its own.

        Raises as `as_` does. For answers that are asked for by the thousand: it takes one round
        trip where the pool was told to keep readers.
        """
        if self._readers is None:
            async with self.as_(scope, read_only=True) as tx:
                return await tx.row(sql, *args)
        try:
            return await self._readers.first(_entry(scope), sql, *args)
        except BaseException as error:
            translate(error)
            raise

    async def ping(self) -> None:
        """Raises DatabaseUnavailable unless Postgres answers."""
        async with self._connection() as connection:
            with translated():
                await connection.execute("select 1")

    async def close(self) -> None:
        """Closes the pool; waits for what runs, but not for ever."""
        if self._readers is not None:
            await self._readers.close()
        try:
            async with asyncio.timeout(ACQUIRE_TIMEOUT_S):
                await self._pool.close()
        except TimeoutError:
            self._pool.terminate()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[PoolConnectionProxy[asyncpg.Record]]:
        # Only the pool's own failures are translated: what the caller's block raises is its own.
        with translated():
            connection = await self._pool.acquire(timeout=ACQUIRE_TIMEOUT_S)
        try:
            yield connection
        finally:
            with translated():
                await self._pool.release(connection)


def _timeout_s(scope: Scope) -> int:
    return STATEMENT_TIMEOUT_S if isinstance(scope, UserScope) else WORKER_STATEMENT_TIMEOUT_S


@lru_cache(maxsize=2_048)
def _begin(scope: Scope, read_only: bool, timeout_s: int) -> str:
    return _BEGIN.format(
        mode="isolation level repeatable read, read only" if read_only else "",
        role=_literal(scope.role),
        claims=_literal(scope.claims),
        timeout_s=int(timeout_s),
    )


@lru_cache(maxsize=2_048)
def _entry(scope: Scope) -> Entry:
    timeout_s = _timeout_s(scope)
    begin = _begin(scope, True, timeout_s)
    return Entry.of(begin, role=scope.role, claims=scope.claims, timeout_s=timeout_s)


def _literal(text: str) -> str:
    """A text as SQL writes it. With an E it means the same whatever the server's settings are."""
    escaped = text.replace("\\", "\\\\").replace("'", "''")
    return f"E'{escaped}'"


async def _roll_back(connection: PoolConnectionProxy[asyncpg.Record]) -> None:
    """Rolls back; a connection that is gone has rolled back by itself."""
    try:
        with translated():
            await connection.execute("rollback")
    except DatabaseUnavailable:
        return
