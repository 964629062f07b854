"""The connection pool of one process, and the types that Postgres and Python agree on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg
import orjson

from db.failures import translated
from db.readers import Readers
from db.session import Database
from db.wire import WiredLoop

COMMAND_TIMEOUT_S: Final = 120
# Postgres keeps 50 to 100 bytes for each character of a prepared statement, and a query that is
# compiled in part may be as long as a client likes. Ours have 3,000 at most.
STATEMENTS_MAX: Final = 256
STATEMENT_CHARACTERS_MAX: Final = 8_192
# How Postgres writes dates and instants as text, in cursors, compiled reads and JSON, and which day
# an instant is of.
SETTINGS: Final = {"datestyle": "ISO", "timezone": "UTC"}
READ_TIMEOUT_S: Final = 10  # Postgres itself stops a user's statement after eight


@asynccontextmanager
async def connect(
    dsn: str, *, size: int, least: int = 1, readers: int = 0, pooled: bool = False
) -> AsyncIterator[Database]:
    """A database of `least` to `size` connections, closed at the end.

    `readers`: how many more there may be for reads of one statement. `pooled` is for a
    transaction-mode pooler in between (Supabase's port 6543), which cannot keep prepared
    statements; it gets no readers.
    """
    with translated():
        pool = await asyncpg.create_pool(
            dsn,
            min_size=least,
            max_size=size,
            command_timeout=COMMAND_TIMEOUT_S,
            max_inactive_connection_lifetime=60,
            statement_cache_size=0 if pooled else STATEMENTS_MAX,
            max_cacheable_statement_size=STATEMENT_CHARACTERS_MAX,
            server_settings=SETTINGS,
            init=_agree_on_types,
            reset=_keep,
        )
    database = Database(pool, readers=_readers(dsn, readers) if readers and not pooled else None)
    try:
        with translated():
            async with pool.acquire() as connection:
                database.postgres = connection.get_server_version().major
        yield database
    finally:
        await database.close()


def _readers(dsn: str, size: int) -> Readers:
    async def opened() -> asyncpg.Connection[asyncpg.Record]:
        loop: Any = WiredLoop(asyncio.get_running_loop())
        connection = await asyncpg.connect(
            dsn,
            loop=loop,
            timeout=READ_TIMEOUT_S,
            command_timeout=READ_TIMEOUT_S,
            server_settings=SETTINGS,
        )
        await _agree_on_types(connection)
        return connection

    return Readers(opened, size=size)


async def _agree_on_types(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.set_type_codec(
        "jsonb",
        schema="pg_catalog",
        encoder=lambda value: b"\x01" + orjson.dumps(value, default=dict),
        decoder=lambda data: orjson.loads(data[1:]),
        format="binary",
    )


async def _keep(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    """Nothing to undo: every setting that this package makes ends with its transaction."""
