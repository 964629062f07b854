"""Lineages and the ids that their accounts had: nothing is known twice, and nothing is missed."""

from __future__ import annotations

from uuid import UUID, uuid4

from db import relinks
from tests.fixtures.world import Place, World


async def _connection(world: World, place: Place) -> UUID:
    """Another connection of the tenant, with a lineage of its own."""
    connection_id = uuid4()
    await world.owner.execute(
        "insert into app.connections (tenant_id, id, name, provider, lineage_id)"
        " values ($1, $2, 'Again', 'plaid', $2)",
        place.tenant_id,
        connection_id,
    )
    return connection_id


async def _account(world: World, place: Place, connection_id: UUID, *ids: str) -> UUID:
    """An account that has had these ids, the last of them now."""
    mapping_id: UUID = await world.owner.fetchval(
        "insert into app.account_mappings"
        " (tenant_id, connection_id, lineage_id, external_account_id, currency)"
        " select tenant_id, id, lineage_id, $3, 'USD' from app.connections"
        " where tenant_id = $1 and id = $2 returning id",
        place.tenant_id,
        connection_id,
        ids[0],
    )
    async with world.database.as_(place.worker) as tx:
        for external_id in ids[1:]:
            assert await relinks.rename(
                tx, tenant_id=place.tenant_id, mapping_id=mapping_id, external_id=external_id
            )
    return mapping_id


async def test_an_account_that_is_named_as_before_is_not_missing(world: World) -> None:
    place = await world.place(provider="plaid")
    await _account(world, place, place.connection_id, "old", "new")
    gone = await _account(world, place, place.connection_id, "gone")

    async with world.database.as_(place.worker) as tx:
        missing = await relinks.missing(
            tx, tenant_id=place.tenant_id, connection_id=place.connection_id, ids=["old"]
        )

    assert [one.mapping_id for one in missing] == [gone]


async def test_lineages_that_both_know_an_id_of_before_are_not_joined(world: World) -> None:
    place = await world.place(provider="plaid")
    again = await _connection(world, place)
    await _account(world, place, place.connection_id, "old", "new")
    await _account(world, place, again, "old")

    async with world.database.as_(place.worker) as tx:
        one, other = [
            await relinks.lineage(tx, tenant_id=place.tenant_id, connection_id=each)
            for each in (place.connection_id, again)
        ]
        joined = await relinks.join(tx, tenant_id=place.tenant_id, from_id=other, to_id=one)
        after = await relinks.lineage(tx, tenant_id=place.tenant_id, connection_id=again)

    assert not joined
    assert after == other
