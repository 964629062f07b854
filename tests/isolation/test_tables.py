"""No tenant learns or changes anything of another, whatever it asks, in any role."""

from __future__ import annotations

import asyncpg
import pytest

from db.bootstrap import LOGIN
from tests.fixtures.database import DatabaseUrls
from tests.isolation.attempt import actors
from tests.isolation.leaks import find_interference, find_leaks
from tests.isolation.rows import NoRecipe
from tests.isolation.world import SPY, VICTIM, world_of

ACTORS = {actor.name: actor for actor in actors(SPY, VICTIM, LOGIN)}

_GRANTED = """
select t.name, r.rolname, v.verb
from unnest($1::text[]) as t (name)
cross join pg_roles as r
cross join unnest(array['select', 'insert', 'update']) as v (verb)
where r.rolname in ('authenticated', 'worker')
  and has_any_column_privilege(r.oid, t.name, v.verb)
union all
select t.name, r.rolname, 'delete'
from unnest($1::text[]) as t (name)
cross join pg_roles as r
where r.rolname in ('authenticated', 'worker') and has_table_privilege(r.oid, t.name, 'delete')
"""


async def _superuser(urls: DatabaseUrls) -> asyncpg.Connection:
    return await asyncpg.connect(urls.superuser, statement_cache_size=0)


@pytest.mark.parametrize("role", sorted({actor.role for actor in ACTORS.values()}))
async def test_no_answer_tells_of_another_tenant(database: DatabaseUrls, role: str) -> None:
    connection = await _superuser(database)
    world = await world_of(connection)
    tried = [actor for actor in ACTORS.values() if actor.role == role]

    report = await find_leaks(connection, world, tried)

    assert not report.leaks, "\n".join(report.leaks)
    names = [table.name for table in world.catalog.tables]
    granted = {tuple(row) for row in await connection.fetch(_GRANTED, names) if row[1] == role}
    # A right that never gets through to the spy's own row was not tried in earnest.
    assert not granted - report.reached
    await connection.close()


async def test_nothing_depends_on_another_tenant(every_database: DatabaseUrls) -> None:
    connection = await _superuser(every_database)
    world = await world_of(connection)

    found = await find_interference(connection, world, ACTORS.values())

    assert not found, "\n".join(found)
    await connection.close()


async def test_a_table_without_a_recipe_is_an_error(database: DatabaseUrls) -> None:
    connection = await _superuser(database)
    await connection.execute("create table app.planted (tenant_id uuid not null primary key)")

    with pytest.raises(NoRecipe, match=r"app\.planted"):
        await world_of(connection)

    await connection.close()
