"""What matching reads is planned for many rows, and finds all that the engine would weigh."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from uuid import UUID, uuid4

import pytest

from core.links import MatchAccount
from db import matching
from db.queries import load
from db.session import Tx
from matching.text import names_transfer
from matching.transfers import telling
from tests.fixtures.world import World

ROWS = 20_000
ACCOUNT = MatchAccount(id=UUID(int=1), name="Holiday savings", masks=("4711",))
_SQL = load("nearby")


async def test_the_keys_of_a_part_are_hashed_however_little_room_the_server_gives(
    world: World,
) -> None:
    place = await world.place()

    async with world.database.as_(place.worker) as tx:
        await tx.run("set local work_mem = '256kB'")
        before = await _plan(tx, place.tenant_id)
        await matching.plan_for_many(tx)
        after = await _plan(tx, place.tenant_id)

    assert "hashed SubPlan" not in before
    assert "hashed SubPlan" in after


@pytest.mark.parametrize(
    "text",
    [
        "TRANSFER_IN",
        "Top - up",
        "XFER-7 to checking",
        "fx",
        "Card  payment; thank you",
        "own-account",
        "conversion EUR/USD",
        "transferred",
    ],
)
async def test_what_calls_itself_a_transfer_is_found_by_its_pattern(
    world: World, text: str
) -> None:
    assert names_transfer(text)
    assert await _is_found(world, text)


@pytest.mark.parametrize("text", ["To Holiday Savings", "GIRO DE99XX4711"])
async def test_what_names_an_account_is_found_by_its_pattern(world: World, text: str) -> None:
    assert not names_transfer(text)
    assert await _is_found(world, text)


async def test_what_says_nothing_of_either_is_not_found(world: World) -> None:
    assert not await _is_found(world, "COFFEE SHOP 12 BERLIN")


async def _is_found(world: World, text: str) -> bool:
    place = await world.place()
    async with world.database.as_(place.worker) as tx:
        return bool(await tx.value("select $1::text ~* $2::text", text, telling([ACCOUNT])))


async def _plan(tx: Tx, tenant_id: UUID) -> str:
    account, day = uuid4(), date(2026, 3, 1)
    found = await tx.rows(
        f"explain {_SQL['twice']}",
        tenant_id,
        [account] * ROWS,
        ["EUR"] * ROWS,
        [Decimal(number) for number in range(ROWS)],
        [day] * ROWS,
        [account],
        day,
        day,
    )
    return "\n".join(row[0] for row in found)
