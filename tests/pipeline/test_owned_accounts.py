"""Accounts become assets of whoever connected them; two connections do not fight over one."""

from __future__ import annotations

from uuid import UUID, uuid4

from pipeline.owned_accounts import make_assets
from tests.fixtures.personas import a_persona
from tests.fixtures.world import Place, World

STATEMENT = b"""\
01,BANK,ACME,260301,0600,1,,,2/
02,ACME,BANK,1,260301,,EUR,2/
03,12345678,EUR,015,99300,,/
49,99300,2/
98,99300,1,4/
99,99300,1,6/
"""


async def _two_that_feed_one(world: World) -> tuple[Place, UUID]:
    """A place whose account is fed by another connection too, of the same persona."""
    place = await world.place()
    await world.take_in(place, STATEMENT)
    await world.owner.execute(
        "update app.connections set persona_id = $2 where id = $1",
        place.connection_id,
        await a_persona(world, place),
    )
    other = uuid4()
    for table, key in (("connections", "id"), ("account_mappings", "connection_id")):
        await world.owner.execute(
            f"insert into app.{table} select (jsonb_populate_record(r, jsonb_build_object("
            " 'id', $2::uuid, 'lineage_id', $2::uuid, 'connection_id', $2::uuid,"
            f" 'external_id', 'other'))).* from app.{table} r where r.{key} = $1",
            place.connection_id,
            other,
        )
    return place, other


async def _synced(world: World, place: Place, connection_id: UUID) -> list[UUID]:
    """Connections of the assets after a sync of this one."""
    async with world.database.as_(place.worker) as tx:
        await make_assets(tx, tenant_id=place.tenant_id, connection_id=connection_id)
    rows = await world.owner.fetch("select connection_id from app.assets")
    return [row["connection_id"] for row in rows]


async def test_the_connection_that_made_an_asset_keeps_it_beside_another(world: World) -> None:
    place, other = await _two_that_feed_one(world)

    seen = [
        await _synced(world, place, one)
        for one in (place.connection_id, other, place.connection_id, other)
    ]

    assert seen == [[place.connection_id]] * 4


async def test_an_asset_goes_to_the_connection_that_still_feeds_its_account(world: World) -> None:
    place, other = await _two_that_feed_one(world)
    await _synced(world, place, place.connection_id)
    await world.owner.execute(
        "update app.account_mappings set state = 'ignored', account_id = null"
        " where connection_id = $1",
        place.connection_id,
    )

    assert await _synced(world, place, other) == [other]


async def test_a_connection_that_has_ended_gives_its_assets_away(world: World) -> None:
    place, other = await _two_that_feed_one(world)
    await _synced(world, place, place.connection_id)
    await world.owner.execute(
        "update app.connections set status = 'disconnected', next_sync_at = null where id = $1",
        place.connection_id,
    )

    assert await _synced(world, place, other) == [other]
