"""Questions about pairs: shown with both sides, answered for good, and taken back."""

from __future__ import annotations

from typing import Any

import pytest

from core.models import Role
from schema.ids import encode
from tests.fixtures.bai2_file import COFFEE, RENT, SALARY, Detail, bai2, statement
from tests.fixtures.bai2_file import Account as Delivered
from tests.fixtures.bai2_file import Group as Reported
from tests.fixtures.graph import Graph
from tests.fixtures.two_sources import both, counting
from tests.fixtures.world import Place

PARKING = Detail("475", 350, "PARKING")
PAIRS = ["DUPLICATE", "PENDING_POSTED", "TRANSFER", "REFUND"]

ITEMS = """
query($filter: ReviewItemFilter) {
  reviewItems(filter: $filter) { edges { node {
    id kind state score ruleVersion evidence reasons { code text points }
    transaction { id description } other { id description } account { name } decidedBy { id }
  } } }
  reviewItemCount(filter: $filter)
}
"""
CONFIRM = "mutation($id: ID!) { matchConfirm(id: $id) { item { state } userErrors { code path } } }"
REJECT = "mutation($id: ID!) { matchReject(id: $id) { item { state } userErrors { code } } }"
DECIDE = """
mutation($input: ReviewItemsDecideInput!) {
  reviewItemsDecide(input: $input) { items { id state } userErrors { code path message } }
}
"""
LINK = """
mutation($input: TransactionLinkInput!) {
  transactionLink(input: $input) {
    link {
      id kind method state score ruleVersion createdBy { id } undoneBy { id }
      transaction { description } other { description }
    }
    userErrors { code path message }
  }
}
"""
UNDO = """
mutation($id: ID!) {
  transactionLinkUndo(id: $id) { link { state undoneBy { id } } userErrors { code } }
}
"""
ROWS = """
query($filter: TransactionFilter) {
  transactions(filter: $filter, orderBy: AMOUNT_ASC) { edges { node {
    id description duplicateOf { id } duplicates { id description }
    links { id kind state transaction { id } other { id } reasons { code } }
  } } }
}
"""


async def _asked(graph: Graph, place: Place, **filter: Any) -> list[dict[str, Any]]:
    found = await graph.ask(place.user, ITEMS, filter={"kind": PAIRS} | filter)
    assert len(found["reviewItems"]["edges"]) == found["reviewItemCount"]
    return [edge["node"] for edge in found["reviewItems"]["edges"]]


async def _rows(graph: Graph, place: Place, **filter: Any) -> list[dict[str, Any]]:
    found = await graph.ask(place.user, ROWS, filter=filter or None)
    return [edge["node"] for edge in found["edges"]]


@pytest.fixture
async def place(graph: Graph) -> Place:
    """A coffee that another source calls parking: nobody knows whether they are one."""
    place, _ = await both(graph.world, statement(COFFEE, RENT), statement(PARKING, number="999"))
    return place


async def test_a_question_shows_both_sides_and_why(graph: Graph, place: Place) -> None:
    (item,) = await _asked(graph, place, state=["OPEN"], kind=["DUPLICATE"])

    assert {item["transaction"]["description"], item["other"]["description"]} == {
        "COFFEE",
        "PARKING",
    }
    assert item["evidence"]["other"]["amount"] == "-3.50"
    assert item["score"] == sum(reason["points"] for reason in item["reasons"])
    assert "text" in [reason["code"] for reason in item["reasons"]]
    assert not await _asked(graph, place, kind=["TRANSFER"])
    assert not await _asked(graph, place, scoreFrom=99)
    mine = item["transaction"]["id"]
    assert await _asked(graph, place, transactionId=mine)


