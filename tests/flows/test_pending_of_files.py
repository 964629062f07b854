"""Pending rows of files: what a later file of the same source books counts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import permutations

from tests.fixtures.camt_file import Entry, camt, statement
from tests.fixtures.mt940_file import COFFEE as LINE
from tests.fixtures.mt940_file import Statement, mt940
from tests.fixtures.ofx_file import statement as ofx
from tests.fixtures.two_sources import counting, links, questions
from tests.fixtures.world import World

COFFEE = Entry(amount=Decimal("-3.50"), text="COFFEE", servicer="2026030200000017")
NAMELESS = replace(COFFEE, servicer="")
UNTIL = "<FrToDt><FrDtTm>2026-03-01T00:00:00</FrDtTm><ToDtTm>{}T23:59:59</ToDtTm></FrToDt>"
ONE = ("COFFEE", Decimal("-3.50"))


def report(*entries: Entry) -> bytes:
    """An intraday report that has some entries pending."""
    return camt(statement(*(pending(one) for one in entries)), kind="052")


def pending(entry: Entry) -> Entry:
    """An entry as it is before it is booked."""
    return replace(entry, status="PDNG")


def booked(entry: Entry) -> Entry:
    """The entry as it is booked on the next day."""
    return replace(entry, day="2026-03-03", value_day="2026-03-03")


async def test_a_booking_on_another_day_under_the_same_id_counts_once(world: World) -> None:
    first, second = report(COFFEE), camt(statement(booked(COFFEE)))
    for files in ([first, second], [second, first]):
        place = await world.place()
        for data in files:
            await world.take_in(place, data)

        assert await counting(world, place) == [ONE]
        assert {row["status"] for row in await world.rows(place)} == {"pending", "posted"}


async def test_a_booking_that_gets_its_id_late_counts_once(world: World) -> None:
    held = "<TRNTYPE>DEBIT<DTTRAN>20260302<TRNAMT>-3.50<NAME>COFFEE"
    waits = f"<BANKTRANLISTP><STMTTRNP>{held}</STMTTRNP></BANKTRANLISTP>"
    done = "<TRNTYPE>DEBIT<DTPOSTED>20260304<DTUSER>20260302<TRNAMT>-3.50<FITID>A1<NAME>COFFEE"
    place = await world.place()

    await world.take_in(place, ofx(after=waits))
    await world.take_in(place, ofx(done))

    assert await counting(world, place) == [ONE]


async def test_what_one_document_has_pending_and_booked_is_two(world: World) -> None:
    place = await world.place()

    await world.take_in(place, report(NAMELESS))
    await world.take_in(place, camt(statement(pending(NAMELESS), booked(NAMELESS))))

    assert await counting(world, place) == [ONE, ONE]
    assert await questions(world, place) == []


async def test_what_was_booked_before_is_asked_about_at_most(world: World) -> None:
    place = await world.place()

    await world.take_in(place, camt(statement(booked(NAMELESS))))
    await world.take_in(place, report(NAMELESS))

    assert await counting(world, place) == [ONE, ONE]
    assert [row["kind"] for row in await questions(world, place)] == ["pending_posted"]


async def test_a_report_that_ends_before_the_booking_may_come_after_it(world: World) -> None:
    files = [
        camt(statement(UNTIL.format("2026-03-02"), pending(NAMELESS)), kind="052"),
        camt(statement(UNTIL.format("2026-03-03"), booked(NAMELESS))),
    ]
    for ordered in permutations(files):
        place = await world.place()
        for data in ordered:
            await world.take_in(place, data)

        assert await counting(world, place) == [ONE]
        (found,) = await links(world, place)
        kept = await world.owner.fetchval(
            "select status from app.transactions where id = $1", found["other_id"]
        )
        assert kept == "posted"


async def test_an_older_report_that_comes_last_does_not_say_what_still_waits(
    world: World,
) -> None:
    place = await world.place()
    for day in ("2026-03-04", "2026-03-02"):
        await world.take_in(
            place, camt(statement(UNTIL.format(day), pending(NAMELESS)), kind="052")
        )

    ends = await world.owner.fetchval(
        "select s.to_date from app.transactions as t"
        " join app.statements as s on s.raw_id = t.raw_id where t.tenant_id = $1",
        place.tenant_id,
    )
    assert ends == date(2026, 3, 4)


async def test_a_pending_row_that_is_booked_itself_counts_beside_the_other(world: World) -> None:
    place = await world.place()
    await world.take_in(place, report(NAMELESS))
    await world.take_in(place, camt(statement(booked(NAMELESS))))
    assert await counting(world, place) == [ONE]

    await world.take_in(place, camt(statement(NAMELESS, booked(NAMELESS))))

    assert await counting(world, place) == [ONE, ONE]


async def test_a_booking_that_is_taken_back_lets_the_pending_row_count_until_it_returns(
    world: World,
) -> None:
    place = await world.place()
    await world.take_in(place, report(COFFEE))
    job = await world.take_in(place, camt(statement(booked(COFFEE))))
    before = {row["id"] for row in await links(world, place)}

    await world.revert(place, job["id"])
    assert [row["status"] for row in await world.rows(place)] == ["pending"]
    assert await counting(world, place) == [ONE]

    await world.take_in(place, camt(statement(booked(COFFEE))))
    assert await counting(world, place) == [ONE]
    assert {row["id"] for row in await links(world, place)} == before


async def test_a_source_that_says_each_row_once_may_book_what_was_pending(world: World) -> None:
    place = await world.place(delivery="incremental")

    await world.take_in(place, mt940(Statement(lines=[LINE], opening=None)))
    job = await world.take_in(place, mt940(Statement(lines=[LINE])))

    assert job["rejected"] == 0
    assert [row["status"] for row in await world.rows(place)] == ["posted"]


async def test_a_late_report_takes_nothing_over_from_what_booked_its_row(world: World) -> None:
    place = await world.place()
    job = await world.take_in(place, camt(statement(COFFEE)))
    late = await world.take_in(place, report(COFFEE))

    assert (late["duplicate"], late["changed"]) == (1, 0)
    assert [row["status"] for row in await world.rows(place)] == ["posted"]
    told = "select job_id from app.transactions where tenant_id = $1"
    assert await world.owner.fetchval(told, place.tenant_id) == job["id"]

    await world.revert(place, job["id"])
    assert [row["status"] for row in await world.rows(place)] == ["pending"]
