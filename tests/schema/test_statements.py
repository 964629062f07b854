"""Statements in GraphQL: of an account, of a job and all, with what their balances prove."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.graph import Graph
from tests.fixtures.mt940_file import COFFEE, Statement, mt940
from tests.fixtures.world import Place

FILE = mt940(
    Statement(lines=[COFFEE], number="1/1"),
    Statement(lines=[COFFEE, COFFEE], opening=Decimal("96.50"), day="260402", number="2/1"),
    Statement(lines=[COFFEE], account="DE75512108001245126199", opening=None, number="3/1"),
).replace(b"EUR89,50", b"EUR80,00")
FIELDS = """
  edges { node {
    number fromDate toDate entriesCount proof line lineEnd
    openingBalance { amount currency } closingBalance { amount } entriesSum { amount }
    difference { amount } account { currency } job { kind } rawDocument { sha256 }
  } }
"""
ALL = "query ($filter: StatementFilter) { statements(filter: $filter) {" + FIELDS + "} }"


@pytest.fixture
async def place(graph: Graph) -> Place:
    """An import of three statements: one that holds, one that fails, one that proves nothing."""
    place = await graph.world.place()
    await graph.world.take_in(place, FILE)
    return place


def _told(found: Any) -> list[tuple[str, str]]:
    return [(edge["node"]["number"], edge["node"]["proof"]) for edge in found["edges"]]


async def test_statements_are_listed_newest_first_with_their_proofs(
    graph: Graph, place: Place
) -> None:
    found = await graph.ask(place.user, ALL)

    assert _told(found) == [("3/1", "UNPROVEN"), ("2/1", "FAILS"), ("1/1", "HOLDS")]
    failing = found["edges"][1]["node"]
    assert failing["openingBalance"] == {"amount": "96.50", "currency": "EUR"}
    assert failing["closingBalance"]["amount"] == "80.00"
    assert (failing["entriesSum"]["amount"], failing["entriesCount"]) == ("-7.00", 2)
    assert failing["difference"]["amount"] == "-9.50"
    assert failing["toDate"] == "2026-04-02"
    assert failing["line"] < failing["lineEnd"]
    assert failing["job"]["kind"] == "IMPORT"


@pytest.mark.parametrize(
    ("proof", "numbers"),
    [(["HOLDS"], ["1/1"]), (["FAILS", "UNPROVEN"], ["3/1", "2/1"]), (None, ["3/1", "2/1", "1/1"])],
)
async def test_statements_are_found_by_their_proof(
    graph: Graph, place: Place, proof: list[str] | None, numbers: list[str]
) -> None:
    found = await graph.ask(place.user, ALL, filter={"proof": proof})

    assert [number for number, _ in _told(found)] == numbers


async def test_an_account_has_its_own_statements_newest_first(graph: Graph, place: Place) -> None:
    query = "{ accounts { edges { node { id statements {" + FIELDS + "} } } } }"
    found = await graph.ask(place.user, query)

    told = {edge["node"]["id"]: _told(edge["node"]["statements"]) for edge in found["edges"]}
    expected = [[("2/1", "FAILS"), ("1/1", "HOLDS")], [("3/1", "UNPROVEN")]]
    assert sorted(told.values()) == expected
    for account, statements in told.items():
        by_filter = await graph.ask(place.user, ALL, filter={"accountId": account})
        assert _told(by_filter) == statements


async def test_a_job_has_its_statements_in_the_order_of_the_document(
    graph: Graph, place: Place
) -> None:
    query = "{ ingestionJobs { edges { node { id statements {" + FIELDS + "} } } } }"
    (edge,) = (await graph.ask(place.user, query))["edges"]

    assert [number for number, _ in _told(edge["node"]["statements"])] == ["1/1", "2/1", "3/1"]
    by_filter = await graph.ask(place.user, ALL, filter={"jobId": edge["node"]["id"]})
    assert len(by_filter["edges"]) == 3


async def test_a_connection_is_asked_for_its_statements(graph: Graph, place: Place) -> None:
    (edge,) = (await graph.ask(place.user, "{ connections { edges { node { id } } } }"))["edges"]
    other = await graph.world.place()

    found = await graph.ask(place.user, ALL, filter={"connectionId": edge["node"]["id"]})
    foreign = await graph.ask(other.user, ALL, filter={"connectionId": edge["node"]["id"]})

    assert (len(found["edges"]), foreign["edges"]) == (3, [])
