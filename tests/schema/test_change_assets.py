"""Assets as members enter, change and archive them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from core.models import Role
from core.scope import UserScope
from schema.ids import encode
from tests.fixtures.graph import Graph, key
from tests.fixtures.personas import a_group, a_persona
from tests.fixtures.world import Place

CREATE = """
mutation ($input: AssetCreateInput!) { assetCreate(input: $input) {
  asset {
    id category name description institutionName status currency value { amount currency }
    valuedAt source account { id } connection { id } group { id name }
    owners { edges { node { persona { id } ownershipType percentage } } }
  }
  userErrors { code path message }
} }
"""
UPDATE = """
mutation ($id: ID!, $input: AssetUpdateInput!) { assetUpdate(id: $id, input: $input) {
  asset {
    category name description institutionName currency value { amount currency } valuedAt
    group { id }
  }
  userErrors { code path message }
} }
"""
LIST = "query ($filter: AssetFilter) { assets(filter: $filter) { edges { node { id } } } }"
HOUSE = {
    "category": "REAL_ESTATE",
    "name": "House",
    "currency": "EUR",
    "value": "250000.00",
    "valuedAt": "2026-03-01",
}


async def _made(graph: Graph, who: UserScope, **given: Any) -> dict[str, Any]:
    answer = await graph.ask(who, CREATE, input={**HOUSE, **given})
    assert answer["userErrors"] == []
    asset: dict[str, Any] = answer["asset"]
    return asset


async def _updated(graph: Graph, place: Place, asset: dict[str, Any], **given: Any) -> Any:
    answer = await graph.ask(place.user, UPDATE, id=asset["id"], input=given)
    assert answer["userErrors"] == []
    return answer["asset"]


async def _refused(graph: Graph, who: UserScope, query: str, **given: Any) -> tuple[str, list[str]]:
    answer = await graph.ask(who, query, **given)
    (error,) = answer["userErrors"]
    assert answer["asset"] is None
    return error["code"], error["path"]


async def _turn(graph: Graph, place: Place, verb: str, asset: dict[str, Any]) -> str:
    answer = await graph.ask(
        place.user,
        f"mutation ($id: ID!) {{ asset{verb}(id: $id) {{ asset {{ status }} userErrors {{ code }}"
        " } }",
        id=asset["id"],
    )
    assert answer["userErrors"] == []
    return str(answer["asset"]["status"])


async def _events(graph: Graph) -> list[str]:
    rows = await graph.world.owner.fetch(
        "select event from app.ingestion_audit_log order by created_at"
    )
    return [row["event"] for row in rows]


async def test_an_asset_is_entered_with_its_owners_and_its_group(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    kim = encode("Persona", await a_persona(graph.world, place))
    group = encode("PersonaGroup", await a_group(graph.world, place))

    made = await _made(
        graph,
        place.user,
        description="By the lake",
        institutionName="Land registry",
        groupId=group,
        owners=[{"personaId": kim, "percentage": "50"}],
    )

    assert made | {"id": None} == {
        "id": None,
        "category": "REAL_ESTATE",
        "name": "House",
        "description": "By the lake",
        "institutionName": "Land registry",
        "status": "ACTIVE",
        "currency": "EUR",
        "value": {"amount": "250000.00", "currency": "EUR"},
        "valuedAt": "2026-03-01",
        "source": "MANUAL",
        "account": None,
        "connection": None,
        "group": {"id": group, "name": "Family"},
        "owners": {
            "edges": [
                {"node": {"persona": {"id": kim}, "ownershipType": "OWNER", "percentage": "50.00"}}
            ]
        },
    }


async def test_an_asset_of_nobody_and_of_unknown_worth_is_one(graph: Graph) -> None:
    place = await graph.world.place()

    made = await _made(graph, place.user, value=None, valuedAt=None)

    assert (made["value"], made["valuedAt"], made["owners"]["edges"]) == (None, None, [])


async def test_a_value_without_a_day_is_of_today(graph: Graph) -> None:
    place = await graph.world.place()
    before = datetime.now(UTC).date()

    made = await _made(graph, place.user, valuedAt=None)

    assert made["valuedAt"] in {before.isoformat(), datetime.now(UTC).date().isoformat()}


@pytest.mark.parametrize("category", ["FINANCIAL_ACCOUNT", "VEHICLE", "CRYPTO", "OTHER"])
async def test_every_category_can_be_entered(graph: Graph, category: str) -> None:
    place = await graph.world.place()

    assert (await _made(graph, place.user, category=category))["category"] == category


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"description": "x" * 2_001}, "description"),
        ({"institutionName": ""}, "institutionName"),
        ({"value": None}, "value"),
    ],
)
async def test_what_cannot_be_kept_is_refused(
    graph: Graph, given: dict[str, Any], path: str
) -> None:
    place = await graph.world.place()

    refused = await _refused(graph, place.user, CREATE, input={**HOUSE, **given})

    assert refused == ("INVALID", [path])
    assert await _events(graph) == []


async def test_where_an_owner_is_refused_nothing_is_entered(graph: Graph) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    foreign = encode("Persona", await a_persona(graph.world, other))

    answers = [
        await graph.ask(
            place.user,
            CREATE,
            input={**HOUSE, "owners": [{"personaId": id, "percentage": "1"}]},
        )
        for id in (foreign, "x")
    ]

    assert answers[0]["userErrors"][0]["code"] == "NOT_FOUND"
    assert answers[0] == answers[1]
    assert await graph.world.owner.fetchval("select count(*) from app.assets") == 0


async def test_a_group_of_another_tenant_looks_missing_and_an_archived_one_is_closed(
    graph: Graph,
) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    foreign = encode("PersonaGroup", await a_group(graph.world, other))
    past = encode("PersonaGroup", await a_group(graph.world, place, status="archived"))
    made = await _made(graph, place.user)

    for query, given in ((CREATE, HOUSE), (UPDATE, {})):
        asked = {} if query is CREATE else {"id": made["id"]}
        codes = [
            await _refused(graph, place.user, query, **asked, input={**given, "groupId": id})
            for id in (foreign, "x", past)
        ]
        assert codes == [("NOT_FOUND", ["groupId"])] * 2 + [("CONFLICT", ["groupId"])]


async def test_a_change_leaves_what_it_does_not_name_and_clears_what_is_null(
    graph: Graph,
) -> None:
    place = await graph.world.place()
    group = encode("PersonaGroup", await a_group(graph.world, place))
    made = await _made(graph, place.user, description="By the lake", institutionName="Registry")

    renamed = await _updated(graph, place, made, name="Cottage", groupId=group)
    cleared = await _updated(
        graph, place, made, description=None, institutionName=None, groupId=None, category="OTHER"
    )

    assert renamed == {
        "category": "REAL_ESTATE",
        "name": "Cottage",
        "description": "By the lake",
        "institutionName": "Registry",
        "currency": "EUR",
        "value": {"amount": "250000.00", "currency": "EUR"},
        "valuedAt": "2026-03-01",
        "group": {"id": group},
    }
    assert cleared == renamed | {
        "category": "OTHER",
        "description": None,
        "institutionName": None,
        "group": None,
    }


async def test_a_new_value_is_of_today_or_of_the_day_that_is_given(graph: Graph) -> None:
    place = await graph.world.place()
    made = await _made(graph, place.user)

    dated = await _updated(graph, place, made, value="1.10", valuedAt="2026-04-01")
    later = await _updated(graph, place, made, valuedAt="2026-04-02")
    today = await _updated(graph, place, made, value="2")
    dollars = await _updated(graph, place, made, value="3", currency="USD", valuedAt="2026-04-03")
    nothing = await _updated(graph, place, made, value=None)
    euros = await _updated(graph, place, made, currency="EUR")

    assert (dated["value"]["amount"], dated["valuedAt"]) == ("1.10", "2026-04-01")
    assert (later["value"]["amount"], later["valuedAt"]) == ("1.10", "2026-04-02")
    assert today["valuedAt"] > "2026-04-03"
    assert dollars["value"] == {"amount": "3", "currency": "USD"}
    assert (nothing["value"], nothing["valuedAt"]) == (None, None)
    assert euros["currency"] == "EUR"


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"currency": "USD"}, "value"),
        ({"value": None, "valuedAt": "2026-03-01"}, "value"),
        ({"name": ""}, "name"),
        ({"description": ""}, "description"),
    ],
)
async def test_a_change_to_what_cannot_be_is_refused(
    graph: Graph, given: dict[str, Any], path: str
) -> None:
    place = await graph.world.place()
    made = await _made(graph, place.user)

    refused = await _refused(graph, place.user, UPDATE, id=made["id"], input=given)

    assert refused == ("INVALID", [path])


async def test_an_asset_is_archived_and_taken_back(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    made = await _made(graph, place.user)

    states = [
        await _turn(graph, place, verb, made)
        for verb in ("Archive", "Archive", "Restore", "Restore")
    ]

    assert states == ["ARCHIVED", "ARCHIVED", "ACTIVE", "ACTIVE"]
    assert await _events(graph) == ["asset.created", "asset.archived", "asset.restored"]


async def test_what_is_told_of_a_change_are_names_of_fields(graph: Graph) -> None:
    place = await graph.world.place()
    made = await _made(graph, place.user)

    await _updated(graph, place, made, name="Secret", value="1", valuedAt="2026-03-02")

    data = await graph.world.owner.fetchval(
        "select data from app.ingestion_audit_log where event = 'asset.updated'"
    )
    assert '["name", "value", "valuedAt"]' in data
    assert "Secret" not in data


async def test_lists_are_narrowed(graph: Graph) -> None:
    place = await graph.world.place()
    kim = encode("Persona", await a_persona(graph.world, place))
    group = encode("PersonaGroup", await a_group(graph.world, place))
    house = await _made(graph, place.user, owners=[{"personaId": kim, "percentage": "1"}])
    car = await _made(graph, place.user, category="VEHICLE", groupId=group)
    await _turn(graph, place, "Archive", house)

    filters = {
        "all": None,
        "persona": {"personaId": kim},
        "group": {"groupId": group},
        "category": {"category": ["VEHICLE", "CRYPTO"]},
        "status": {"status": ["ARCHIVED"]},
        "account": {"accountId": encode("Account", key(kim))},
        "connection": {"connectionId": encode("Connection", place.connection_id)},
    }
    found = {
        name: [
            edge["node"]["id"] for edge in (await graph.ask(place.user, LIST, filter=one))["edges"]
        ]
        for name, one in filters.items()
    }

    assert found == {
        "all": [car["id"], house["id"]],
        "persona": [house["id"]],
        "group": [car["id"]],
        "category": [car["id"]],
        "status": [house["id"]],
        "account": [],
        "connection": [],
    }


async def test_assets_of_a_persona_and_of_a_group_are_listed_there(graph: Graph) -> None:
    place = await graph.world.place()
    persona, group = await a_persona(graph.world, place), await a_group(graph.world, place)
    kim = encode("Persona", persona)
    shares = [
        {"personaId": kim, "ownershipType": kind, "percentage": "1"}
        for kind in ("OWNER", "TRUSTEE")
    ]
    made = await _made(graph, place.user, owners=shares, groupId=encode("PersonaGroup", group))

    persona_assets = await graph.ask(
        place.user,
        "query ($id: ID!) { persona(id: $id) { assets { edges { node { id } } } } }",
        id=kim,
    )
    group_assets = await graph.ask(
        place.user, "{ personaGroups { edges { node { assets { edges { node { id } } } } } } }"
    )

    once = {"assets": {"edges": [{"node": {"id": made["id"]}}]}}
    assert persona_assets == once
    assert group_assets["edges"] == [{"node": once}]
