"""One connection outside the pool, for the command line: migrations, the bootstrap, checks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from db.failures import DatabaseUnavailable
from db.pool import SETTINGS

CONNECT_TIMEOUT_S: Final = 15


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection as the login that `url` names, closed at the end of the block.

    Raises `DatabaseUnavailable` with the server's reason; Postgres' own errors pass through.
    """
    try:
        connection = await asyncpg.connect(
            url,
            timeout=CONNECT_TIMEOUT_S,
            server_settings=SETTINGS,
            statement_cache_size=0,  # a transaction pooler in between keeps no statements
        )
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError) as error:
        raise DatabaseUnavailable(f"cannot connect to Postgres: {error}") from error
    try:
        yield connection
    except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
        raise DatabaseUnavailable(f"the connection to Postgres is lost: {error}") from error
    finally:
        await connection.close()
