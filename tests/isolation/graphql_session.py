"""One connection for everything that is asked, in a transaction of which nothing stays."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final, cast

import asyncpg
import orjson

from db.bootstrap import LOGIN
from db.session import Database
from tests.isolation.rows import literal

_SUPERUSER: Final = "reset role; reset session authorization"


class Lent:
    """A connection whose transactions, within one that is open, are savepoints of it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self._nested = connection.is_in_transaction()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.connection, name)

    async def execute(self, statement: str, *arguments: Any) -> str:
        """Runs a statement; what begins or ends a transaction does so to a savepoint."""
        if not self._nested:
            return await self.connection.execute(statement, *arguments)
        first, _, rest = statement.strip().partition(";")
        match first.split(" ")[0]:
            case "begin":
                return await self.connection.execute(f"savepoint lent; {rest}")
            case "commit":
                await self.connection.execute("release savepoint lent")
                return "COMMIT"
            case "rollback":
                back = "rollback to savepoint lent; release savepoint lent"
                return await self.connection.execute(back)
            case _:
                return await self.connection.execute(statement, *arguments)


class Session:
    """Stands where a `Database` expects its pool, and lends it one connection, a superuser's.

    What the database commits inside of `undone` is taken back at the end of it.
    """

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection
        self.database = Database(cast("asyncpg.Pool[asyncpg.Record]", self))
        self._lent = asyncio.Lock()

    async def acquire(self, timeout: float | None = None) -> Lent:  # noqa: ASYNC109  # as a pool
        """The connection, when nobody else has it."""
        async with asyncio.timeout(timeout):
            await self._lent.acquire()
        return Lent(self.connection)

    async def release(self, connection: Lent) -> None:
        """Takes it back."""
        assert connection.connection is self.connection
        self._lent.release()

    @asynccontextmanager
    async def undone(self, *statements: str) -> AsyncIterator[None]:
        """A block of which nothing stays, after statements of the superuser."""
        # The strictest that reads ask for: asyncpg lets none within ask for more.
        transaction = self.connection.transaction(isolation="repeatable_read")
        await transaction.start()
        try:
            for statement in statements:
                await self.execute(statement)
            yield
        finally:
            await transaction.rollback()

    async def execute(self, statement: str) -> None:
        """Runs a statement as the superuser, whoever the last question was asked as."""
        async with self._lent:
            await self.connection.execute(f"{_SUPERUSER}; {statement}")

    @asynccontextmanager
    async def as_login(self) -> AsyncIterator[None]:
        """A block in which the database is asked as the application's login asks it."""
        await self.connection.execute(f"set session authorization {LOGIN}")
        try:
            yield
        finally:
            await self.connection.execute(_SUPERUSER)

    async def state(self, tables: Mapping[str, str], tenant_id: str) -> object:
        """All that tables have of a tenant, and where it lies: any change shows.

        `tables` name the column with the tenant's id.
        """
        every = " union all ".join(
            f"select '{name}', md5(string_agg(t::text || t.ctid::text, ' ' order by t.ctid))"
            f" from {name} as t where t.{column} = {literal(tenant_id)}"
            for name, column in tables.items()
        )
        return await self.connection.fetch(every)


@asynccontextmanager
async def opened_session(url: str) -> AsyncIterator[Session]:
    """A session of the superuser's with the types that the application agrees on."""
    connection = await asyncpg.connect(url)
    try:
        await connection.set_type_codec(
            "jsonb", schema="pg_catalog", encoder=_encoded, decoder=_decoded, format="binary"
        )
        yield Session(connection)
    finally:
        await connection.close()


def _encoded(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value, default=dict)


def _decoded(data: bytes) -> Any:
    return orjson.loads(data[1:])
