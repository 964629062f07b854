"""MT940 imports: statements of several accounts, interim reports, and what does not add up."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.fixtures.mt940_file import COFFEE, SALARY, Statement, mt940
from tests.fixtures.world import World

SAMPLE = (Path(__file__).parents[2] / "docs/samples/harborbank.sta").read_bytes()
MARCH = Statement(lines=[COFFEE, COFFEE, SALARY])


async def test_the_sample_is_taken_in_and_a_second_time_adds_nothing(world: World) -> None:
    place = await world.place()

    first = await world.take_in(place, SAMPLE)
    again = await world.take_in(place, SAMPLE)

    assert (first["state"], first["imported"], first["rejected"]) == ("completed", 4, 0)
    assert (again["state"], again["imported"]) == ("completed", 0)
    rows = await world.rows(place)
    assert sorted((str(row["amount"]), row["description"]) for row in rows) == [
        ("-0.50", "Reversal of a rounding difference"),
        ("-350.00", "Strom Maerz"),
        ("-42.10", "Papier und Toner"),
        ("1250.50", "Rechnung 77"),
    ]


async def test_equal_entries_of_one_statement_are_both_kept(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, mt940(MARCH))
    await world.take_in(place, mt940(MARCH, enveloped=True, separator="\r\n"))

    assert (job["state"], job["imported"]) == ("completed", 3)
    assert len(await world.rows(place)) == 3


async def test_what_an_interim_report_told_is_booked_by_the_statement(world: World) -> None:
    place = await world.place()

    await world.take_in(place, mt940(replace(MARCH, opening=None)))
    before = {row["status"] for row in await world.rows(place)}
    await world.take_in(place, mt940(MARCH))

    assert before == {"pending"}
    assert [row["status"] for row in await world.rows(place)] == ["posted"] * 3


async def test_an_interim_report_that_comes_late_takes_nothing_back(world: World) -> None:
    place = await world.place()

    await world.take_in(place, mt940(MARCH))
    await world.take_in(place, mt940(replace(MARCH, opening=None)))

    assert [row["status"] for row in await world.rows(place)] == ["posted"] * 3


async def test_a_statement_that_does_not_add_up_is_taken_in_and_said(world: World) -> None:
    place = await world.place()
    wrong = mt940(MARCH).replace(b":60F:C260401EUR100,00", b":60F:C260401EUR101,00")

    job = await world.take_in(place, wrong)

    assert job["imported"] == 3
    codes = [row["code"] for row in await world.findings(place, job["id"])]
    assert codes == ["control-total", "balance-discontinuity"]


async def test_a_file_that_was_cut_off_waits_for_a_person(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, mt940(MARCH).partition(b":62F:")[0])

    assert job["state"] == "awaiting_review"
    assert await world.rows(place) == []
