"""Summaries: exact sums in groups of one currency, and what is refused."""

from __future__ import annotations

from itertools import islice, product
from typing import Any

import pytest

from core.errors import BadInput
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place

CSV = b"""\
Date,Amount,Currency,Text,Merchant,Category,Account
2026-03-01,-1.10,EUR,Bread,Bakery,Groceries,ONE
2026-03-31,-2.20,EUR,Cheese,Market,Groceries,ONE
2026-03-15,5.00,EUR,Refund,Market,Groceries,TWO
2026-03-15,-7.00,USD,Hotel,,Travel,THREE
2026-04-01,0.00,EUR,Note,,,ONE
2026-04-02,2500.00,EUR,Salary,,Income,TWO
"""
SUMMARY = """
query ($by: [TransactionGrouping!]!, $filter: TransactionFilter) {
  transactionSummary(groupBy: $by, filter: $filter) {
    month category merchantName currency count account { name }
    income { amount currency } expenses { amount } net { amount }
  }
}
"""


@pytest.fixture
async def place(graph: Graph) -> Place:
    place = await graph.world.place()
    job = await graph.world.take_in(place, CSV)
    assert job["imported"] == 6
    return place


async def _groups(graph: Graph, place: Place, *by: str, **filter: Any) -> list[list[Any]]:
    found = await graph.ask(place.user, SUMMARY, by=list(by), filter=filter)
    assert all(group["income"]["currency"] == group["currency"] for group in found)
    return [
        [
            group["month"] or group["category"] or group["merchantName"],
            group["currency"],
            group["count"],
            *(float(group[name]["amount"]) for name in ("income", "expenses", "net")),
        ]
        for group in found
    ]


@pytest.mark.parametrize("by", [[], ["CURRENCY"], ["CURRENCY", "CURRENCY"]])
async def test_without_a_grouping_there_is_one_group_of_each_currency(
    graph: Graph, place: Place, by: list[str]
) -> None:
    assert await _groups(graph, place, *by) == [
        [None, "EUR", 5, 2505, -3.3, 2501.7],
        [None, "USD", 1, 0, -7, -7],
    ]


async def test_months_are_those_that_lists_go_by(graph: Graph, place: Place) -> None:
    assert await _groups(graph, place, "MONTH") == [
        ["2026-03-01", "EUR", 3, 5, -3.3, 1.7],
        ["2026-03-01", "USD", 1, 0, -7, -7],
        ["2026-04-01", "EUR", 2, 2500, 0, 2500],
    ]


