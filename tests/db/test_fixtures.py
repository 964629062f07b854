"""The fixtures keep their promises: a database of its own, migrated, with the grants of both."""

from __future__ import annotations

import asyncpg
import pytest
from redis.asyncio import Redis

from db.login import refuse_unsafe_login
from tests.fixtures.database import DatabaseUrls


async def test_every_database_is_migrated_and_its_login_is_safe(
    every_database: DatabaseUrls,
) -> None:
    connection = await asyncpg.connect(every_database.login)
    try:
        await refuse_unsafe_login(connection)
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.fetch("select from app.tenants")
    finally:
        await connection.close()


async def test_only_a_worker_makes_temporary_tables(every_database: DatabaseUrls) -> None:
    connection = await asyncpg.connect(every_database.login)
    try:
        async with connection.transaction():
            await connection.execute("set local role worker")
            await connection.execute("create temporary table t (a int) on commit drop")
        async with connection.transaction():
            await connection.execute("set local role authenticated")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute("create temporary table t (a int) on commit drop")
    finally:
        await connection.close()


@pytest.mark.parametrize("turn", ["first", "second"])
async def test_a_database_has_nothing_of_another_test(
    bare_database: DatabaseUrls, redis_url: str, turn: str
) -> None:
    connection = await asyncpg.connect(bare_database.owner)
    try:
        await connection.execute("create schema of_one_test")
    finally:
        await connection.close()

    async with Redis.from_url(redis_url) as redis:
        assert await redis.incr("of_one_test") == 1, turn
