"""A copy into a connection that ends: it is told at once, and does not wait for ever."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator

import asyncpg
import pytest

from core.scope import WorkerScope
from db.failures import DatabaseUnavailable
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.world import World

ROWS = 200_000
TOLD_WITHIN_S = 5


async def test_a_copy_whose_connection_ends_raises_at_once(
    world: World, database: DatabaseUrls
) -> None:
    ended = 0.0

    async def end() -> None:
        nonlocal ended
        admin = await asyncpg.connect(database.superuser)
        await copying.wait()
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where query like 'COPY%'"
        )
        ended = time.monotonic()
        await admin.close()

    def rows() -> Iterator[tuple[str]]:
        for number in range(ROWS):
            if number == ROWS // 100:
                copying.set()
            yield ("x" * 1_000,)

    copying = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        group.create_task(end())
        with pytest.raises(DatabaseUnavailable):
            async with world.database.as_(WorkerScope(tenant_id=None)) as tx:
                await tx.run("create temporary table incoming (text text) on commit drop")
                await tx.copy("incoming", ["text"], rows())

    assert time.monotonic() - ended < TOLD_WITHIN_S
