"""The isolation tests find what is planted: each way in which one tenant could see another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from typing import Final

import asyncpg
import pytest
import pytest_asyncio

from db.bootstrap import LOGIN, OWNER
from tests.fixtures.database import cloned
from tests.fixtures.servers import MIGRATED, Servers
from tests.isolation.attempt import actors, rolled_back
from tests.isolation.leaks import find_interference, find_leaks
from tests.isolation.rows import RECIPES
from tests.isolation.world import SPY, VICTIM, World, world_of

# The module's connection belongs to the module's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="module")

_MINE: Final = "tenant_id = (select private.current_tenant_id())"
_SECURED: Final = (
    "alter table app.planted enable row level security;"
    "alter table app.planted force row level security;"
)
_DEFINER: Final = "security definer set search_path = pg_catalog, pg_temp"


def _table(columns: str, then: str) -> str:
    return (
        f"create table app.planted (tenant_id uuid not null, id uuid not null, {columns},"
        f" primary key (tenant_id, id)); {then}"
    )


def _guarded(columns: str, verb: str, policy: str) -> str:
    """A table whose rows are guarded as they should be, but for what the policy says."""
    return _table(
        columns,
        f"{_SECURED} grant select, {verb} on app.planted to authenticated;"
        f"create policy s on app.planted for select to authenticated using ({_MINE});"
        f"create policy p on app.planted for {verb} to authenticated {policy}",
    )


def _function(head: str, body: str) -> str:
    return (
        f"create function app.planted{head} {_DEFINER} as $$ {body} $$;"
        "grant execute on function app.planted to authenticated"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A hole, and what the report must say of it."""

    name: str
    sql: str
    says: str
    actor: str = "member"
    also_tried: frozenset[str] = frozenset()


