"""Balances by day: the day's most final figure, repeated until the next statement."""

from __future__ import annotations

from typing import Any

import pytest

from core.errors import BadInput
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place

STATEMENT = b"""\
01,BANK,ACME,260301,0600,1,,,2/
02,ACME,BANK,1,260301,,EUR,2/
03,12345678,EUR,015,99300,,/
49,99300,2/
98,99300,1,4/
99,99300,1,6/
"""
BY_DAY = """
query ($from: Date!, $to: Date!, $kind: BalanceKind) {
  accounts { edges { node { balancesByDay(from: $from, to: $to, kind: $kind) {
    day asOf kind amount { amount currency }
  } } } }
}
"""
# kind, amount, day, time, interim
STATED = [
    ("current_ledger", "1.00", "2026-03-03", None, False),
    ("current_ledger", "2.00", "2026-03-05", "09:00", True),
    ("current_ledger", "3.00", "2026-03-05", "18:00", True),
    ("closing_available", "9.00", "2026-03-05", None, False),
    ("closing_ledger", "4.00", "2026-03-06", None, True),
    ("closing_ledger", "5.00", "2026-03-06", None, False),
    ("current_ledger", "6.00", "2026-03-06", None, False),
]


@pytest.fixture
async def place(graph: Graph) -> Place:
    """An account with one closing balance of 993.00 on March 1, and what `STATED` says."""
    place = await graph.world.place()
    await graph.world.take_in(place, STATEMENT)
    for stated in STATED:
        await _state(graph, stated)
    return place


async def _state(graph: Graph, stated: tuple[object, ...]) -> None:
    await graph.world.owner.execute(
        "insert into app.account_balances (tenant_id, mapping_id, account_id, job_id, raw_id,"
        " raw_line, kind, amount, currency, as_of, as_of_time, interim)"
        " select tenant_id, mapping_id, account_id, job_id, raw_id, 1, $1, $2::text::numeric,"
        " currency, $3::text::date, $4, $5 from app.account_balances where raw_line > 1 limit 1",
        *stated,
    )


async def _days(graph: Graph, place: Place, first: str, last: str, **more: Any) -> list[list[str]]:
    found = await graph.ask(place.user, BY_DAY, **{"from": first, "to": last}, **more)
    (account,) = found["edges"]
    return [
        [day["day"][-2:], day["amount"]["amount"], day["asOf"][-2:]]
        for day in account["node"]["balancesByDay"]
    ]


async def test_each_day_has_what_was_last_stated_by_its_end(graph: Graph, place: Place) -> None:
    assert await _days(graph, place, "2026-02-27", "2026-03-07") == [
        ["01", "993.00", "01"],
        ["02", "993.00", "01"],
        ["03", "1.00", "03"],
        ["04", "1.00", "03"],
        ["05", "3.00", "05"],
        ["06", "5.00", "06"],
        ["07", "5.00", "06"],
    ]


async def test_one_kind_alone_can_be_asked(graph: Graph, place: Place) -> None:
    days = await _days(graph, place, "2026-03-04", "2026-03-06", kind="CLOSING_AVAILABLE")

    assert days == [["05", "9.00", "05"], ["06", "9.00", "05"]]


async def test_only_the_accounts_currency_counts(graph: Graph, place: Place) -> None:
    await graph.world.owner.execute("update app.account_balances set currency = 'USD'")

    assert await _days(graph, place, "2026-03-01", "2026-03-07") == []


async def test_one_day_and_a_year_are_answered_and_more_is_refused(
    graph: Graph, place: Place
) -> None:
    assert len(await _days(graph, place, "2026-03-06", "2026-03-06")) == 1
    assert len(await _days(graph, place, "2026-03-01", "2027-03-01")) == 366

    for first, last, remedy in (
        ("2026-03-01", "2027-03-02", "366 days at most"),
        ("2026-03-02", "2026-03-01", "not after"),
    ):
        answer = await graph.answer(place.user, BY_DAY, **{"from": first, "to": last})
        assert isinstance(answer.errors[0], BadInput)
        assert remedy in str(answer.errors[0])


async def test_the_calendar_ends_where_it_does(graph: Graph, place: Place) -> None:
    assert await _days(graph, place, "9999-12-30", "9999-12-31") == [
        ["30", "5.00", "06"],
        ["31", "5.00", "06"],
    ]
    assert await _days(graph, place, "0001-01-01", "0001-01-31") == []


async def test_another_tenant_sees_no_account(graph: Graph, place: Place) -> None:
    other = await graph.world.place()

    found = await graph.ask(other.user, BY_DAY, **{"from": "2026-03-01", "to": "2026-03-02"})

    assert found["edges"] == []
