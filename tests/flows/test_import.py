"""Imports from sealed bytes to rows, on a real database under the worker's policies."""

from __future__ import annotations

from decimal import Decimal

from tests.fixtures.world import World

TWO_COFFEES = b"""\
01,BANK,ACME,260301,0600,1,,,2/
02,ACME,BANK,1,260301,,EUR,2/
03,12345678,EUR,015,99300,,/
16,475,350,Z,,,COFFEE
16,475,350,Z,,,COFFEE
49,100000,4/
98,100000,1,6/
99,100000,1,8/
"""


async def test_two_identical_coffees_stay_two_and_a_repeat_adds_nothing(world: World) -> None:
    place = await world.place()

    first = await world.take_in(place, TWO_COFFEES)
    second = await world.take_in(place, TWO_COFFEES)

    assert (first["state"], first["imported"], first["duplicate"]) == ("completed", 2, 0)
    assert (second["state"], second["imported"], second["duplicate"]) == ("completed", 0, 2)
    rows = await world.rows(place)
    assert [(row["amount"], row["occurrence"]) for row in rows] == [
        (Decimal("-3.50"), 0),
        (Decimal("-3.50"), 1),
    ]
