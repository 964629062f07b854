"""Corrections (BAI2 group status): a bank takes back what it said of a day, or only tries."""

from __future__ import annotations

from decimal import Decimal

from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Account, Group, bai2, statement
from tests.fixtures.world import Place, World

UPDATE, DELETE, CORRECT, TEST = "1", "2", "3", "4"


async def test_a_deletion_takes_back_the_day_of_its_account_and_nothing_else(
    world: World,
) -> None:
    place = await world.place()
    accounts = [Account(details=[COFFEE]), Account(details=[RENT], number="87654321")]
    await world.take_in(place, bai2(Group(accounts=accounts)))
    await world.take_in(place, statement(SALARY, day="260302"))

    job = await world.take_in(place, statement(status=DELETE))

    assert (job["state"], job["withdrawn"]) == ("completed", 1)
    assert await _descriptions(world, place) == ["RENT", "SALARY"]


async def test_a_deletion_takes_back_the_balances_of_the_day(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.take_in(place, statement(SALARY, day="260302"))

    await world.take_in(place, statement(status=DELETE))

    days = await world.owner.fetch("select as_of::text from app.account_balances")
    assert [day["as_of"] for day in days] == ["2026-03-02"]


async def test_a_correction_replaces_the_day(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE, COFFEE))

    job = await world.take_in(place, statement(COFFEE, RENT, status=CORRECT))

    assert (job["withdrawn"], job["imported"]) == (2, 2)
    assert await _descriptions(world, place) == ["COFFEE", "RENT"]


async def test_a_correction_across_batches_takes_back_once(world: World) -> None:
    place = await world.place()
    small = world.altered(batch_records=2)
    await small.take_in(place, statement(SALARY))

    job = await small.take_in(place, statement(*[COFFEE] * 5, status=CORRECT))

    assert (job["withdrawn"], job["imported"]) == (1, 5)
    assert await _descriptions(world, place) == ["COFFEE"] * 5


async def test_a_correction_twice_leaves_the_same_rows(world: World) -> None:
    place = await world.place()
    content = statement(COFFEE, RENT, status=CORRECT)
    await world.take_in(place, content)
    before = await world.rows(place)

    await world.take_in(place, content)

    assert await world.rows(place) == before


async def test_a_deletion_twice_leaves_nothing_twice(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))

    jobs = [await world.take_in(place, statement(status=DELETE)) for _ in range(2)]

    assert [job["withdrawn"] for job in jobs] == [1, 0]
    assert await world.rows(place) == []


async def test_an_update_and_its_correction_in_one_file_leave_the_correction(
    world: World,
) -> None:
    place = await world.place()
    first = Group(accounts=[Account(details=[COFFEE, RENT])])
    second = Group(accounts=[Account(details=[COFFEE])], status=CORRECT)

    for _ in range(2):
        await world.take_in(place, bai2(first, second))

        (row,) = await world.rows(place)
        assert (row["amount"], row["occurrence"]) == (Decimal("-3.50"), 0)


async def test_a_test_group_books_nothing(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, statement(COFFEE, status=TEST))

    assert (job["state"], job["imported"]) == ("completed", 0)
    assert [row["code"] for row in await world.findings(place, job["id"])] == ["test-group"]
    assert await world.owner.fetch("select from app.transactions") == []


async def test_reconciled_rows_that_the_bank_takes_back_are_told(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE))
    await world.reconcile(place)

    job = await world.take_in(place, statement(status=DELETE))

    codes = [row["code"] for row in await world.findings(place, job["id"])]
    assert "reconciled-withdrawn" in codes


async def test_a_preview_of_a_correction_says_what_goes_and_what_comes(world: World) -> None:
    place = await world.place()
    await world.take_in(place, statement(COFFEE, COFFEE))

    job = await world.take_in(place, statement(COFFEE, status=CORRECT), review=True)
    written = await world.approve(place, job["id"])

    assert job["state"] == "awaiting_review"
    assert (job["withdrawn"], job["imported"], job["duplicate"]) == (2, 1, 0)
    assert (written["withdrawn"], written["imported"], written["duplicate"]) == (2, 1, 0)


async def _descriptions(world: World, place: Place) -> list[str]:
    return sorted(row["description"] for row in await world.rows(place))
