"""A bank that goes over to another format: bookings that both have count once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from tests.fixtures.camt_file import Entry, camt, details, statement
from tests.fixtures.mt940_file import Line, Statement, mt940
from tests.fixtures.two_sources import counting, links, questions
from tests.fixtures.world import World

RENT = Line(amount=Decimal("900.00"), value="260302", entry="0302", details=("?20SVWZ+RENT MARCH",))
COFFEE = Line(amount=Decimal("3.50"), value="260302", entry="0302")


def entry(amount: str, text: str) -> Entry:
    """The same as CAMT has it, under an id of its own."""
    inner = details(f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>")
    return Entry(amount=Decimal(amount), value_day="2026-03-02", inner=inner)


async def test_what_two_formats_of_one_connection_have_counts_once(world: World) -> None:
    old = mt940(Statement(lines=[RENT, COFFEE, COFFEE]))
    new = camt(
        statement(
            replace(entry("-900.00", "RENT MARCH"), servicer="2026030200000017"),
            entry("-3.50", "COFFEE"),
            entry("-3.50", "COFFEE"),
            entry("-3.50", "COFFEE"),
        )
    )
    for files in ([old, new], [new, old]):
        place = await world.place()
        for data in files:
            await world.take_in(place, data)

        assert [amount for _, amount in await counting(world, place)] == [
            Decimal("-900.00"),
            *[Decimal("-3.50")] * 3,
        ]
        assert len(await links(world, place)) == 3
        assert await questions(world, place) == []


async def test_what_was_linked_takes_no_second_row_of_that_format(world: World) -> None:
    place = await world.place()
    await world.take_in(place, mt940(Statement(lines=[COFFEE])))
    await world.take_in(place, camt(statement(entry("-3.50", "COFFEE"))))
    await world.take_in(place, mt940(Statement(lines=[COFFEE, COFFEE])))

    assert [amount for _, amount in await counting(world, place)] == [Decimal("-3.50")] * 2