async def test_days_at_the_calendars_ends_are_in_months_of_their_own(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    days = {1: "-infinity", 2: "2026-02-28", 3: "9999-12-30", 4: "infinity"}
    lines = ["Date,Amount,Text", *(f"2026-02-0{number},-1.00,Row" for number in days)]
    await graph.world.take_in(place, "\n".join(lines).encode())
    for number, day in days.items():
        await graph.world.owner.execute(
            f"update app.transactions set sort_date = '{day}' where sort_date = '2026-02-0{number}'"
        )

    wide = await _groups(graph, place, "MONTH", postedFrom="0001-01-01", postedTo="9999-12-31")

    assert wide == await _groups(graph, place, "MONTH")
    assert [row[0] for row in wide] == ["0001-01-01", "2026-02-01", "9999-12-01", "9999-12-31"]
    assert await _groups(graph, place, "MONTH", postedFrom="2026-02-28", postedTo="9999-12-30") == [
        ["2026-02-01", "EUR", 1, 0, -1, -1],
        ["9999-12-01", "EUR", 1, 0, -1, -1],
    ]


async def test_what_nobody_said_comes_last(graph: Graph, place: Place) -> None:
    categories = [[row[0], row[2]] for row in await _groups(graph, place, "CATEGORY")]

    assert categories == [["Groceries", 3], ["Income", 1], ["Travel", 1], [None, 1]]


async def test_filter_says_what_is_added_up(graph: Graph, place: Place) -> None:
    assert await _groups(graph, place, "MERCHANT", category=["Groceries"]) == [
        ["Bakery", "EUR", 1, 0, -1.1, -1.1],
        ["Market", "EUR", 2, 5, -2.2, 2.8],
    ]
    assert await _groups(graph, place, text="hotel", currency="USD") == [
        [None, "USD", 1, 0, -7, -7]
    ]
    assert await _groups(graph, place, merchantName="Bakery") == [[None, "EUR", 1, 0, -1.1, -1.1]]


async def test_branches_of_a_shop_are_one_merchant_and_found_by_its_name(graph: Graph) -> None:
    place = await graph.world.place()
    head, *_ = CSV.decode().splitlines()
    branches = [
        f"2026-03-0{day},-{day}.00,EUR,Bread,Zyxo Vantrill {day}{day}41,,ONE" for day in (1, 2)
    ]
    await graph.world.take_in(place, "\n".join([head, *branches, ""]).encode())

    both = [["Zyxo Vantrill", "EUR", 2, 0, -3, -3]]
    assert await _groups(graph, place, "MERCHANT") == both
    assert await _groups(graph, place, merchantName="Zyxo Vantrill") == [[None, *both[0][1:]]]
    assert (await _groups(graph, place, merchantName="Zyxo Vantrill 1141"))[0][2] == 1


async def test_spellings_of_a_merchant_are_one_group_whose_name_finds_them_all(
    graph: Graph,
) -> None:
    place = await graph.world.place()
    head, *_ = CSV.decode().splitlines()
    spelled = ["zyxo café 0042", "ZYXO CAFÉ 0043", "Zyxo Café", "Unrelated"]
    rows = [f"2026-03-0{day},-{day}.00,EUR,,{name},,ONE" for day, name in enumerate(spelled, 1)]
    await graph.world.take_in(place, "\n".join([head, *rows, ""]).encode())

    one = ["ZYXO CAFÉ", "EUR", 3, 0, -6, -6]
    assert await _groups(graph, place, "MERCHANT") == [["Unrelated", "EUR", 1, 0, -4, -4], one]
    assert await _groups(graph, place, "MERCHANT", "CATEGORY") == await _groups(
        graph, place, "MERCHANT"
    )
    for name in ("ZYXO CAFÉ", "Zyxo Café", "zyxo café"):
        assert await _groups(graph, place, "MERCHANT", merchantName=name) == [one]

    # As before names were cleaned.
    await graph.world.owner.execute(
        "update app.transactions set merchant = null, merchant_key = null"
    )
    assert [(row[0], row[2]) for row in await _groups(graph, place, "MERCHANT")] == [
        ("Unrelated", 1),
        ("ZYXO CAFÉ 0043", 1),
        ("Zyxo Café", 1),
        ("zyxo café 0042", 1),
    ]
    await graph.world.owner.execute(
        "update app.transactions set merchant_name = 'SHOP' where amount = -1"
    )
    await graph.world.owner.execute(
        "update app.transactions set merchant_name = 'Shop' where amount < -1"
    )
    assert [(row[0], row[2]) for row in await _groups(graph, place, "MERCHANT")] == [("SHOP", 4)]


async def test_removed_rows_count_only_where_asked(graph: Graph, place: Place) -> None:
    await graph.world.owner.execute(
        "update app.transactions set status = 'removed' where amount > 0"
    )

    assert await _groups(graph, place, currency="EUR") == [[None, "EUR", 3, 0, -3.3, -3.3]]
    assert await _groups(graph, place, currency="EUR", status=["REMOVED"]) == [
        [None, "EUR", 2, 2505, 0, 2505]
    ]


async def test_sums_are_exact_to_the_last_decimal(graph: Graph, place: Place) -> None:
    await graph.world.owner.execute(
        "update app.transactions set amount = 99999999999999.99999999 where amount > 0"
    )

    (group,) = await graph.ask(place.user, SUMMARY, by=[], filter={"amountFrom": "1.00"})

    assert group["net"]["amount"] == "199999999999999.99999998"


async def test_accounts_are_told_and_empty_tenants_have_no_groups(
    graph: Graph, place: Place
) -> None:
    empty = await graph.world.place()

    found = await graph.ask(place.user, SUMMARY, by=["ACCOUNT", "MONTH"])
    nothing = await graph.ask(empty.user, SUMMARY, by=["ACCOUNT", "MONTH"])

    assert len(found) == 5
    assert all(group["account"]["name"] for group in found)
    assert nothing == []


async def test_too_many_groups_are_refused_with_the_remedy(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    lines = ["Date,Amount,Text,Merchant"]
    letters = islice(product("hijklmnopqr", repeat=3), 1_101)
    names = ["Shop " + "".join(each) for each in letters]  # a number would be no part of the name
    lines += [f"2026-03-01,-1.00,Row {number},{name}" for number, name in enumerate(names)]
    await graph.world.take_in(place, "\n".join(lines).encode())

    answer = await graph.answer(place.user, SUMMARY, by=["MERCHANT"])
    fewer = await graph.ask(place.user, SUMMARY, by=["MERCHANT"], filter={"text": "Row 1"})

    assert isinstance(answer.errors[0], BadInput)
    assert "narrow the filter" in str(answer.errors[0])
    assert sum(group["count"] for group in fewer) == 212


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("category", ["x"] * 1_001),
        ("accountIds", ["QWNjb3VudDp4"] * 1_001),
        ("status", ["POSTED"] * 1_001),
        ("text", "x"),
        ("text", "x" * 101),
        ("merchantName", "a\x00b"),
        ("category", ["a\x00b"]),
    ],
)
async def test_filter_out_of_bounds_is_refused(graph: Graph, field: str, value: Any) -> None:
    place = await graph.world.place()

    answer = await graph.answer(place.user, SUMMARY, by=[], filter={field: value})

    assert isinstance(answer.errors[0], BadInput)
    assert f"filter.{field}" in str(answer.errors[0])
