"""Shares of an asset's owners never sum above 100, however many write at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Literal
from uuid import UUID

import asyncpg
import pytest

from core.assets import AssetOwner, OwnershipType
from core.errors import BankfeedsError, Forbidden
from core.scope import Scope
from db import asset_owners
from db.failures import Invalid
from db.pool import connect
from db.session import Database
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.personas import a_persona, an_asset
from tests.fixtures.world import Place, World

WRITERS = 10
OWNED = "select coalesce(sum(percentage), 0) from app.asset_personas where ownership_type = 'owner'"


def _owner(
    persona_id: UUID,
    percentage: str | None,
    kind: OwnershipType = OwnershipType.OWNER,
) -> AssetOwner:
    return AssetOwner(
        asset_id=UUID(int=0),
        persona_id=persona_id,
        ownership_type=kind,
        percentage=None if percentage is None else Decimal(percentage),
    )


async def _add(
    database: Database, place: Place, asset_id: UUID, owner: AssetOwner, scope: Scope | None = None
) -> BankfeedsError | None:
    """What the database refuses it with, None where it is taken."""
    try:
        async with database.as_(scope or place.user) as tx:
            await asset_owners.add(tx, tenant_id=place.tenant_id, asset_id=asset_id, owners=[owner])
    except BankfeedsError as error:
        return error
    return None


@asynccontextmanager
async def _many(database: DatabaseUrls) -> AsyncIterator[Database]:
    """A connection for each writer."""
    async with connect(database.login, size=WRITERS) as many:
        yield many


async def test_of_many_writers_of_sixty_one_succeeds(world: World, database: DatabaseUrls) -> None:
    place = await world.place()
    asset_id = await an_asset(world, place)
    personas = [await a_persona(world, place) for _ in range(WRITERS)]

    scopes: list[Scope] = [place.user, place.worker] * (WRITERS // 2)
    owners = [_owner(one, "60.00") for one in personas]

    async with _many(database) as many:
        refused = await asyncio.gather(
            *(
                _add(many, place, asset_id, owner, scope)
                for owner, scope in zip(owners, scopes, strict=True)
            )
        )

    assert refused.count(None) == 1
    assert {str(one) for one in refused if one} == {"the value breaks asset_personas_sum_check"}
    assert await world.owner.fetchval(OWNED) == Decimal("60.00")


async def test_many_writers_may_fill_it_to_the_last_hundredth(
    world: World, database: DatabaseUrls
) -> None:
    place = await world.place()
    asset_id = await an_asset(world, place)
    personas = [await a_persona(world, place) for _ in range(WRITERS)]

    async with _many(database) as many:
        refused = await asyncio.gather(
            *(_add(many, place, asset_id, _owner(one, "10.00")) for one in personas)
        )

    assert refused == [None] * WRITERS
    assert await world.owner.fetchval(OWNED) == Decimal("100.00")


async def test_writers_of_different_assets_do_not_wait_for_each_other(
    world: World, database: DatabaseUrls
) -> None:
    place = await world.place()
    mine, other = await an_asset(world, place), await an_asset(world, place)
    persona_id = await a_persona(world, place)

    async with _many(database) as many, many.as_(place.user) as tx, asyncio.timeout(5):
        await asset_owners.add(
            tx, tenant_id=place.tenant_id, asset_id=mine, owners=[_owner(persona_id, "60")]
        )

        assert await _add(many, place, other, _owner(persona_id, "60")) is None


@pytest.mark.parametrize("isolation", ["repeatable_read", "serializable"])
async def test_a_writer_with_an_older_snapshot_fails(
    world: World, database: DatabaseUrls, isolation: Literal["repeatable_read", "serializable"]
) -> None:
    place = await world.place()
    asset_id = await an_asset(world, place)
    early, late = [await a_persona(world, place) for _ in range(2)]
    insert = "insert into app.asset_personas values ($1, $2, $3, 'owner', 60)"
    connection = await asyncpg.connect(database.owner)
    try:
        transaction = connection.transaction(isolation=isolation)
        await transaction.start()
        await connection.fetchval("select count(*) from app.asset_personas")
        await world.owner.execute(insert, place.tenant_id, asset_id, early)

        with pytest.raises((asyncpg.SerializationError, asyncpg.CheckViolationError)):
            await connection.execute(insert, place.tenant_id, asset_id, late)
            await transaction.commit()
    finally:
        await connection.close()

    assert await world.owner.fetchval(OWNED) == 60


async def test_a_writer_that_gives_up_makes_room(world: World, database: DatabaseUrls) -> None:
    place = await world.place()
    asset_id = await an_asset(world, place)
    first, second = [await a_persona(world, place) for _ in range(2)]

    async with _many(database) as many:
        with pytest.raises(ZeroDivisionError):
            async with many.as_(place.user) as tx:
                await asset_owners.add(
                    tx, tenant_id=place.tenant_id, asset_id=asset_id, owners=[_owner(first, "60")]
                )
                waiting = asyncio.create_task(_add(many, place, asset_id, _owner(second, "60")))
                await asyncio.sleep(0.2)
                assert not waiting.done()
                raise ZeroDivisionError

        assert await waiting is None

    assert await world.owner.fetchval("select persona_id from app.asset_personas") == second


async def test_shares_in_one_statement_are_judged_together(world: World) -> None:
    place = await world.place()
    asset_id = await an_asset(world, place)
    personas = [await a_persona(world, place) for _ in range(3)]
    thirds = [_owner(one, "33.33") for one in personas]
    too_much = [*thirds[:2], _owner(personas[2], "33.35")]

    async with world.database.as_(place.user) as tx:
        await asset_owners.replace(tx, tenant_id=place.tenant_id, asset_id=asset_id, owners=thirds)
    with pytest.raises(Invalid, match="asset_personas_sum_check"):
        async with world.database.as_(place.user) as tx:
            await asset_owners.replace(
                tx, tenant_id=place.tenant_id, asset_id=asset_id, owners=too_much
            )

    assert await world.owner.fetchval(OWNED) == Decimal("99.99")


async def test_beneficiaries_and_trustees_do_not_count(world: World) -> None:
    place = await world.place()
    asset_id = await an_asset(world, place)
    persona_id = await a_persona(world, place)

    refused = [
        await _add(world.database, place, asset_id, owner)
        for owner in (
            _owner(persona_id, "100"),
            _owner(persona_id, "100", OwnershipType.BENEFICIARY),
            _owner(await a_persona(world, place), "100", OwnershipType.BENEFICIARY),
            _owner(persona_id, None, OwnershipType.TRUSTEE),
        )
    ]

    assert refused == [None] * 4


async def test_a_share_changes_when_its_asset_was_changed(world: World) -> None:
    place = await world.place()
    asset_id = await an_asset(world, place)
    persona_id = await a_persona(world, place)
    changed = "select updated_at from app.assets"
    before = await world.owner.fetchval(changed)

    assert await _add(world.database, place, asset_id, _owner(persona_id, "1")) is None

    assert await world.owner.fetchval(changed) > before


async def test_owners_and_assets_of_another_tenant_are_not_found(world: World) -> None:
    place, other = await world.place(), await world.place()
    asset_id, theirs = await an_asset(world, place), await an_asset(world, other)
    persona_id, foreign = await a_persona(world, place), await a_persona(world, other)

    answers = [
        await _add(world.database, place, *pair)
        for pair in ((asset_id, _owner(foreign, "1")), (theirs, _owner(persona_id, "1")))
    ]

    assert [type(one) for one in answers] == [Forbidden, Forbidden]
