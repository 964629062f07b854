"""Connections as admins make, change, pause and close them."""

from __future__ import annotations

from typing import Any

import pytest

from schema.ids import encode
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place

CREATE = """
mutation ($input: ConnectionCreateInput!) { connectionCreate(input: $input) {
  connection {
    id name provider status delivery mappingPolicy controlPolicy currency
    decimals { currency decimals } institution { name } profile { id }
  }
  userErrors { code path }
} }
"""
UPDATE = """
mutation ($id: ID!, $input: ConnectionUpdateInput!) { connectionUpdate(id: $id, input: $input) {
  connection { name currency delivery decimals { currency } institution { name } }
  userErrors { code path }
} }
"""


async def _turn(graph: Graph, place: Place, verb: str) -> tuple[str | None, list[str]]:
    answer = await graph.ask(
        place.user,
        f"mutation ($id: ID!) {{ connection{verb}(id: $id) "
        "{ connection { status } userErrors { code } } }",
        id=encode("Connection", place.connection_id),
    )
    connection = answer["connection"]
    return connection and connection["status"], [one["code"] for one in answer["userErrors"]]


async def test_connection_begins_with_what_was_given(graph: Graph) -> None:
    place = await graph.world.place()

    made = await graph.ask(
        place.user,
        CREATE,
        input={
            "name": "Bank",
            "provider": "file",
            "currency": "EUR",
            "delivery": "INCREMENTAL",
            "mappingPolicy": "ASK",
            "controlPolicy": "QUARANTINE",
            "decimals": [{"currency": "JPY", "decimals": 2}],
            "institutionName": "First Bank",
        },
    )

    assert made["userErrors"] == []
    assert made["connection"] | {"id": None} == {
        "id": None,
        "name": "Bank",
        "provider": "file",
        "status": "ACTIVE",
        "delivery": "INCREMENTAL",
        "mappingPolicy": "ASK",
        "controlPolicy": "QUARANTINE",
        "currency": "EUR",
        "decimals": [{"currency": "JPY", "decimals": 2}],
        "institution": {"name": "First Bank"},
        "profile": None,
    }


async def test_institution_of_a_name_is_made_once(graph: Graph) -> None:
    place = await graph.world.place()

    for name in ("First Bank", " first bank "):
        await graph.ask(place.user, CREATE, input={"name": "C", "institutionName": name})

    assert await graph.world.owner.fetchval("select count(*) from app.institutions") == 1


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"name": " "}, "INVALID", "name"),
        ({"provider": "plaid"}, "INVALID", "provider"),
        ({"profileId": "x"}, "NOT_FOUND", "profileId"),
        ({"decimals": [{"currency": "EUR", "decimals": 9}]}, "INVALID", "decimals"),
        ({"decimals": [{"currency": "EUR", "decimals": 2}] * 2}, "INVALID", "decimals"),
        ({"institutionName": ""}, "INVALID", "institutionName"),
    ],
)
async def test_connection_that_cannot_work_is_refused(
    graph: Graph, wrong: dict[str, Any], code: str, path: str
) -> None:
    place = await graph.world.place()

    answer = await graph.ask(place.user, CREATE, input={"name": "C"} | wrong)

    assert answer == {"connection": None, "userErrors": [{"code": code, "path": [path]}]}
    assert await graph.world.owner.fetchval("select count(*) from app.connections") == 1


async def test_update_leaves_what_is_left_out_and_clears_what_is_null(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    id = encode("Connection", place.connection_id)

    first = await graph.ask(
        place.user, UPDATE, id=id, input={"name": "New", "institutionName": "Bank"}
    )
    second = await graph.ask(
        place.user, UPDATE, id=id, input={"currency": None, "institutionName": None}
    )

    assert first["connection"]["currency"] == "EUR"
    assert first["connection"]["institution"] == {"name": "Bank"}
    assert second["connection"] == {
        "name": "New",
        "currency": None,
        "delivery": "CUMULATIVE",
        "decimals": [],
        "institution": None,
    }


async def test_connection_is_paused_resumed_and_closed_for_good(graph: Graph) -> None:
    place = await graph.world.place()

    turns = [
        await _turn(graph, place, verb)
        for verb in ("Pause", "Pause", "Resume", "Resume", "Disconnect", "Disconnect", "Resume")
    ]

    assert turns == [
        ("PAUSED", []),
        (None, ["CONFLICT"]),
        ("ACTIVE", []),
        (None, ["CONFLICT"]),
        ("DISCONNECTED", []),
        (None, ["CONFLICT"]),
        (None, ["CONFLICT"]),
    ]
