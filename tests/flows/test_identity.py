"""Identity of rows: repeats add nothing, twins stay, whatever files and batches bring them."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Account, Group, bai2, statement
from tests.fixtures.faults import FaultyEvents, Killed, kill
from tests.fixtures.world import Place, World

COUNTS = ("processed", "imported", "duplicate", "changed", "rejected", "withdrawn", "waiting")


async def test_overlapping_files_add_only_what_is_new(world: World) -> None:
    place = await world.place()
    monday = Group(accounts=[Account(details=[COFFEE, RENT])], day="260302")
    tuesday = Group(accounts=[Account(details=[COFFEE])], day="260303")

    await world.take_in(place, bai2(monday))
    second = await world.take_in(place, bai2(monday, tuesday))

    assert (second["imported"], second["duplicate"]) == (1, 2)
    assert len(await world.rows(place)) == 3


async def test_a_second_coffee_in_a_later_report_of_the_day_is_a_second_row(world: World) -> None:
    place = await world.place()

    await world.take_in(place, statement(COFFEE))
    later = await world.take_in(place, statement(COFFEE, COFFEE))

    assert (later["imported"], later["duplicate"]) == (1, 1)
    assert [row["occurrence"] for row in await world.rows(place)] == [0, 1]


async def test_twins_in_two_batches_stay_two(world: World) -> None:
    place = await world.place()
    small = world.altered(batch_records=2)

    job = await small.take_in(place, statement(*[COFFEE] * 5))

    assert (job["imported"], job["duplicate"]) == (5, 0)
    assert [row["occurrence"] for row in await world.rows(place)] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("dies_after", range(1, 9))
async def test_a_crash_between_twins_changes_neither_rows_nor_counts(
    world: World, dies_after: int
) -> None:
    content = statement(COFFEE, COFFEE, RENT, COFFEE, COFFEE, SALARY, COFFEE)
    calm, crashed = await world.place(), await world.place()
    small = world.altered(batch_records=2)
    dying = small.altered(events=FaultyEvents({dies_after: kill}))
    undisturbed = await small.take_in(calm, content)

    job_id = await dying.job(crashed, content)
    try:
        await dying.run(crashed, job_id)
    except Killed:
        await small.finish(crashed, job_id)

    disturbed = await world.ledger(crashed, job_id)
    assert disturbed["state"] == undisturbed["state"] == "completed"
    assert [disturbed[name] for name in COUNTS] == [undisturbed[name] for name in COUNTS]
    assert await _described(world, crashed) == await _described(world, calm)


async def test_one_account_in_two_groups_is_one_account(world: World) -> None:
    place = await world.place()
    groups = [Group(accounts=[Account(details=[COFFEE])], day=day) for day in ("260301", "260302")]

    job = await world.take_in(place, bai2(*groups))

    assert job["imported"] == 2
    assert len({row["external_account_id"] for row in await world.rows(place)}) == 1


async def test_one_day_of_an_account_told_twice_in_a_file_merges_nothing(world: World) -> None:
    place = await world.place()
    group = Group(accounts=[Account(details=[COFFEE]), Account(details=[COFFEE])])

    first = await world.take_in(place, bai2(group, group))
    second = await world.take_in(place, bai2(group, group))

    assert (first["imported"], second["imported"], second["duplicate"]) == (4, 0, 4)


async def test_accounts_whose_numbers_look_alike_when_masked_stay_apart(world: World) -> None:
    place = await world.place()
    numbers = ["1111115678", "2222225678"]
    accounts = [Account(details=[COFFEE], number=number) for number in numbers]

    await world.take_in(place, bai2(Group(accounts=accounts)))

    mappings = await world.owner.fetch("select masked_number, account_id from app.account_mappings")
    assert {mapping["masked_number"] for mapping in mappings} == {"••••5678"}
    assert len({mapping["account_id"] for mapping in mappings}) == 2


async def test_a_number_at_two_banks_or_in_two_currencies_is_another_account(world: World) -> None:
    place = await world.place()
    euros, pounds = Account(details=[COFFEE]), Account(details=[COFFEE], currency="GBP")

    await world.take_in(
        place,
        bai2(Group(accounts=[euros, pounds]), Group(accounts=[euros], originator="OTHER")),
    )

    assert len({row["external_account_id"] for row in await world.rows(place)}) == 3


async def test_two_tenants_with_the_same_file_at_once_know_nothing_of_each_other(
    world: World,
) -> None:
    content = statement(COFFEE, RENT, SALARY)
    places = [await world.place(), await world.place()]

    jobs = await asyncio.gather(*(world.take_in(place, content) for place in places))

    assert [(job["imported"], job["duplicate"]) for job in jobs] == [(3, 0), (3, 0)]
    first, second = [await world.rows(place) for place in places]
    assert {row["external_account_id"] for row in first}.isdisjoint(
        row["external_account_id"] for row in second
    )


async def test_the_same_file_twice_at_once_waits_its_turn_and_adds_nothing(world: World) -> None:
    place = await world.place()
    job_ids = [await world.job(place, statement(COFFEE, COFFEE)) for _ in range(2)]

    await asyncio.gather(*(world.run(place, job_id) for job_id in job_ids))
    jobs = [await world.finish(place, job_id) for job_id in job_ids]

    assert [job["state"] for job in jobs] == ["completed", "completed"]
    assert sorted(job["imported"] for job in jobs) == [0, 2]
    assert len(await world.rows(place)) == 2


async def test_a_row_points_to_the_lines_of_the_file_it_came_from(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, statement(COFFEE, RENT))

    rows = await world.owner.fetch(
        "select t.amount, t.raw_line, r.job_id from app.transactions t"
        " join app.raw_ingestion_data r on r.tenant_id = t.tenant_id and r.id = t.raw_id"
        " order by t.raw_line"
    )
    assert [(row["amount"], row["raw_line"], row["job_id"]) for row in rows] == [
        (Decimal("-3.50"), 4, job["id"]),
        (Decimal("-900.00"), 5, job["id"]),
    ]


async def _described(world: World, place: Place) -> list[tuple[object, ...]]:
    """Rows without their account, whose hash differs from tenant to tenant."""
    return [tuple(row.values())[1:] for row in await world.rows(place)]
