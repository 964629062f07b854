"""Lists are pages by keyset: bounded, stable while rows come, strict about cursors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.errors import BadInput, InvalidCursor
from core.page import encode_cursor
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place

PAGE = """
query ($first: Int! = 50, $after: String, $order: TransactionOrder! = POSTED_DATE_DESC) {
  transactions(first: $first, after: $after, orderBy: $order) {
    edges { cursor node { id postedDate amount { amount } description } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}
"""
SOME = UUID(int=7)
ORDERS = ("POSTED_DATE_DESC", "POSTED_DATE_ASC", "AMOUNT_DESC", "AMOUNT_ASC")


async def _import(graph: Graph, place: Place, day: int, rows: int, start: int = 0) -> None:
    lines = ["Date,Amount,Description"]
    lines += [
        f"2026-03-{day:02d},-{number}.50,Row {number}" for number in range(start, start + rows)
    ]
    job = await graph.world.take_in(place, "\n".join(lines).encode())
    assert job["imported"] == rows


async def _walk(graph: Graph, place: Place, order: str, first: int = 3) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after = None
    while True:
        page = await graph.ask(place.user, PAGE, first=first, after=after, order=order)
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]


@pytest.mark.parametrize("order", ORDERS)
async def test_pages_of_every_order_hold_every_row_once(graph: Graph, order: str) -> None:
    place = await graph.world.place(currency="EUR")
    await _import(graph, place, 2, 7)

    rows = await _walk(graph, place, order)

    assert sorted(row["description"] for row in rows) == [f"Row {number}" for number in range(7)]
    amounts = [Decimal(row["amount"]["amount"]) for row in rows]
    if order.startswith("AMOUNT"):
        assert amounts == sorted(amounts, reverse=order.endswith("DESC"))


async def test_rows_that_come_meanwhile_shift_no_page(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    await _import(graph, place, 2, 4)
    before = await graph.ask(place.user, PAGE, first=2)

    await _import(graph, place, 3, 3, start=10)
    after = await graph.ask(place.user, PAGE, first=2, after=before["pageInfo"]["endCursor"])

    seen = {edge["node"]["description"] for page in (before, after) for edge in page["edges"]}
    assert seen == {"Row 0", "Row 1", "Row 2", "Row 3"}
    assert after["pageInfo"] == {
        "hasNextPage": False,
        "hasPreviousPage": True,
        "startCursor": after["edges"][0]["cursor"],
        "endCursor": after["edges"][1]["cursor"],
    }


async def test_empty_list_is_an_empty_page(graph: Graph) -> None:
    place = await graph.world.place()

    page = await graph.ask(place.user, PAGE)

    assert page == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
    }


@pytest.mark.parametrize("first", [0, -1, 101, 2_147_483_647])
async def test_page_size_out_of_bounds_is_refused(graph: Graph, first: int) -> None:
    place = await graph.world.place()

    answer = await graph.answer(place.user, PAGE, first=first)

    assert [type(error) for error in answer.errors] == [BadInput]


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "garbage",
        "🦊",
        "x" * 100_000,
        encode_cursor("date.asc", ["2026-03-01", str(SOME)]),
        encode_cursor("date.desc", ["2026-03-01"]),
        encode_cursor("date.desc", ["not a date", str(SOME)]),
        encode_cursor("date.desc", ["2026-03-01", "not a uuid"]),
        encode_cursor("amount.desc", ["9" * 40, str(SOME)]),
    ],
)
async def test_cursor_of_no_such_list_is_refused(graph: Graph, cursor: str) -> None:
    place = await graph.world.place()

    answer = await graph.answer(place.user, PAGE, after=cursor)

    assert [type(error) for error in answer.errors] == [InvalidCursor]


async def test_whole_number_in_a_cursor_may_not_overflow(graph: Graph) -> None:
    place = await graph.world.place()
    cursor = encode_cursor("amount.desc", ["9" * 40, str(SOME)])

    answer = await graph.answer(place.user, PAGE, after=cursor, order="AMOUNT_DESC")

    assert len(answer.errors) == 1
    assert answer.errors[0].__class__.__module__ in ("core.errors", "db.failures")


async def test_cursor_of_another_tenant_shows_nothing_of_theirs(graph: Graph) -> None:
    mine, theirs = await graph.world.place(currency="EUR"), await graph.world.place(currency="EUR")
    await _import(graph, theirs, 2, 3)
    page = await graph.ask(theirs.user, PAGE, first=1)

    answer = await graph.ask(mine.user, PAGE, after=page["pageInfo"]["endCursor"])

    assert answer["edges"] == []
