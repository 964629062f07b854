"""Every value that is derived leads to what it was derived from, over GraphQL alone."""

from __future__ import annotations

from typing import Any

from tests.fixtures.bai2_file import COFFEE, RENT, statement
from tests.fixtures.graph import Graph
from tests.fixtures.two_sources import both

RULE = """
mutation { categoryRuleCreate(input: {
  name: "Coffee", conditions: {text: {contains: "coffee"}}, category: "Beans"
}) { rule { id } userErrors { message } } }
"""
ROWS = """
{ transactions(filter: {duplicates: INCLUDE}) { edges { node {
  id description
  source { line lineEnd receivedAt provider job { id } rawDocument { sha256 } lines { text } }
  category { name source reason confidence rule { id name versions { version conditions } } }
  duplicateOf { id source { rawDocument { sha256 } } }
  links { method score ruleVersion reasons { code text points } transaction { id } other { id } }
  reconciledIn { method note difference { amount } members { transaction { id } } createdBy { id } }
  account { mappings { edges { node {
    decision { method reasons { code } } verifiedBy { id }
    externalAccount { externalId } connection { id }
  } } } }
} } } }
"""
GROUP = """
mutation ($ids: [ID!]!) { reconciliationCreate(
  input: {leftIds: $ids, rightIds: [], note: "seen on paper"}
) { userErrors { message } } }
"""
STATEMENTS = """
{ statements { edges { node {
  line lineEnd job { id } rawDocument { sha256 }
} } } }
"""


OF_RECURRING = """
query ($id: ID!) { transactions(filter: {recurringId: $id}) {
  edges { node { amount { amount } } }
} }
"""


async def _rows(graph: Graph, who: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for edge in (await graph.ask(who, ROWS))["edges"]:
        found.setdefault(edge["node"]["description"], []).append(edge["node"])
    return found


async def test_every_derived_value_leads_to_its_evidence(graph: Graph) -> None:
    place, _ = await both(graph.world, statement(COFFEE, RENT), statement(COFFEE, number="999"))
    rows = await _rows(graph, place.user)
    (rent,) = rows["RENT"]
    grouped = await graph.ask(place.user, GROUP, ids=[rent["id"]])
    assert grouped["userErrors"] == []
    rows = await _rows(graph, place.user)
    (rent,), (kept, hidden) = (
        rows["RENT"],
        sorted(rows["COFFEE"], key=lambda row: row["duplicateOf"] is not None),
    )

    for row in (rent, kept, hidden):
        source = row["source"]
        assert source["rawDocument"]["sha256"]
        assert source["job"]["id"]
        assert source["line"] <= source["lineEnd"]
        assert row["description"] in "".join(line["text"] for line in source["lines"])
    assert hidden["duplicateOf"]["id"] == kept["id"]
    assert hidden["duplicateOf"]["source"] != {"rawDocument": hidden["source"]["rawDocument"]}
    (link,) = hidden["links"]
    assert link["score"] == sum(reason["points"] for reason in link["reasons"])
    assert {link["transaction"]["id"], link["other"]["id"]} == {kept["id"], hidden["id"]}
    group = rent["reconciledIn"]
    assert (group["method"], group["note"]) == ("USER", "seen on paper")
    assert [one["transaction"]["id"] for one in group["members"]] == [rent["id"]]
    assert group["createdBy"] is not None
    mappings = [edge["node"] for edge in rent["account"]["mappings"]["edges"]]
    assert {one["decision"]["method"] for one in mappings} == {"OPENED", "USER"}


async def test_a_statement_names_its_place_in_its_document(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, statement(COFFEE, RENT))

    (edge,) = (await graph.ask(place.user, STATEMENTS))["edges"]

    one = edge["node"]
    assert one["rawDocument"]["sha256"]
    assert one["job"]["id"]
    assert one["line"] <= one["lineEnd"]


async def test_balances_name_their_place_in_their_document(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, statement(COFFEE, RENT))

    balances = await graph.ask(
        place.user,
        "{ accounts { edges { node { balances { line rawDocument { sha256 } } } } } }",
    )

    found = [one for edge in balances["edges"] for one in edge["node"]["balances"]]
    assert found
    assert all(one["line"] > 0 and one["rawDocument"]["sha256"] for one in found)


async def test_a_recurring_payment_leads_to_its_rows(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    rents = [f"2026-{month:02}-01,-950.00,Landlord Kwerl" for month in range(3, 11)]
    others = ["2026-05-01,-4.00,Corner Shop", "2026-05-02,950.00,Landlord Kwerl"]
    lines = "\n".join(["Date,Amount,Merchant", *rents, *others])
    await graph.world.take_in(place, lines.encode())

    (edge,) = (await graph.ask(place.user, "{ recurringTransactions { edges { node { id } } } }"))[
        "edges"
    ]
    rows = await graph.ask(place.user, OF_RECURRING, id=edge["node"]["id"])

    amounts = [one["node"]["amount"]["amount"] for one in rows["edges"]]
    assert amounts == ["-950.00"] * len(rents)


async def test_a_category_says_which_rule_and_what_it_said(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.ask(place.user, RULE)
    await graph.world.take_in(place, statement(COFFEE))

    (row,) = (await _rows(graph, place.user))["COFFEE"]

    category = row["category"]
    assert (category["name"], category["source"]) == ("Beans", "RULE")
    assert "Coffee" in category["reason"]
    (version,) = category["rule"]["versions"]
    assert version["conditions"] == {"text": {"contains": "coffee"}}