HOLES: Final = (
    Planted(
        name="table without row security",
        sql=_table("name text", "grant select on app.planted to authenticated"),
        says="shows another tenant",
    ),
    Planted(
        name="policy for all rows",
        sql=_table(
            "name text",
            f"{_SECURED} grant select on app.planted to authenticated;"
            "create policy p on app.planted for select to authenticated using (true)",
        ),
        says="shows another tenant",
    ),
    Planted(
        name="update of all rows",
        sql=_table(
            "name text",
            f"{_SECURED} grant update (name) on app.planted to authenticated;"
            "create policy s on app.planted for select to authenticated using (true);"
            "create policy p on app.planted for update to authenticated using (true)",
        ),
        says="changes another tenant",
    ),
    Planted(
        name="delete of all rows",
        sql=_table("name text", "grant delete on app.planted to authenticated"),
        says="changes another tenant",
    ),
    Planted(
        name="rows for other tenants",
        sql=_guarded("name text", "insert", "with check (true)"),
        says="changes another tenant",
    ),
    Planted(
        name="rows given to other tenants",
        sql=_table(
            "name text",
            f"{_SECURED} grant update on app.planted to authenticated;"
            "create policy p on app.planted for update to authenticated"
            f" using ({_MINE}) with check (true)",
        ),
        says="changes another tenant",
    ),
    Planted(
        name="unique key without the tenant",
        sql=_guarded("email text unique", "insert", f"with check ({_MINE})"),
        says="planted_email_key",
    ),
    Planted(
        name="reference without the tenant",
        sql="alter table app.accounts add unique (id);"
        + _guarded(
            "account_id uuid references app.accounts (id)", "insert", f"with check ({_MINE})"
        ),
        says="tells what is there",
    ),
    Planted(
        name="reference that deletes along",
        sql="alter table app.accounts add unique (id);"
        + _table(
            "account_id uuid references app.accounts (id) on delete cascade",
            f"{_SECURED} grant select, update on app.planted to authenticated;"
            f"create policy s on app.planted for select to authenticated using ({_MINE});"
            f"create policy p on app.planted for update to authenticated using ({_MINE})",
        ),
        says="tells what is there",
    ),
    Planted(
        name="view of its owner",
        sql="create view app.planted as select tenant_id, name from app.accounts;"
        "grant select on app.planted to authenticated",
        says="shows another tenant",
    ),
    Planted(
        name="number in a view of its owner",
        sql="create view app.planted as select count(*) as accounts from app.accounts;"
        "grant select on app.planted to authenticated",
        says="depends on another tenant",
    ),
    Planted(
        name="partition read past its parent",
        sql="create table app.planted_all (tenant_id uuid primary key)"
        " partition by list (tenant_id);"
        "create table app.planted partition of app.planted_all default;"
        "alter table app.planted_all enable row level security;"
        "grant select on app.planted to authenticated;",
        says="shows another tenant",
    ),
    Planted(
        name="function that shows a row",
        sql=_function(
            "(account uuid) returns text language sql stable",
            "select name from app.accounts where id = account",
        ),
        says="tells what is there",
    ),
    Planted(
        name="function that counts",
        sql=_function("() returns bigint language sql stable", "select count(*) from app.accounts"),
        says="depends on another tenant",
    ),
    Planted(
        name="function that fails for what is there",
        sql=_function(
            "(account uuid) returns void language plpgsql stable",
            "begin if exists (select from app.accounts where id = account) then "
            "raise exception 'not yours'; end if; end",
        ),
        says="not yours",
    ),
    Planted(
        name="function that changes a row",
        sql=_function(
            "(account uuid) returns void language sql",
            "update app.accounts set name = 'x' where id = account",
        ),
        says="changes another tenant",
    ),
    Planted(
        name="key material",
        sql="grant select on private.tenant_keys to authenticated;"
        "create policy p on private.tenant_keys for select to authenticated using (true)",
        says="shows another tenant",
        also_tried=frozenset({"private.tenant_keys"}),
    ),
    Planted(
        name="anon",
        sql="grant usage on schema app to anon; grant select on app.accounts to anon;"
        "create policy p on app.accounts for select to anon using (true)",
        says="shows another tenant",
        actor="anon",
        also_tried=frozenset({"app.accounts"}),
    ),
    Planted(
        name="worker that believes any claims",
        sql="alter policy accounts_select_worker on app.accounts"
        " using (tenant_id = (select (private.claims() ->> 'tenant_id')::uuid))",
        says="depends on another tenant",
        actor="worker with claims of a user",
        also_tried=frozenset({"app.accounts"}),
    ),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def connection(servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """The superuser's, to a migrated database that tests leave as they found it."""
    async with cloned(servers, MIGRATED) as urls:
        connection = await asyncpg.connect(urls.superuser, statement_cache_size=0)
        yield connection
        await connection.close()


@pytest.mark.parametrize("hole", HOLES, ids=lambda hole: hole.name)
async def test_a_planted_hole_is_reported(connection: asyncpg.Connection, hole: Planted) -> None:
    actor = [actor for actor in actors(SPY, VICTIM, LOGIN) if actor.name == hole.actor]
    async with rolled_back(connection):
        await connection.execute(f"set local role {OWNER}; {hole.sql}; reset role")
        world = await world_of(connection, {**RECIPES, "app.planted": {}, "app.planted_all": {}})
        world = _narrowed(world, hole.also_tried)

        report = await find_leaks(connection, world, actor)
        interference = await find_interference(connection, world, actor)

    found = report.leaks + interference
    assert any(hole.says in leak for leak in found), "\n".join(found) or "nothing was found"


def _narrowed(world: World, names: frozenset[str]) -> World:
    """The world with nothing to try but what was planted: the rest is tried elsewhere."""

    def wanted(name: str) -> bool:
        return "planted" in name or name in names

    catalog = world.catalog
    return replace(
        world,
        catalog=replace(
            catalog,
            tables=tuple(t for t in catalog.tables if wanted(t.name) or t.name == "app.accounts"),
            relations=tuple(r for r in catalog.relations if wanted(r.name)),
            functions=tuple(f for f in catalog.functions if wanted(f.name)),
        ),
    )
