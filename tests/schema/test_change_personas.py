"""Personas as members enter and change them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.models import Role
from core.scope import UserScope
from schema.ids import encode
from tests.fixtures.entered_personas import CREATE, LIST, UPDATE, audited, entered, refusal_of
from tests.fixtures.graph import Graph

MAKE_PRIMARY = """
mutation ($id: ID!) { personaMakePrimary(id: $id) {
  persona { id isPrimary } userErrors { code path }
} }
"""


async def test_a_child_is_entered_and_signs_in_nowhere(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)

    made = await entered(graph, place.user, familyName="Roe", email="Kim@Example.com")

    assert made | {"id": None} == {
        "id": None,
        "kind": "PERSON",
        "name": "Kim Roe",
        "givenName": "Kim",
        "familyName": "Roe",
        "email": "kim@example.com",
        "isPrimary": False,
        "status": "ACTIVE",
        "user": None,
    }


async def test_the_first_of_a_user_is_the_primary_one(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    me = encode("User", place.user_id)

    first = await entered(graph, place.user, userId=me)
    second = await entered(
        graph, place.user, userId=me, kind="BUSINESS", name="Roe Ltd", givenName=None
    )

    assert (first["isPrimary"], second["isPrimary"]) == (True, False)
    assert first["user"] == {"id": me}
    assert (second["kind"], second["name"]) == ("BUSINESS", "Roe Ltd")


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"givenName": None}, "givenName"),
        ({"givenName": " "}, "givenName"),
        ({"givenName": "x" * 201}, "givenName"),
        ({"name": "Kim"}, "name"),
        ({"kind": "BUSINESS", "givenName": None}, "name"),
        ({"kind": "BUSINESS", "name": "Roe Ltd"}, "name"),
        ({"email": "nothing"}, "email"),
    ],
)
async def test_what_cannot_be_a_persona_isrefused(
    graph: Graph, given: dict[str, Any], path: str
) -> None:
    place = await graph.world.place()

    refused = await refusal_of(graph, place.user, CREATE, input={"givenName": "Kim", **given})

    assert refused == ("INVALID", [path])


async def test_a_change_leaves_what_it_does_not_name(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    made = await entered(graph, place.user, familyName="Roe", email="kim@example.com")

    answer = await graph.ask(
        place.user, UPDATE, id=made["id"], input={"familyName": None, "status": "ARCHIVED"}
    )

    assert answer["persona"] == {
        "name": "Kim",
        "givenName": "Kim",
        "familyName": None,
        "email": "kim@example.com",
        "status": "ARCHIVED",
    }
    data = await graph.world.owner.fetchval(
        "select data->'fields' from app.ingestion_audit_log where event = 'persona.updated'"
    )
    assert data == '["familyName", "status"]'


@pytest.mark.parametrize(
    ("given", "path"),
    [({"givenName": None}, "givenName"), ({"name": "Kim"}, "name"), ({"email": "x"}, "email")],
)
async def test_a_change_to_what_cannot_be_isrefused(
    graph: Graph, given: dict[str, Any], path: str
) -> None:
    place = await graph.world.place()
    made = await entered(graph, place.user)

    assert await refusal_of(graph, place.user, UPDATE, id=made["id"], input=given) == (
        "INVALID",
        [path],
    )


async def test_changes_at_the_same_time_keep_each_others_values(graph: Graph) -> None:
    place = await graph.world.place()
    made = await entered(graph, place.user)

    await asyncio.gather(
        graph.ask(place.user, UPDATE, id=made["id"], input={"familyName": "Roe"}),
        graph.ask(place.user, UPDATE, id=made["id"], input={"email": "kim@example.com"}),
    )

    row = await graph.world.owner.fetchrow("select family_name, email from app.personas")
    assert row is not None
    assert tuple(row) == ("Roe", "kim@example.com")


async def test_members_change_their_own_and_who_they_entered_admins_all(graph: Graph) -> None:
    place = await graph.world.place()
    mia, max_ = await graph.user(place, Role.MEMBER), await graph.user(place, Role.MEMBER)
    admin = await graph.user(place, Role.ADMIN)
    own = await entered(graph, admin, userId=encode("User", mia.user_id))
    child = await entered(graph, mia)

    async def may(who: UserScope, persona: dict[str, Any]) -> list[str]:
        answer = await graph.ask(who, UPDATE, id=persona["id"], input={"familyName": "Roe"})
        return [error["code"] for error in answer["userErrors"]]

    assert await may(mia, own) == []
    assert await may(mia, child) == []
    assert await may(max_, own) == ["NOT_ALLOWED"]
    assert await may(max_, child) == ["NOT_ALLOWED"]
    assert await may(admin, child) == []


async def test_only_an_admin_enters_another_members_persona(graph: Graph) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    member, admin = await graph.user(place, Role.MEMBER), await graph.user(place, Role.ADMIN)
    given = {"givenName": "Kim", "userId": encode("User", place.user_id)}

    assert await refusal_of(graph, member, CREATE, input=given) == ("NOT_ALLOWED", None)
    assert (await entered(graph, admin, **given))["isPrimary"]
    answers = [
        await graph.ask(admin, CREATE, input={"givenName": "Kim", "userId": id})
        for id in (encode("User", other.user_id), "x")
    ]
    assert answers[0]["userErrors"][0]["code"] == "NOT_FOUND"
    assert answers[0] == answers[1]


async def test_the_primary_persona_is_handed_on_and_never_archived(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    me = encode("User", place.user_id)
    first, second = [await entered(graph, place.user, userId=me) for _ in range(2)]
    archive = {"input": {"status": "ARCHIVED"}}

    refused = await refusal_of(graph, place.user, UPDATE, id=first["id"], **archive)
    made = await graph.ask(place.user, MAKE_PRIMARY, id=second["id"])
    archived = await graph.ask(place.user, UPDATE, id=first["id"], **archive)
    again = await refusal_of(graph, place.user, MAKE_PRIMARY, id=first["id"])

    assert refused == ("CONFLICT", ["id"])
    assert made["persona"] == {"id": second["id"], "isPrimary": True}
    assert archived["userErrors"] == []
    assert again == ("CONFLICT", ["id"])
    listed = await graph.ask(place.user, LIST, filter={"isPrimary": True, "userId": me})
    assert [edge["node"]["id"] for edge in listed["edges"]] == [second["id"]]


async def test_who_is_the_primary_one_already_changes_nothing(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    first = await entered(graph, place.user, userId=encode("User", place.user_id))

    answer = await graph.ask(place.user, MAKE_PRIMARY, id=first["id"])

    assert answer["persona"]["isPrimary"]
    assert await audited(graph) == ["persona.created"]


async def test_who_signs_in_nowhere_is_no_primary_one(graph: Graph) -> None:
    place = await graph.world.place()
    child = await entered(graph, place.user)

    assert await refusal_of(graph, place.user, MAKE_PRIMARY, id=child["id"]) == ("CONFLICT", ["id"])


async def test_two_first_personas_at_the_same_time_leave_one_primary(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    given = {"givenName": "Kim", "userId": encode("User", place.user_id)}

    answers = await asyncio.gather(*(graph.ask(place.user, CREATE, input=given) for _ in range(4)))

    codes = {error["code"] for answer in answers for error in answer["userErrors"]}
    assert codes <= {"CONFLICT"}
    primary = "select count(*) from app.personas where is_primary"
    assert await graph.world.owner.fetchval(primary) == 1
