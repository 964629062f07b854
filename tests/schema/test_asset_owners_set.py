"""Owners, beneficiaries and trustees as members set them: all owners together 100 % at most."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from core.models import Role
from schema.ids import encode
from tests.fixtures.graph import Graph
from tests.fixtures.personas import a_persona, an_asset
from tests.fixtures.world import Place

SET = """
mutation ($input: AssetOwnersSetInput!) { assetOwnersSet(input: $input) {
  asset { owners { edges { node { persona { id name } ownershipType percentage } } } }
  userErrors { code path message }
} }
"""
OWNED = "select coalesce(sum(percentage), 0) from app.asset_personas where ownership_type = 'owner'"


async def _set(graph: Graph, place: Place, asset_id: UUID, *owners: dict[str, Any]) -> Any:
    given = {"assetId": encode("Asset", asset_id), "owners": list(owners)}
    return await graph.ask(place.user, SET, input=given)


def _owner(persona_id: UUID, percentage: str | None, **more: Any) -> dict[str, Any]:
    return {"personaId": encode("Persona", persona_id), "percentage": percentage, **more}


def _shares(answer: Any) -> list[tuple[str, str, str | None]]:
    assert answer["userErrors"] == []
    nodes = [edge["node"] for edge in answer["asset"]["owners"]["edges"]]
    return [(one["persona"]["name"], one["ownershipType"], one["percentage"]) for one in nodes]


async def _refusal(
    graph: Graph, place: Place, asset_id: UUID, *owners: dict[str, Any]
) -> tuple[str, str]:
    answer = await _set(graph, place, asset_id, *owners)
    (error,) = answer["userErrors"]
    assert error["path"] == ["owners"]
    return error["code"], error["message"]


async def test_nobody_one_and_many_own_it_in_turn(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    asset_id = await an_asset(graph.world, place)
    ann, bob, cid = [await a_persona(graph.world, place, name) for name in ("Ann", "Bob", "Cid")]

    one = await _set(graph, place, asset_id, _owner(ann, "100.00"))
    many = await _set(
        graph, place, asset_id, _owner(cid, "20"), _owner(ann, "33.33"), _owner(bob, "46.67")
    )
    nobody = await _set(graph, place, asset_id)

    assert _shares(one) == [("Ann", "OWNER", "100.00")]
    assert _shares(many) == [
        ("Bob", "OWNER", "46.67"),
        ("Ann", "OWNER", "33.33"),
        ("Cid", "OWNER", "20.00"),
    ]
    assert _shares(nobody) == []
    events = await graph.world.owner.fetch("select event, data from app.ingestion_audit_log")
    assert {row["event"] for row in events} == {"asset.owners_set"}


async def test_three_thirds_are_taken_as_they_are(graph: Graph) -> None:
    place = await graph.world.place()
    asset_id = await an_asset(graph.world, place)
    personas = [await a_persona(graph.world, place) for _ in range(3)]

    answer = await _set(graph, place, asset_id, *(_owner(one, "33.33") for one in personas))

    assert [share[2] for share in _shares(answer)] == ["33.33"] * 3
    assert await graph.world.owner.fetchval(OWNED) == Decimal("99.99")


async def test_a_hundredth_too_much_is_refused_and_nothing_changes(graph: Graph) -> None:
    place = await graph.world.place()
    asset_id = await an_asset(graph.world, place)
    ann, bob = [await a_persona(graph.world, place) for _ in range(2)]
    await _set(graph, place, asset_id, _owner(ann, "10"))

    refusal = await _refusal(graph, place, asset_id, _owner(ann, "50.00"), _owner(bob, "50.01"))

    assert refusal == (
        "INVALID",
        "The owners have 100.01 % together; 100.00 % is the most.",
    )
    assert await graph.world.owner.fetchval(OWNED) == 10


@pytest.mark.parametrize(
    ("percentage", "says"),
    [
        ("0", "more than 0 %"),
        ("0.00", "more than 0 %"),
        ("-1", "more than 0 %"),
        ("100.01", "at most 100.00 %, not 100.01 %"),
        ("33.333", "two decimals at most, not 33.333 %"),
        (None, "how many per cent"),
    ],
)
async def test_a_share_that_is_none_is_refused(
    graph: Graph, percentage: str | None, says: str
) -> None:
    place = await graph.world.place()
    asset_id = await an_asset(graph.world, place)

    owner = _owner(await a_persona(graph.world, place), percentage)
    code, message = await _refusal(graph, place, asset_id, owner)

    assert code == "INVALID"
    assert says in message


async def test_trailing_zeros_are_no_third_decimal(graph: Graph) -> None:
    place = await graph.world.place()
    asset_id = await an_asset(graph.world, place)

    owner = _owner(await a_persona(graph.world, place, "Ann"), "12.50000")

    assert _shares(await _set(graph, place, asset_id, owner)) == [("Ann", "OWNER", "12.50")]


async def test_beneficiaries_and_trustees_do_not_count(graph: Graph) -> None:
    place = await graph.world.place()
    asset_id = await an_asset(graph.world, place)
    ann, bob = [await a_persona(graph.world, place, name) for name in ("Ann", "Bob")]

    answer = await _set(
        graph,
        place,
        asset_id,
        _owner(ann, "100"),
        _owner(ann, None, ownershipType="TRUSTEE"),
        _owner(ann, "60", ownershipType="BENEFICIARY"),
        _owner(bob, "60", ownershipType="BENEFICIARY"),
    )

    assert sorted(_shares(answer)) == [
        ("Ann", "BENEFICIARY", "60.00"),
        ("Ann", "OWNER", "100.00"),
        ("Ann", "TRUSTEE", None),
        ("Bob", "BENEFICIARY", "60.00"),
    ]


async def test_who_is_named_twice_as_the_same_is_refused(graph: Graph) -> None:
    place = await graph.world.place()
    asset_id = await an_asset(graph.world, place)
    ann = await a_persona(graph.world, place)

    code, message = await _refusal(graph, place, asset_id, _owner(ann, "1"), _owner(ann, "2"))

    assert (code, "twice" in message) == ("INVALID", True)


async def test_more_than_a_hundred_are_refused(graph: Graph) -> None:
    place = await graph.world.place()
    asset_id = await an_asset(graph.world, place)
    shares = [_owner(UUID(int=number), "0.01") for number in range(101)]

    assert (await _refusal(graph, place, asset_id, *shares))[0] == "LIMIT"


async def test_who_is_archived_gets_no_share_but_keeps_one(graph: Graph) -> None:
    place = await graph.world.place()
    mine, other = [await an_asset(graph.world, place) for _ in range(2)]
    ann = await a_persona(graph.world, place, "Ann")
    await _set(graph, place, mine, _owner(ann, "10"))
    await graph.world.owner.execute("update app.personas set status = 'archived'")

    kept = await _set(graph, place, mine, _owner(ann, "20"))
    code, _ = await _refusal(graph, place, other, _owner(ann, "20"))

    assert _shares(kept) == [("Ann", "OWNER", "20.00")]
    assert code == "CONFLICT"


async def test_a_persona_or_an_asset_of_another_tenant_looks_missing(graph: Graph) -> None:
    mine, theirs = await graph.world.place(), await graph.world.place()
    asset_id, foreign_asset = await an_asset(graph.world, mine), await an_asset(graph.world, theirs)
    ann, foreign = await a_persona(graph.world, mine), await a_persona(graph.world, theirs)

    personas = [
        await _set(graph, mine, asset_id, _owner(one, "1")) for one in (foreign, UUID(int=7))
    ]
    assets = [
        await _set(graph, mine, one, _owner(ann, "1")) for one in (foreign_asset, UUID(int=7))
    ]

    assert personas[0]["userErrors"][0]["code"] == assets[0]["userErrors"][0]["code"] == "NOT_FOUND"
    assert (personas[0], assets[0]) == (personas[1], assets[1])
    assert await graph.world.owner.fetchval(OWNED) == 0


async def test_of_sets_at_the_same_time_one_holds_as_a_whole(graph: Graph) -> None:
    place = await graph.world.place()
    asset_id = await an_asset(graph.world, place)
    pairs = [[await a_persona(graph.world, place) for _ in range(2)] for _ in range(6)]

    answers = await asyncio.gather(
        *(_set(graph, place, asset_id, *(_owner(one, "50") for one in pair)) for pair in pairs)
    )

    assert all(answer["userErrors"] == [] for answer in answers)
    rows = await graph.world.owner.fetch("select persona_id from app.asset_personas")
    assert {row["persona_id"] for row in rows} in [set(pair) for pair in pairs]
    assert await graph.world.owner.fetchval(OWNED) == 100


async def test_owners_are_read_page_by_page(graph: Graph) -> None:
    place = await graph.world.place()
    asset_id = await an_asset(graph.world, place)
    names = [f"P{number}" for number in range(5)]
    personas = [await a_persona(graph.world, place, name) for name in names]
    await _set(graph, place, asset_id, *(_owner(one, "20") for one in personas))
    query = """
    query ($id: ID!, $after: String) { asset(id: $id) { owners(first: 2, after: $after) {
      edges { node { persona { name } } } pageInfo { hasNextPage endCursor }
    } } }
    """

    found, after, more = [], None, True
    while more:
        asset = await graph.ask(place.user, query, id=encode("Asset", asset_id), after=after)
        found += [edge["node"]["persona"]["name"] for edge in asset["owners"]["edges"]]
        after = asset["owners"]["pageInfo"]["endCursor"]
        more = asset["owners"]["pageInfo"]["hasNextPage"]

    assert sorted(found) == names
