"""Corrections of which both rows stand already: decisions go to the row that counts."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

import pytest

from tests.fixtures.ofx_file import ROW, statement
from tests.fixtures.world import Place, World
from tests.flows.test_ofx_corrections import CAFE, FIRST, codes, corrected, standing

PLAIN: Final = ROW.replace("A1", "A2").replace("-12.34", "-13.00").replace("SHOP", "STORE")
SECOND: Final = statement(PLAIN)
CORRECTION: Final = statement(PLAIN + "<CORRECTFITID>A1<CORRECTACTION>REPLACE")
THIRD: Final = statement(corrected("A3", "A2", "-14.00"))
ONCE: Final = [("A2", Decimal("-13.00")), CAFE]


async def row(world: World, place: Place, external_id: str) -> Any:
    return await world.owner.fetchrow(
        "select * from app.transactions where tenant_id = $1 and external_id = $2",
        place.tenant_id,
        external_id,
    )


async def decide(world: World, place: Place, external_id: str, category: str = "TRAVEL") -> None:
    """A member chooses a category and splits the row."""
    one = await row(world, place, external_id)
    await world.owner.execute(
        "update app.transactions set user_category = $3, user_category_by = $4,"
        " user_category_at = now() where tenant_id = $1 and id = $2",
        place.tenant_id,
        one["id"],
        category,
        place.user_id,
    )
    await world.owner.execute(
        "insert into app.transaction_parts (tenant_id, transaction_id, position, amount, whole,"
        " currency, category, note) values ($1, $2, 1, $3, $3, 'USD', 'FOOD', 'lunch')",
        place.tenant_id,
        one["id"],
        one["amount"],
    )


async def decided(world: World, place: Place) -> dict[str, tuple[str | None, str | None]]:
    """Category and note of each row that stands."""
    rows = await world.owner.fetch(
        "select t.external_id, t.user_category, p.note from app.transactions t"
        " left join app.transaction_parts p"
        " on (p.tenant_id, p.transaction_id) = (t.tenant_id, t.id)"
        " where t.tenant_id = $1 and t.status <> 'removed'",
        place.tenant_id,
    )
    return {one["external_id"]: (one["user_category"], one["note"]) for one in rows}


NOTHING: Final = (None, None)
CHOSEN: Final = ("TRAVEL", "lunch")


async def test_decisions_go_to_the_row_that_takes_the_place(world: World) -> None:
    place = await world.place()
    for content in (FIRST, SECOND):
        await world.take_in(place, content)
    await decide(world, place, "A1")
    old, new = await row(world, place, "A1"), await row(world, place, "A2")

    job = await world.take_in(place, CORRECTION)

    assert await standing(world, place) == ONCE
    assert await decided(world, place) == {"A2": CHOSEN, "B1": NOTHING}
    assert (job["imported"], job["withdrawn"]) == (0, 1)
    stays, gone = await row(world, place, "A2"), await row(world, place, "A1")
    assert (stays["id"], stays["description"], stays["missed_at"]) == (
        old["id"],
        new["description"],
        None,
    )
    assert (gone["id"], gone["amount"], gone["description"], gone["raw_id"]) == (
        new["id"],
        old["amount"],
        old["description"],
        old["raw_id"],
    )


async def test_decisions_on_the_row_that_stays_are_its_own(world: World) -> None:
    place = await world.place()
    for content in (FIRST, SECOND):
        await world.take_in(place, content)
    await decide(world, place, "A2")

    job = await world.take_in(place, CORRECTION)

    assert await decided(world, place) == {"A2": CHOSEN, "B1": NOTHING}
    assert "correction-decided-twice" not in await codes(world, place, job)


async def test_decisions_on_both_are_told(world: World) -> None:
    place = await world.place()
    for content in (FIRST, SECOND):
        await world.take_in(place, content)
    await decide(world, place, "A1", "FOOD")
    await decide(world, place, "A2")

    job = await world.take_in(place, CORRECTION)

    assert await standing(world, place) == ONCE
    assert await decided(world, place) == {"A2": CHOSEN, "B1": NOTHING}
    assert (await row(world, place, "A1"))["user_category"] == "FOOD"
    assert "correction-decided-twice" in await codes(world, place, job)


async def test_a_reconciled_row_stands_once_until_it_is_decided(world: World) -> None:
    place = await world.place()
    await world.take_in(place, FIRST)
    await world.reconcile(place)
    await world.take_in(place, SECOND)

    job = await world.take_in(place, CORRECTION)

    amounts = [amount for _, amount in await standing(world, place)]
    assert amounts == [Decimal("-12.34"), Decimal("-5.00")]
    assert (await row(world, place, "A2"))["reconciled"]
    assert "conflict" in await codes(world, place, job)


@pytest.mark.parametrize("order", [[FIRST, THIRD, CORRECTION], [FIRST, THIRD, SECOND, CORRECTION]])
async def test_decisions_go_on_to_the_last_row_of_a_chain(world: World, order: list[bytes]) -> None:
    place = await world.place()
    for content in order[:-1]:
        await world.take_in(place, content)
    await decide(world, place, "A1")

    job = await world.take_in(place, order[-1])

    assert await standing(world, place) == [("A3", Decimal("-14.00")), CAFE]
    assert await decided(world, place) == {"A3": CHOSEN, "B1": NOTHING}

    await world.revert(place, job["id"])

    assert await decided(world, place) == {"A1": CHOSEN, "A3": NOTHING, "B1": NOTHING}


async def test_a_revert_gives_each_row_its_own_again(world: World) -> None:
    place = await world.place()
    for content in (FIRST, SECOND):
        await world.take_in(place, content)
    await decide(world, place, "A1")
    before = await shown(world, place)
    job = await world.take_in(place, CORRECTION)

    await world.revert(place, job["id"])

    assert await shown(world, place) == before
    assert await decided(world, place) == {"A1": CHOSEN, "A2": NOTHING, "B1": NOTHING}


async def shown(world: World, place: Place) -> list[tuple[Any, ...]]:
    """What stands, and where it is from."""
    return [
        tuple(one)
        for one in await world.owner.fetch(
            "select id, external_id, amount, description, status, job_id, raw_line,"
            " user_category, reconciled, duplicate_of from app.transactions"
            " where tenant_id = $1 order by id",
            place.tenant_id,
        )
    ]
