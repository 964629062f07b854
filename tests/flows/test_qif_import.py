"""QIF imports: accounts of one file, what it leaves open, and the same file twice."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from tests.fixtures.qif_file import QifRow, qif
from tests.fixtures.world import Place, World

SAMPLE = (Path(__file__).parents[2] / "docs/samples/lakeside.qif").read_bytes()
COFFEE = QifRow(day=date(2026, 3, 4), amount=Decimal("-3.50"))


async def test_the_sample_is_taken_in_and_a_second_time_adds_nothing(world: World) -> None:
    place = await world.place(currency="USD")

    first = await world.take_in(place, SAMPLE)
    again = await world.take_in(place, SAMPLE)

    assert (first["state"], first["imported"], first["rejected"]) == ("completed", 5, 0)
    assert (again["state"], again["imported"]) == ("completed", 0)
    assert sorted((str(row["amount"]), row["description"]) for row in await world.rows(place)) == [
        ("-18.75", "Harbour Books"),
        ("-200.00", "Corner Market"),
        ("-350.00", "City Power"),
        ("-42.10", "Paper & Pens Toner and paper"),
        ("300.00", "Payment"),
    ]


async def test_two_equal_rows_of_one_day_are_both_kept(world: World) -> None:
    place = await world.place(currency="USD")
    decides = QifRow(day=date(2026, 3, 31), amount=Decimal("1.00"))

    job = await world.take_in(place, qif([COFFEE, COFFEE, decides]))

    assert job["imported"] == 3


async def test_an_ambiguous_file_is_refused_until_a_profile_says_the_order(world: World) -> None:
    place = await world.place(currency="USD")

    refused = await world.take_in(place, qif([COFFEE]))
    job = await world.take_in(place, qif([COFFEE]), profile_id=await _saved(world, place))

    assert (refused["state"], refused["error_code"]) == ("failed", "date-order-ambiguous")
    assert (job["state"], job["imported"]) == ("completed", 1)
    assert len(await world.rows(place)) == 1


async def test_a_file_that_was_cut_off_waits_for_a_person(world: World) -> None:
    place = await world.place(currency="USD")

    job = await world.take_in(place, SAMPLE[:-12])

    assert job["state"] == "awaiting_review"
    assert await world.rows(place) == []


async def _saved(world: World, place: Place) -> UUID:
    saved: UUID = await world.owner.fetchval(
        "insert into app.statement_profiles (tenant_id, name, format, definition)"
        " values ($1, 'Q', 'qif', $2) returning id",
        place.tenant_id,
        json.dumps({"format": "qif", "dateFormat": "DMY"}),
    )
    return saved
