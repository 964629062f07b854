"""Matched accounts in GraphQL: how a mapping was decided, what is suggested, who is believed."""

from __future__ import annotations

from typing import Any

from schema.ids import encode
from tests.fixtures.camt_file import Entry, camt, statement
from tests.fixtures.graph import Graph
from tests.fixtures.mapped import beside, mapping_of
from tests.fixtures.world import Place
from tests.flows.test_account_matching import CAMT, of_kind

LIST = """
query ($filter: AccountMappingFilter) { accountMappings(filter: $filter) { edges { node {
  id state account { id primarySource { id } }
  decision { method score reasons { code text score } ruleVersion }
  suggestions { account { id } score automatic ruleVersion doubts { code text }
    reasons { code score } }
} } } }
"""
UPDATE = """
mutation ($id: ID!, $mapping: ID) {
  accountUpdate(id: $id, input: {primaryMappingId: $mapping}) {
    account { primarySource { id } } userErrors { code path }
  }
}
"""


async def _listed(graph: Graph, place: Place, **filter: Any) -> list[Any]:
    found = await graph.ask(place.user, LIST, filter=filter)
    return [edge["node"] for edge in found["edges"]]


async def _of(graph: Graph, place: Place) -> Any:
    listed = await _listed(graph, place, connectionId=encode("Connection", place.connection_id))
    (node,) = listed
    return node


async def test_decision_says_how_and_why_and_goes_when_it_is_undone(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, CAMT)
    other = await beside(graph.world, place)
    await graph.world.take_in(other, CAMT)

    opened, matched = await _of(graph, place), await _of(graph, other)
    await graph.ask(
        place.user,
        "mutation ($id: ID!) { accountMappingVerify(id: $id) { mapping { id } } }",
        id=matched["id"],
    )
    verified = await _of(graph, other)
    await graph.ask(
        place.user,
        "mutation ($id: ID!) { accountMappingUnset(id: $id) { mapping { id } } }",
        id=matched["id"],
    )
    undone = await _of(graph, other)

    assert opened["decision"] == {
        "method": "OPENED",
        "score": None,
        "reasons": [],
        "ruleVersion": None,
    }
    assert matched["account"] == opened["account"]
    assert (matched["decision"]["method"], matched["decision"]["score"]) == ("MATCHED", 95)
    assert matched["decision"]["reasons"][0]["code"] == "SAME_IBAN"
    assert sum(reason["score"] for reason in matched["decision"]["reasons"]) == 95
    assert verified["decision"] == matched["decision"]
    assert (undone["state"], undone["decision"], undone["suggestions"]) == ("PENDING", None, [])


async def test_what_waits_with_a_suggestion_is_found_with_its_doubts(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, of_kind("CACC"))
    near = await beside(graph.world, place)
    await graph.world.take_in(near, of_kind("SVGS"))
    far = await beside(graph.world, place, mapping_policy="ask")
    await graph.world.take_in(far, camt(statement(Entry(), account=_account("GBP"))))

    suggested = await _listed(graph, place, suggested=True)
    others = await _listed(graph, place, suggested=False)

    (waiting,) = suggested
    assert waiting == await _of(graph, near)
    ((suggestion),) = waiting["suggestions"]
    assert [doubt["code"] for doubt in suggestion["doubts"]] == ["OTHER_TYPE"]
    assert (suggestion["score"], suggestion["automatic"], suggestion["ruleVersion"]) == (
        95,
        False,
        1,
    )
    assert {one["state"] for one in others} == {"MAPPED", "PENDING"}


REFUSE = """
mutation ($id: ID!, $account: ID!) {
  accountMapping%s(id: $id, input: {accountId: $account}) {
    mapping {
      suggestions { account { id } } refusals { account { id } refusedAt refusedBy { id } }
    }
    userErrors { code path }
  }
}
"""


async def test_refused_suggestion_is_not_repeated_until_that_is_taken_back(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, of_kind("CACC"))
    near = await beside(graph.world, place, mapping_policy="ask")
    await graph.world.take_in(near, of_kind("SVGS"))
    waiting = await _of(graph, near)
    ids = {"id": waiting["id"], "account": waiting["suggestions"][0]["account"]["id"]}

    refused = await graph.ask(place.user, REFUSE % "Refuse", **ids)
    again = await graph.ask(place.user, REFUSE % "Refuse", **ids)
    await graph.world.take_in(near, of_kind("SVGS", "Another name"))
    named_again = await _of(graph, near)
    listed = await _listed(graph, place, suggested=True)
    forgiven = await graph.ask(place.user, REFUSE % "RefusalUndo", **ids)
    twice = await graph.ask(place.user, REFUSE % "RefusalUndo", **ids)

    (refusal,) = refused["mapping"]["refusals"]
    assert refusal["account"] == {"id": ids["account"]}
    assert refusal["refusedBy"] is not None
    assert refused["mapping"]["suggestions"] == named_again["suggestions"] == listed == []
    assert again["mapping"] == refused["mapping"]
    assert named_again["state"] == "PENDING"
    assert forgiven["mapping"]["suggestions"] == [{"account": {"id": ids["account"]}}]
    assert forgiven["mapping"]["refusals"] == []
    assert len(await _listed(graph, place, suggested=True)) == 1
    assert twice["userErrors"] == [{"code": "CONFLICT", "path": ["accountId"]}]


async def test_the_account_that_it_is_and_one_of_nobody_are_not_refused(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, CAMT)
    own = await _of(graph, place)
    stranger = encode("Account", place.tenant_id)

    mapped = await graph.ask(
        place.user, REFUSE % "Refuse", id=own["id"], account=own["account"]["id"]
    )
    unknown = await graph.ask(place.user, REFUSE % "Refuse", id=own["id"], account=stranger)

    assert mapped["userErrors"] == [{"code": "CONFLICT", "path": ["accountId"]}]
    assert unknown["userErrors"] == [{"code": "NOT_FOUND", "path": ["accountId"]}]


async def test_source_that_feeds_the_account_alone_can_be_believed_first(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, CAMT)
    stranger = await beside(graph.world, place, mapping_policy="ask")
    await graph.world.take_in(stranger, CAMT)
    own, other = await _of(graph, place), await _of(graph, stranger)
    account = own["account"]["id"]

    refused = await graph.ask(place.user, UPDATE, id=account, mapping=other["id"])
    set_ = await graph.ask(place.user, UPDATE, id=account, mapping=own["id"])
    shown = await _of(graph, place)
    cleared = await graph.ask(place.user, UPDATE, id=account, mapping=None)

    assert refused["userErrors"] == [{"code": "CONFLICT", "path": ["primaryMappingId"]}]
    assert set_["account"] == {"primarySource": {"id": own["id"]}}
    assert shown["account"]["primarySource"] == {"id": own["id"]}
    assert cleared["account"] == {"primarySource": None}
    assert (await mapping_of(graph.world, place))["account_id"] is not None


def _account(currency: str) -> str:
    return f"<Acct><Id><IBAN>GB29NWBK60161331926819</IBAN></Id><Ccy>{currency}</Ccy></Acct>"
