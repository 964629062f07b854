"""`supabase/schema.sql` is what the migrations make, and makes the same database again."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio

from cli.generate_schema import SCHEMA_FILE, generated_schema
from db.schema_dump import UnknownObject, schema_dump
from tests.fixtures.database import DatabaseUrls, cloned
from tests.fixtures.servers import MIGRATED, Servers

# The module's connection belongs to the module's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(
    scope="module", loop_scope="module", params=["servers", "servers_15"], ids=["bundled", "15"]
)
async def owner(request: pytest.FixtureRequest) -> AsyncIterator[asyncpg.Connection]:
    """A connection of the owner to a migrated database, which tests leave as they found it."""
    servers: Servers = request.getfixturevalue(request.param)
    async with cloned(servers, MIGRATED) as urls:
        connection = await asyncpg.connect(urls.owner)
        yield connection
        await connection.close()


async def test_committed_schema_is_what_the_migrations_make(owner: asyncpg.Connection) -> None:
    committed = SCHEMA_FILE.read_text(encoding="utf-8")

    dumped = await schema_dump(owner)

    assert dumped == committed, f"{SCHEMA_FILE.name} is stale: run `make generate`"


@pytest.mark.parametrize("owner", ["servers"], ids=["bundled"], indirect=True)
async def test_generator_writes_what_the_test_compares(owner: asyncpg.Connection) -> None:
    dumped = await schema_dump(owner)

    generated = await generated_schema()

    assert generated == dumped


@pytest.mark.parametrize("owner", ["servers"], ids=["bundled"], indirect=True)
async def test_schema_builds_the_same_database_again(
    owner: asyncpg.Connection, bare_database: DatabaseUrls
) -> None:
    dumped = await schema_dump(owner)
    replayed = await asyncpg.connect(bare_database.owner)

    await replayed.execute(dumped)

    # `between` is read back as two comparisons with parentheses of their own.
    assert _ungrouped(await schema_dump(replayed)) == _ungrouped(dumped)
    await replayed.close()


@pytest.mark.parametrize(
    "change",
    [
        "alter table app.accounts add column planted text",
        "alter table app.accounts alter column name drop not null",
        "alter table app.accounts alter column status set default 'closed'",
        "alter table app.accounts drop constraint accounts_name_check",
        "alter table app.accounts drop constraint accounts_institution_fkey",
        "drop index app.accounts_order_idx",
        "alter table app.accounts no force row level security",
        "alter policy accounts_select on app.accounts using (true)",
        "drop policy accounts_select on app.accounts",
        "grant delete on app.accounts to worker",
        "revoke update (name) on app.accounts from authenticated",
        "grant usage on schema private to anon",
        "drop trigger accounts_touch on app.accounts",
        "alter function private.has_role(text) security invoker",
        "grant execute on function private.has_role(text) to anon",
        "comment on table app.accounts is 'changed'",
        "comment on column app.accounts.name is 'new'",
        "alter default privileges grant execute on functions to public",
        "create view app.planted with (security_invoker = true) as select 1 as one",
    ],
)
async def test_schema_shows_the_change(owner: asyncpg.Connection, change: str) -> None:
    before = await schema_dump(owner)

    after = await _dump_after(owner, change)

    assert after != before


@pytest.mark.parametrize(
    "change",
    [
        "create sequence app.planted",
        "create type app.planted as enum ('one')",
        "create materialized view app.planted as select 1 as one",
        "create table app.planted () inherits (app.accounts)",
    ],
)
async def test_what_the_dump_cannot_write_is_refused(
    owner: asyncpg.Connection, change: str
) -> None:
    with pytest.raises(UnknownObject, match="planted"):
        await _dump_after(owner, change)


async def _dump_after(owner: asyncpg.Connection, change: str) -> str:
    transaction = owner.transaction()
    await transaction.start()
    try:
        await owner.execute(change)
        return await schema_dump(owner)
    finally:
        await transaction.rollback()


def _ungrouped(sql: str) -> str:
    return sql.replace("(", "").replace(")", "")