async def test_yes_hides_one_and_taking_it_back_shows_it_again(graph: Graph, place: Place) -> None:
    (item,) = await _asked(graph, place)

    said = await graph.ask(place.user, CONFIRM, id=item["id"])
    merged = await counting(graph.world, place)
    opened = await graph.ask(place.user, DECIDE, input={"ids": [item["id"]], "decision": "OPEN"})

    assert said == {"item": {"state": "CONFIRMED"}, "userErrors": []}
    assert len(merged) == 2
    assert opened["items"] == [{"id": item["id"], "state": "OPEN"}]
    assert len(await counting(graph.world, place)) == 3


async def test_no_is_final(graph: Graph, place: Place) -> None:
    (item,) = await _asked(graph, place)
    await graph.ask(place.user, REJECT, id=item["id"])

    await graph.world.owner.execute(
        "insert into app.unmatched_transactions (tenant_id, transaction_ids)"
        " select tenant_id, array_agg(id) from app.transactions where tenant_id = $1 group by 1",
        place.tenant_id,
    )
    await graph.world.take_in(place, statement(SALARY, day="260302"))

    assert [one["state"] for one in await _asked(graph, place)] == ["REJECTED"]
    assert len(await counting(graph.world, place)) == 4


async def test_a_transaction_shows_its_links_and_what_it_stands_for(graph: Graph) -> None:
    place, _ = await both(graph.world, statement(COFFEE), statement(COFFEE, number="999"))

    (kept,) = await _rows(graph, place)
    (hidden,) = await _rows(graph, place, duplicates="ONLY")

    assert hidden["duplicateOf"] == {"id": kept["id"]}
    assert kept["duplicateOf"] is None
    assert [one["id"] for one in kept["duplicates"]] == [hidden["id"]]
    assert kept["links"] == hidden["links"]
    (link,) = kept["links"]
    assert (link["transaction"], link["other"]) == ({"id": hidden["id"]}, {"id": kept["id"]})
    assert {"amount", "days", "text"} <= {reason["code"] for reason in link["reasons"]}
    assert len(await _rows(graph, place, duplicates="INCLUDE")) == 2


async def test_an_undone_link_does_not_come_again(graph: Graph) -> None:
    place, other = await both(graph.world, statement(COFFEE), statement(COFFEE, number="999"))
    (kept,) = await _rows(graph, place)

    undone = await graph.ask(place.user, UNDO, id=kept["links"][0]["id"])
    await graph.world.owner.execute(
        "insert into app.unmatched_transactions (tenant_id, transaction_ids)"
        " select tenant_id, array_agg(id) from app.transactions where tenant_id = $1 group by 1",
        place.tenant_id,
    )
    await graph.world.take_in(other, statement(COFFEE, RENT, number="999"))

    assert undone["link"]["state"] == "UNDONE"
    assert undone["link"]["undoneBy"] is not None
    assert len(await counting(graph.world, place)) == 3


async def test_a_member_links_what_no_rule_would(graph: Graph, place: Place) -> None:
    rows = {row["description"]: row["id"] for row in await _rows(graph, place)}
    asked = {"transactionId": rows["PARKING"], "otherId": rows["COFFEE"], "kind": "DUPLICATE"}

    made = await graph.ask(place.user, LINK, input=asked)

    assert made["userErrors"] == []
    link = made["link"]
    assert (link["method"], link["state"], link["ruleVersion"]) == ("USER", "ACTIVE", "user")
    assert link["createdBy"] is not None
    assert [one["state"] for one in await _asked(graph, place)] == ["CONFIRMED"]
    assert len(await counting(graph.world, place)) == 2
    for wrong, code in (
        ({**asked, "kind": "TRANSFER"}, "INVALID"),
        ({**asked, "kind": "REFUND"}, "INVALID"),
        ({**asked, "otherId": rows["PARKING"]}, "INVALID"),
        ({**asked, "transactionId": rows["COFFEE"], "otherId": rows["PARKING"]}, "CONFLICT"),
        ({**asked, "otherId": str(encode("Transaction", place.tenant_id))}, "NOT_FOUND"),
    ):
        refused = await graph.ask(place.user, LINK, input=wrong)
        assert refused["userErrors"][0]["code"] == code, wrong


