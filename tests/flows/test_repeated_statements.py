"""A file that holds a statement twice: nothing of it is booked unasked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.fixtures.camt_file import Entry, balance, camt, statement
from tests.fixtures.mt940_file import COFFEE, Statement, mt940
from tests.fixtures.world import World

COFFEES = Statement(lines=[COFFEE, COFFEE])
DAY = statement(balance("OPBD", "100"), balance("CLBD", "87.50"), Entry(amount=Decimal("-12.50")))


@pytest.mark.parametrize("data", [mt940(COFFEES, COFFEES), camt(DAY, DAY)], ids=["mt940", "camt"])
async def test_a_statement_that_stands_in_a_file_twice_waits(world: World, data: bytes) -> None:
    place = await world.place()

    job = await world.take_in(place, data)

    assert (job["state"], job["error_code"]) == ("awaiting_review", "quarantined")
    assert await world.rows(place) == []
    findings = await world.findings(place, job["id"])
    assert "statement-repeated" in [finding["code"] for finding in findings]


async def test_twins_and_equal_days_are_no_repeats(world: World) -> None:
    place = await world.place()
    next_day = replace(COFFEES, opening=Decimal("93.00"), number="2/1")

    job = await world.take_in(place, mt940(COFFEES, next_day))

    assert job["state"] == "completed"
    assert len(await world.rows(place)) == 4
