"""The connection pool of one process, and the types that Postgres and Python agree on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg
import orjson

from db.failures import translated
from db.session import Database

COMMAND_TIMEOUT_S: Final = 120


@asynccontextmanager
async def connect(
    dsn: str, *, size: int, least: int = 1, pooled: bool = False
) -> AsyncIterator[Database]:
    """A database of `least` to `size` connections, closed at the end.

    `pooled` is for a transaction-mode pooler in between (Supabase's port 6543), which cannot keep
    prepared statements.
    """
    with translated():
        pool = await asyncpg.create_pool(
            dsn,
            min_size=least,
            max_size=size,
            command_timeout=COMMAND_TIMEOUT_S,
            max_inactive_connection_lifetime=60,
            statement_cache_size=0 if pooled else 512,
            init=_agree_on_types,
            reset=_keep,
        )
    database = Database(pool)
    try:
        yield database
    finally:
        await database.close()


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