async def test_a_members_link_outlasts_the_going_and_coming_of_a_row(
    graph: Graph, place: Place
) -> None:
    rows = {row["description"]: row["id"] for row in await _rows(graph, place)}
    asked = {"transactionId": rows["PARKING"], "otherId": rows["COFFEE"], "kind": "DUPLICATE"}
    await graph.ask(place.user, LINK, input=asked)
    job_id = await graph.world.owner.fetchval(
        "select job_id from app.transactions where description = 'COFFEE'"
    )

    await graph.world.revert(place, job_id)
    alone = await counting(graph.world, place)
    await graph.world.take_in(place, statement(COFFEE, RENT))

    assert [text for text, _ in alone] == ["PARKING"]
    assert sorted(text for text, _ in await counting(graph.world, place)) == ["COFFEE", "RENT"]


async def test_a_viewer_answers_nothing(graph: Graph, place: Place) -> None:
    (item,) = await _asked(graph, place)
    viewer = await graph.user(place, Role.VIEWER)

    refused = await graph.ask(viewer, CONFIRM, id=item["id"])

    assert refused["item"] is None
    assert refused["userErrors"][0]["code"] == "NOT_ALLOWED"


async def test_another_tenant_finds_nothing_of_it(graph: Graph, place: Place) -> None:
    (item,) = await _asked(graph, place)
    stranger = await graph.world.place()

    assert not await _asked(graph, stranger)
    refused = await graph.ask(stranger.user, CONFIRM, id=item["id"])
    assert refused["userErrors"][0]["code"] == "NOT_FOUND"


async def test_rates_are_put_read_and_replaced(graph: Graph) -> None:
    place = await graph.world.place()
    put = """
    mutation($rates: [ExchangeRateInput!]!) {
      exchangeRatesPut(rates: $rates) { rates { rate } userErrors { code path } }
    }
    """
    ask = """
    query($filter: ExchangeRateFilter) {
      exchangeRates(filter: $filter) { base quote day rate source }
    }
    """
    rate = {"base": "EUR", "quote": "USD", "day": "2026-03-02", "rate": "1.1", "source": "ECB"}

    for value in ("1.1", "1.12345678"):
        said = await graph.ask(place.user, put, rates=[{**rate, "rate": value}])
        assert said["userErrors"] == []

    assert await graph.ask(place.user, ask, filter={"base": "EUR", "dayFrom": "2026-03-01"}) == [
        {**rate, "rate": "1.12345678"}
    ]
    assert await graph.ask(place.user, ask, filter={"quote": "GBP"}) == []
    for wrong in ({**rate, "rate": "0"}, {**rate, "quote": "EUR"}, {**rate, "source": " "}):
        refused = await graph.ask(place.user, put, rates=[wrong])
        assert refused["userErrors"][0]["code"] == "INVALID"
    twice = await graph.ask(place.user, put, rates=[rate, rate])
    assert twice["userErrors"][0]["code"] == "INVALID"


async def test_a_transfer_in_two_currencies_goes_by_the_tenants_rate(graph: Graph) -> None:
    place = await graph.world.place()
    put = "mutation($r: [ExchangeRateInput!]!) { exchangeRatesPut(rates: $r) { rates { day } } }"
    rate = {"base": "EUR", "quote": "USD", "day": "2026-02-28", "rate": "1.1", "source": "ECB"}
    await graph.ask(place.user, put, r=[rate])
    euros = Delivered(details=[Detail("495", 10_000, "TRANSFER TO DOLLARS")])
    dollars = Delivered(
        details=[Detail("195", 10_950, "TRANSFER FROM EUROS")], number="777", currency="USD"
    )

    await graph.world.take_in(place, bai2(Reported(accounts=[euros, dollars])))

    rows = await _rows(graph, place)
    assert [[link["kind"] for link in row["links"]] for row in rows] == [["TRANSFER"]] * 2
