"""The asset of an account: made once, whoever syncs, and never taken from who changed it."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from core.errors import Conflict, Forbidden
from db import assets
from db.pool import connect
from db.session import Database
from tests.fixtures.context import an_account
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.personas import a_group, a_persona, an_asset
from tests.fixtures.world import Place, World

WORKERS = 8


async def _ensure(
    world: World, place: Place, account_id: UUID, persona_id: UUID, **given: Any
) -> UUID:
    return await _ensured(world.database, place, account_id, persona_id, **given)


async def _ensured(
    database: Database, place: Place, account_id: UUID, persona_id: UUID, **given: Any
) -> UUID:
    values = {
        "connection_id": place.connection_id,
        "name": "First Bank Checking",
        "institution": "First Bank",
        **given,
    }
    async with database.as_(place.worker) as tx:
        return await assets.ensure_for_account(
            tx, tenant_id=place.tenant_id, account_id=account_id, persona_id=persona_id, **values
        )


async def _row(world: World, asset_id: UUID) -> asyncpg.Record:
    row = await world.owner.fetchrow("select * from app.assets where id = $1", asset_id)
    assert row is not None
    return row


async def _owners(world: World, asset_id: UUID) -> list[tuple[UUID, str, Decimal | None]]:
    rows = await world.owner.fetch(
        "select persona_id, ownership_type, percentage from app.asset_personas"
        " where asset_id = $1 order by percentage desc",
        asset_id,
    )
    return [tuple(row) for row in rows]


async def _reconnected(world: World, place: Place) -> UUID:
    """Another connection, as a reconnect makes it."""
    connection_id = uuid4()
    await world.owner.execute(
        "insert into app.connections (tenant_id, id, name, provider, lineage_id)"
        " values ($1, $2, 'Again', 'file', $3)",
        place.tenant_id,
        connection_id,
        place.connection_id,
    )
    return connection_id


async def test_the_first_sync_makes_it_the_personas_alone(world: World) -> None:
    place = await world.place()
    account_id, persona_id = await an_account(world, place), await a_persona(world, place)

    asset_id = await _ensure(world, place, account_id, persona_id)

    row = await _row(world, asset_id)
    assert (row["account_id"], row["connection_id"]) == (account_id, place.connection_id)
    assert (row["category"], row["source"], row["currency"]) == (
        "financial_account",
        "connection",
        "EUR",
    )
    assert (row["name"], row["institution_name"]) == ("First Bank Checking", "First Bank")
    assert await _owners(world, asset_id) == [(persona_id, "owner", Decimal("100.00"))]
    events = await world.owner.fetch(
        "select event, user_id, connection_id from app.ingestion_audit_log"
    )
    assert [tuple(row) for row in events] == [("asset.created", None, place.connection_id)]


async def test_a_reconnect_finds_it_and_follows_the_sources_names(world: World) -> None:
    place = await world.place()
    account_id, persona_id = await an_account(world, place), await a_persona(world, place)
    made = await _ensure(world, place, account_id, persona_id)
    again = await _reconnected(world, place)

    found = await _ensure(
        world,
        place,
        account_id,
        await a_persona(world, place, "Who reconnects"),
        connection_id=again,
        name=" Everyday ",
        institution="Bank One",
    )

    row = await _row(world, found)
    assert found == made
    assert (row["connection_id"], row["name"], row["institution_name"]) == (
        again,
        "Everyday",
        "Bank One",
    )
    assert await _owners(world, found) == [(persona_id, "owner", Decimal("100.00"))]


async def test_what_a_person_chose_stays(world: World) -> None:
    place = await world.place()
    account_id, persona_id = await an_account(world, place), await a_persona(world, place)
    made = await _ensure(world, place, account_id, persona_id)
    await world.owner.execute(
        "update app.assets set name = 'Mine', name_by_user = true, institution_name = null,"
        " institution_by_user = true"
    )
    await world.owner.execute("delete from app.asset_personas")

    found = await _ensure(world, place, account_id, persona_id, name="Other", institution="Other")

    row = await _row(world, made)
    assert found == made
    assert (row["name"], row["institution_name"]) == ("Mine", None)
    assert await _owners(world, made) == []


async def test_what_says_the_same_is_not_written_again(world: World) -> None:
    place = await world.place()
    account_id, persona_id = await an_account(world, place), await a_persona(world, place)
    made = await _ensure(world, place, account_id, persona_id)
    before = await world.owner.fetchval("select xmin::text from app.assets")

    await _ensure(world, place, account_id, persona_id)
    await _ensure(world, place, account_id, persona_id, name="", institution=None)

    assert await world.owner.fetchval("select xmin::text from app.assets") == before
    assert (await _row(world, made))["institution_name"] == "First Bank"


async def test_names_that_are_long_or_empty_are_made_to_fit(world: World) -> None:
    place = await world.place()
    persona_id = await a_persona(world, place)
    long, nameless = await an_account(world, place), await an_account(world, place)

    made = [
        await _ensure(world, place, long, persona_id, name="x" * 300, institution=" y" * 300),
        await _ensure(world, place, nameless, persona_id, name=" ", institution=""),
    ]

    rows = [await _row(world, asset_id) for asset_id in made]
    assert [len(row["name"]) for row in rows] == [200, len("Own")]
    assert [row["institution_name"] is None for row in rows] == [False, True]


async def test_workers_at_the_same_time_make_one(world: World, database: DatabaseUrls) -> None:
    place = await world.place()
    account_id = await an_account(world, place)
    personas = [await a_persona(world, place) for _ in range(WORKERS)]

    async with connect(database.login, size=WORKERS) as many:
        found = await asyncio.gather(
            *(_ensured(many, place, account_id, persona_id) for persona_id in personas)
        )

    assert len(set(found)) == 1
    ((persona_id, kind, percentage),) = await _owners(world, found[0])
    assert persona_id in personas
    assert (kind, percentage) == ("owner", Decimal("100.00"))
    assert await world.owner.fetchval("select count(*) from app.ingestion_audit_log") == 1


async def test_who_renames_it_during_a_sync_is_not_overruled(
    world: World, database: DatabaseUrls
) -> None:
    place = await world.place()
    account_id, persona_id = await an_account(world, place), await a_persona(world, place)
    asset_id = await _ensure(world, place, account_id, persona_id)

    async with world.database.as_(place.user) as tx:
        asset = await assets.lock(tx, tenant_id=place.tenant_id, asset_id=asset_id)
        assert asset is not None
        sync = asyncio.create_task(_ensure(world, place, account_id, persona_id, name="Theirs"))
        await asyncio.sleep(0.2)
        assert not sync.done()
        await tx.run("update app.assets set name = 'Mine', name_by_user = true")
    await sync

    assert (await _row(world, asset_id))["name"] == "Mine"


@pytest.mark.parametrize(
    ("groups", "status", "in_one"),
    [(0, "active", False), (1, "active", True), (2, "active", False), (1, "archived", False)],
)
async def test_it_belongs_to_the_personas_group_where_there_is_one_alone(
    world: World, groups: int, status: str, in_one: bool
) -> None:
    place = await world.place()
    account_id, persona_id = await an_account(world, place), await a_persona(world, place)
    made = [await a_group(world, place, persona_id, status=status) for _ in range(groups)]

    row = await _row(world, await _ensure(world, place, account_id, persona_id))

    assert row["group_id"] == (made[0] if in_one else None)


@pytest.mark.parametrize("foreign", ["account", "persona", "connection"])
async def test_things_of_another_tenant_are_not_found(world: World, foreign: str) -> None:
    place, other = await world.place(), await world.place()
    whose = {name: place for name in ("account", "persona", "connection")} | {foreign: other}
    account_id = await an_account(world, whose["account"])
    persona_id = await a_persona(world, whose["persona"])

    with pytest.raises(Forbidden, match="not found"):
        await _ensure(
            world,
            place,
            account_id,
            persona_id,
            connection_id=whose["connection"].connection_id,
        )

    assert await world.owner.fetchval("select count(*) from app.assets") == 0


async def _attach(world: World, place: Place, asset_id: UUID, account_id: UUID) -> UUID | None:
    async with world.database.as_(place.user) as tx:
        return await assets.attach(
            tx, tenant_id=place.tenant_id, asset_id=asset_id, account_id=account_id
        )


async def test_an_asset_that_was_attached_before_is_found(world: World) -> None:
    place = await world.place()
    account_id, persona_id = await an_account(world, place), await a_persona(world, place)
    entered = await an_asset(world, place, category="financial_account", name="Mine")

    given_way = await _attach(world, place, entered, account_id)
    found = await _ensure(world, place, account_id, persona_id)

    row = await _row(world, entered)
    assert (given_way, found) == (None, entered)
    assert (row["name"], row["institution_name"]) == ("Mine", "First Bank")
    assert row["connection_id"] == place.connection_id
    assert await _owners(world, entered) == []


async def test_what_a_connection_made_gives_way_to_what_is_attached(world: World) -> None:
    place = await world.place()
    account_id, persona_id = await an_account(world, place), await a_persona(world, place)
    made = await _ensure(world, place, account_id, persona_id)
    entered = await an_asset(world, place, category="financial_account")

    given_way = await _attach(world, place, entered, account_id)
    found = await _ensure(world, place, account_id, persona_id)

    row = await _row(world, made)
    assert (given_way, found) == (made, entered)
    assert (row["status"], row["account_id"]) == ("archived", None)


async def test_of_two_who_attach_to_one_account_one_is_refused(world: World) -> None:
    place = await world.place()
    account_id = await an_account(world, place)
    entered = [await an_asset(world, place, category="financial_account") for _ in range(2)]

    answers = await asyncio.gather(
        *(_attach(world, place, asset_id, account_id) for asset_id in entered),
        return_exceptions=True,
    )

    assert {type(one) for one in answers} == {type(None), Conflict}


async def test_a_sync_beside_an_attachment_finds_what_is_attached(
    world: World, database: DatabaseUrls
) -> None:
    place = await world.place()
    account_id, persona_id = await an_account(world, place), await a_persona(world, place)
    entered = await an_asset(world, place, category="financial_account")

    async with world.database.as_(place.user) as tx:
        await assets.attach(tx, tenant_id=place.tenant_id, asset_id=entered, account_id=account_id)
        sync = asyncio.create_task(_ensure(world, place, account_id, persona_id))
        await asyncio.sleep(0.2)
        assert not sync.done()

    assert await sync == entered
    assert await world.owner.fetchval("select count(*) from app.assets") == 1
