"""CAMT imported: rows, balances and batches in the database, and nothing twice."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from tests.fixtures.camt_file import Entry, balance, camt, statement
from tests.fixtures.world import World

SAMPLE = (Path(__file__).resolve().parents[2] / "docs/samples/westbank.xml").read_bytes()


async def test_a_statement_becomes_rows_once(world: World) -> None:
    place = await world.place()

    first = await world.take_in(place, SAMPLE)
    second = await world.take_in(place, SAMPLE)

    assert (first["imported"], first["duplicate"], first["rejected"]) == (3, 0, 0)
    assert (second["imported"], second["duplicate"], second["changed"]) == (0, 3, 0)
    rows = await world.rows(place)
    assert sorted(row["amount"] for row in rows) == [
        Decimal("-400.00"),
        Decimal("-49.50"),
        Decimal("1190.00"),
    ]


async def test_the_same_statement_without_line_breaks_adds_nothing(world: World) -> None:
    place = await world.place()
    joined = b"".join(line.strip() for line in SAMPLE.split(b"\n"))

    await world.take_in(place, SAMPLE)
    again = await world.take_in(place, joined)

    assert (again["imported"], again["duplicate"]) == (0, 3)


async def test_a_document_that_breaks_off_waits_for_a_person(world: World) -> None:
    place = await world.place()

    job = await world.take_in(place, SAMPLE[: SAMPLE.rindex(b"<TxDtls>")])

    assert job["state"] == "awaiting_review"
    assert await world.rows(place) == []


async def test_a_statement_that_does_not_add_up_is_taken_in_with_a_finding(world: World) -> None:
    place = await world.place(control_policy="warn")
    entry = Entry(servicer="R1")
    data = camt(statement(balance("OPBD", "1"), balance("CLBD", "2"), entry))

    job = await world.take_in(place, data)

    assert (job["imported"], job["rejected"]) == (1, 0)
