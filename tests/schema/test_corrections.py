"""Corrections over GraphQL: at once for the merchant, for no other merchant and no other tenant."""

from __future__ import annotations

from typing import Any

from core.scope import UserScope
from tests.fixtures.graph import Graph

HEAD = "Date,Amount,Currency,Text,Merchant,Category,Account\n"
ROWS = """
{ transactions { edges { node {
  id description category { name source reason } suggestedCategory { name source }
} } } }
"""
CHOOSE = """
mutation ($id: ID!, $category: String) { transactionCategorize(
  id: $id, input: {category: $category}
) { transaction { category { name source } } userErrors { message } } }
"""
SHOP, SAME_SHOP = "Zyxo Vantrill 0042", "SQ *ZYXO VANTRILL 0077"
LOOK_ALIKES = ("Zyxo Vantril 0042", "Zyxo Vantrill Cafe", "Zyxovantrill")


def csv(*merchants: str) -> bytes:
    """One payment a day, "Row 1" first."""
    rows = (
        f"2026-03-{day:02},-12.30,EUR,Row {day},{merchant},,ONE\n"
        for day, merchant in enumerate(merchants, start=1)
    )
    return (HEAD + "".join(rows)).encode()


async def rows(graph: Graph, who: UserScope) -> dict[str, dict[str, Any]]:
    """The rows by their descriptions."""
    found = await graph.ask(who, ROWS)
    return {edge["node"]["description"]: edge["node"] for edge in found["edges"]}


def name(row: dict[str, Any]) -> str | None:
    """The category that counts."""
    category = row["category"]
    return None if category is None else category["name"]


async def choose(graph: Graph, who: UserScope, row: dict[str, Any], category: str | None) -> Any:
    """Corrects a row, or takes the correction back."""
    said = await graph.ask(who, CHOOSE, id=row["id"], category=category)
    assert said["userErrors"] == []
    return said["transaction"]


async def test_a_correction_reaches_the_merchant_and_nobody_else(graph: Graph) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    for each in (place, other):
        await graph.world.take_in(each, csv(SHOP))
    await choose(graph, place.user, (await rows(graph, place.user))["Row 1"], "Art")

    for each in (place, other):
        await graph.world.take_in(each, csv(SHOP, SAME_SHOP, *LOOK_ALIKES))

    mine, theirs = await rows(graph, place.user), await rows(graph, other.user)
    assert [name(mine[f"Row {day}"]) == "Art" for day in range(1, 6)] == [True] * 2 + [False] * 3
    assert mine["Row 2"]["category"]["source"] == "USER"
    assert "Art" not in repr(theirs)
    assert "You chose" not in repr(theirs)


async def test_corrections_that_contradict_each_other_are_no_fact(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, csv(SHOP, SHOP))
    before = await rows(graph, place.user)
    await choose(graph, place.user, before["Row 1"], "Art")
    await choose(graph, place.user, before["Row 2"], "Books")

    await graph.world.take_in(place, csv(SHOP, SHOP, SAME_SHOP))

    after = await rows(graph, place.user)
    assert [name(after[f"Row {day}"]) for day in (1, 2)] == ["Art", "Books"]
    assert name(after["Row 3"]) not in ("Art", "Books")


async def test_a_correction_that_is_taken_back_leaves_nothing_behind(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, csv(SHOP))
    await choose(graph, place.user, (await rows(graph, place.user))["Row 1"], "Art")
    # The source changes its mind about a detail, so that the row is judged again by the choice.
    again = csv(SHOP, SAME_SHOP).replace(b",,ONE", b",Theirs,ONE")
    await graph.world.take_in(place, again)
    learnt = await rows(graph, place.user)

    said = await choose(graph, place.user, learnt["Row 1"], None)

    assert name(learnt["Row 2"]) == "Art"
    assert name(said) == "Theirs"
    after = await rows(graph, place.user)
    assert [name(after[f"Row {day}"]) for day in (1, 2)] == ["Theirs", "Theirs"]
    assert "You chose" not in repr(after)
    await graph.world.take_in(place, csv(SHOP, SAME_SHOP, SHOP))
    assert name((await rows(graph, place.user))["Row 3"]) != "Art"
