"""The primary persona: one for each user and tenant, made on first use, whoever asks first."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import pytest

from core.errors import Forbidden
from core.models import Role
from core.scope import Scope
from db import personas
from db.pool import connect
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.world import Place, World

ASKERS = 8


async def _primary(world: World, place: Place, scope: Scope, user_id: UUID) -> UUID:
    async with world.database.as_(scope) as tx:
        return await personas.primary_of(tx, tenant_id=place.tenant_id, user_id=user_id)


async def test_worker_and_user_find_the_same_persona(world: World) -> None:
    place = await world.place()

    made = await _primary(world, place, place.worker, place.user_id)

    assert await _primary(world, place, place.user, place.user_id) == made
    row = await world.owner.fetchrow("select * from app.personas")
    assert row is not None
    assert (row["tenant_id"], row["user_id"], row["is_primary"]) == (
        place.tenant_id,
        place.user_id,
        True,
    )
    assert (row["kind"], row["given_name"]) == ("person", str(place.user_id))
    assert row["email"] == f"{place.user_id}@example.com"


async def test_who_makes_it_first_leaves_one_trace(world: World) -> None:
    place = await world.place()

    made = [await _primary(world, place, place.worker, place.user_id) for _ in range(2)]

    events = await world.owner.fetch("select event, user_id, data from app.ingestion_audit_log")
    assert [(row["event"], row["user_id"]) for row in events] == [("persona.created", None)]
    assert str(made[0]) in events[0]["data"]


async def test_all_who_ask_at_the_same_time_find_one(world: World, database: DatabaseUrls) -> None:
    place = await world.place()

    async with connect(database.login, size=ASKERS) as many:

        async def ask(scope: Scope) -> UUID:
            async with many.as_(scope) as tx:
                return await personas.primary_of(
                    tx, tenant_id=place.tenant_id, user_id=place.user_id
                )

        scopes: list[Scope] = [place.worker, place.user] * (ASKERS // 2)
        found = await asyncio.gather(*map(ask, scopes))

    assert len(set(found)) == 1
    assert await world.owner.fetchval("select count(*) from app.personas") == 1


@pytest.mark.parametrize(
    ("email", "given_name", "kept"),
    [
        ("Mia.Roe@Example.com", "Mia.Roe", "mia.roe@example.com"),
        ("unknown", "unknown", None),
        ("@odd", "@odd", None),
        ("x" * 250 + "@example.com", "x" * 200, "x" * 250 + "@example.com"),
    ],
)
async def test_whatever_the_address_there_is_a_name(
    world: World, email: str, given_name: str, kept: str | None
) -> None:
    place = await world.place()
    await world.owner.execute("update app.tenant_members set email = $1", email)

    await _primary(world, place, place.worker, place.user_id)

    row = await world.owner.fetchrow("select given_name, email from app.personas")
    assert row is not None
    assert tuple(row) == (given_name, kept)


async def test_a_user_of_two_tenants_has_one_in_each(world: World) -> None:
    place, other = await world.place(), await world.place()
    await world.owner.execute(
        "insert into app.tenant_members (tenant_id, user_id, email, role)"
        " values ($1, $2, 'a@b.example', 'member')",
        other.tenant_id,
        place.user_id,
    )

    here = await _primary(world, place, place.worker, place.user_id)
    there = await _primary(world, other, other.worker, place.user_id)

    assert here != there


@pytest.mark.parametrize("who", ["another tenant's user", "nobody"])
async def test_who_is_no_member_has_none(world: World, who: str) -> None:
    place, other = await world.place(), await world.place()
    user_id = uuid4() if who == "nobody" else other.user_id

    with pytest.raises(Forbidden, match="not found"):
        await _primary(world, place, place.worker, user_id)

    assert await world.owner.fetchval("select count(*) from app.personas") == 0


async def test_a_member_who_left_keeps_theirs_and_a_viewer_gets_none(world: World) -> None:
    place, viewed = await world.place(), await world.place(role=Role.VIEWER)
    made = await _primary(world, place, place.worker, place.user_id)

    await world.owner.execute(
        "delete from app.tenant_members where tenant_id = $1", place.tenant_id
    )

    assert await _primary(world, place, place.worker, place.user_id) == made
    with pytest.raises(Forbidden):
        await _primary(world, place, place.user, place.user_id)
    with pytest.raises(Forbidden):
        await _primary(world, viewed, viewed.user, viewed.user_id)


async def test_a_user_is_not_told_another_members(world: World) -> None:
    place = await world.place()
    other = uuid4()
    await world.owner.execute("insert into auth.users (id) values ($1)", other)
    await world.owner.execute(
        "insert into app.tenant_members (tenant_id, user_id, email, role)"
        " values ($1, $2, 'a@b.example', 'member')",
        place.tenant_id,
        other,
    )
    await _primary(world, place, place.worker, other)

    with pytest.raises(Forbidden):
        await _primary(world, place, place.user, other)
