"""Tables that a job let grow are looked at anew before what follows is planned."""

from __future__ import annotations

import asyncpg

from db import statistics
from db.ledger import claim
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.world import World

_LOOKED = "select analyze_count from pg_stat_all_tables where relid = 'app.transactions'::regclass"


async def _looks(world: World, *, imported: int) -> int:
    """How often it was looked at the table after a job that wrote so many rows."""
    place = await world.place()
    job_id = await world.job(place, b"")
    job = await claim(
        world.database, tenant_id=place.tenant_id, job_id=job_id, lease=world.services.lease
    )
    assert job is not None
    await world.owner.execute(
        "update app.ingestion_jobs set imported = $2 where id = $1", job_id, imported
    )
    before = await world.owner.fetchval(_LOOKED)
    async with world.database.as_(world.services.scope(job)) as tx:
        await statistics.keep(tx, job)
    return int(await world.owner.fetchval(_LOOKED)) - int(before)


async def test_a_job_that_wrote_most_rows_has_the_tables_looked_at(world: World) -> None:
    assert await _looks(world, imported=10_000) == 1


async def test_a_job_of_a_few_rows_leaves_them(world: World) -> None:
    assert await _looks(world, imported=9_999) == 0


async def test_a_job_of_a_small_part_of_all_rows_leaves_them(
    world: World, database: DatabaseUrls
) -> None:
    superuser = await asyncpg.connect(database.superuser)
    await superuser.execute(
        "update pg_class set reltuples = 50000 where oid = 'app.transactions'::regclass"
    )
    await superuser.close()

    assert await _looks(world, imported=10_000) == 0
