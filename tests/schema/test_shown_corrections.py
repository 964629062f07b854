"""What a transaction corrects, and what corrected it, down to the lines, for its tenant alone."""

from __future__ import annotations

from typing import Any

from core.scope import UserScope
from schema.ids import encode
from tests.fixtures.graph import Graph
from tests.fixtures.ofx_file import ROW, statement
from tests.flows.test_ofx_corrections import FIRST, SECOND, corrected, deleted

CORRECTION = """
{ externalId deletes waits line correctedLine rawDocument { id } correctedDocument { id }
  transaction { externalId } corrected { externalId } }
"""
ROWS = f"""
{{ transactions(filter: {{status: [POSTED, REMOVED]}}) {{ edges {{ node {{
  externalId corrects {CORRECTION} correctedBy {CORRECTION}
}} }} }} }}
"""
REVIEW = """
query ($id: ID!) { ingestionJob(id: $id) { preview(first: 5) { edges { node {
  outcome correctsExternalId corrects { externalId amount { amount } }
} } } } }
"""


async def rows(graph: Graph, who: UserScope) -> dict[str, Any]:
    found = await graph.ask(who, ROWS)
    return {edge["node"]["externalId"]: edge["node"] for edge in found["edges"]}


async def test_a_row_says_what_it_corrects_and_from_which_line_on(graph: Graph) -> None:
    place, stranger = await graph.world.place(), await graph.world.place()
    for each in (place, stranger):
        await graph.world.take_in(each, FIRST)
    await graph.world.take_in(place, statement(corrected("A2", "A1"), deleted("B1")))

    mine = await rows(graph, place.user)

    assert set(mine) == {"A2", "B1"}
    made, ended = mine["A2"]["corrects"], mine["B1"]["correctedBy"]
    assert (mine["A2"]["correctedBy"], mine["B1"]["corrects"]) == (None, None)
    assert (made["externalId"], made["deletes"], made["waits"]) == ("A1", False, False)
    assert (made["transaction"], made["corrected"]) == ({"externalId": "A2"}, None)
    assert made["rawDocument"] != made["correctedDocument"] is not None
    assert (ended["externalId"], ended["deletes"], ended["transaction"]) == ("B1", True, None)
    assert ended["corrected"] == {"externalId": "B1"}
    assert ended["line"] > made["line"] > 0
    theirs = await rows(graph, stranger.user)
    assert [(one["corrects"], one["correctedBy"]) for one in theirs.values()] == [(None, None)] * 2


async def test_rows_that_both_stood_lead_to_each_other(graph: Graph) -> None:
    place = await graph.world.place()
    for content in (FIRST, statement(ROW.replace("A1", "A2").replace("-12.34", "-13.00")), SECOND):
        await graph.world.take_in(place, content)

    mine = await rows(graph, place.user)

    assert mine["A2"]["corrects"] == mine["A1"]["correctedBy"]
    assert mine["A1"]["correctedBy"]["transaction"] == {"externalId": "A2"}
    assert mine["A2"]["corrects"]["corrected"] == {"externalId": "A1"}


async def test_a_correction_that_waits_says_so(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, SECOND)

    made = (await rows(graph, place.user))["A2"]["corrects"]

    assert (made["waits"], made["correctedDocument"], made["correctedLine"]) == (True, None, None)


async def test_a_preview_leads_to_the_row_that_would_be_corrected(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, FIRST)
    job = await graph.world.take_in(place, SECOND, review=True)

    found = await graph.ask(place.user, REVIEW, id=encode("IngestionJob", job["id"]))

    assert [edge["node"] for edge in found["preview"]["edges"]] == [
        {
            "outcome": "CHANGED",
            "correctsExternalId": "A1",
            "corrects": {"externalId": "A1", "amount": {"amount": "-12.34"}},
        }
    ]
