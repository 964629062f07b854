"""How far transfers between currencies may be from rates: a tenant says so, and it is told."""

from __future__ import annotations

import json

import pytest

from matching.scoring import RULE_VERSION
from tests.fixtures.bai2_file import Account as Delivered
from tests.fixtures.bai2_file import Detail, bai2
from tests.fixtures.bai2_file import Group as Reported
from tests.fixtures.graph import Graph
from tests.fixtures.two_sources import links, questions

SET = """
mutation($percent: Decimal!) {
  exchangeRateToleranceSet(percent: $percent) { percent userErrors { code path } }
}
"""
ASK = "{ exchangeRateTolerance }"
PUT = "mutation($r: [ExchangeRateInput!]!) { exchangeRatesPut(rates: $r) { rates { day } } }"
RATE = {"base": "EUR", "quote": "USD", "day": "2026-02-28", "rate": "1.1", "source": "ECB"}


async def test_it_is_two_percent_until_the_tenant_says_otherwise(graph: Graph) -> None:
    place, stranger = await graph.world.place(), await graph.world.place()

    assert await graph.ask(place.user, ASK) == "2"
    said = await graph.ask(place.user, SET, percent="3.5000")

    assert said == {"percent": "3.5", "userErrors": []}
    assert await graph.ask(place.user, ASK) == "3.5"
    assert await graph.ask(stranger.user, ASK) == "2"
    (event,) = await graph.world.owner.fetch(
        "select data from app.ingestion_audit_log"
        " where tenant_id = $1 and event = 'tenant.updated'",
        place.tenant_id,
    )
    assert json.loads(event["data"]) == {
        "fields": ["rateTolerancePercent"],
        "from": "2",
        "to": "3.5",
    }


@pytest.mark.parametrize("percent", ["0", "-2", "0.09", "10.01", "1.00001"])
async def test_what_makes_no_sense_is_refused(graph: Graph, percent: str) -> None:
    place = await graph.world.place()

    refused = await graph.ask(place.user, SET, percent=percent)

    assert refused["percent"] is None
    assert refused["userErrors"] == [{"code": "INVALID", "path": ["percent"]}]
    assert await graph.ask(place.user, ASK) == "2"


@pytest.mark.parametrize(
    ("percent", "cents", "found"),
    [
        ("3.5", 11_385, ("questions", f"{RULE_VERSION}, rates within 3.5 %")),  # of 110 dollars
        ("3.5", 11_000, ("links", f"{RULE_VERSION}, rates within 3.5 %")),
        ("2.0", 11_000, ("links", RULE_VERSION)),
        ("2.0", 11_385, None),
    ],
)
async def test_transfers_are_found_by_it_and_name_it(
    graph: Graph, percent: str, cents: int, found: tuple[str, str] | None
) -> None:
    place = await graph.world.place()
    await graph.ask(place.user, SET, percent=percent)
    await graph.ask(place.user, PUT, r=[RATE])
    euros = Delivered(details=[Detail("495", 10_000, "TRANSFER TO DOLLARS")])
    dollars = Delivered(
        details=[Detail("195", cents, "TRANSFER FROM EUROS")], number="777", currency="USD"
    )

    await graph.world.take_in(place, bai2(Reported(accounts=[euros, dollars])))

    asked, made = await questions(graph.world, place), await links(graph.world, place)
    assert [("questions", one["rule_version"]) for one in asked] + [
        ("links", one["rule_version"]) for one in made
    ] == ([] if found is None else [found])
