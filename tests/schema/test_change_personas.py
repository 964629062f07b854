"""Personas as members enter and change them, and groups as admins make them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core.models import Role
from core.scope import UserScope
from schema.ids import encode
from tests.fixtures.graph import Graph, key
from tests.fixtures.world import Place

CREATE = """
mutation ($input: PersonaCreateInput!) { personaCreate(input: $input) {
  persona { id kind name givenName familyName email isPrimary status user { id } }
  userErrors { code path message }
} }
"""
UPDATE = """
mutation ($id: ID!, $input: PersonaUpdateInput!) { personaUpdate(id: $id, input: $input) {
  persona { name givenName familyName email status }
  userErrors { code path message }
} }
"""
MAKE_PRIMARY = """
mutation ($id: ID!) { personaMakePrimary(id: $id) {
  persona { id isPrimary } userErrors { code path }
} }
"""
LIST = """
query ($filter: PersonaFilter) { personas(filter: $filter) { edges { node {
  id isPrimary groups { edges { node { id } } }
} } } }
"""


async def _made(graph: Graph, who: UserScope, **given: Any) -> dict[str, Any]:
    answer = await graph.ask(who, CREATE, input={"givenName": "Kim", **given})
    assert answer["userErrors"] == []
    persona: dict[str, Any] = answer["persona"]
    return persona


async def _refused(
    graph: Graph, who: UserScope, query: str, **given: Any
) -> tuple[str, list[str] | None]:
    answer = await graph.ask(who, query, **given)
    (error,) = answer["userErrors"]
    return error["code"], error["path"]


async def _events(graph: Graph) -> list[str]:
    rows = await graph.world.owner.fetch(
        "select event from app.ingestion_audit_log order by created_at"
    )
    return [row["event"] for row in rows]


async def test_a_child_is_entered_and_signs_in_nowhere(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)

    made = await _made(graph, place.user, familyName="Roe", email="Kim@Example.com")

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

    first = await _made(graph, place.user, userId=me)
    second = await _made(
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
async def test_what_cannot_be_a_persona_is_refused(
    graph: Graph, given: dict[str, Any], path: str
) -> None:
    place = await graph.world.place()

    refused = await _refused(graph, place.user, CREATE, input={"givenName": "Kim", **given})

    assert refused == ("INVALID", [path])


async def test_a_change_leaves_what_it_does_not_name(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    made = await _made(graph, place.user, familyName="Roe", email="kim@example.com")

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
async def test_a_change_to_what_cannot_be_is_refused(
    graph: Graph, given: dict[str, Any], path: str
) -> None:
    place = await graph.world.place()
    made = await _made(graph, place.user)

    assert await _refused(graph, place.user, UPDATE, id=made["id"], input=given) == (
        "INVALID",
        [path],
    )


async def test_changes_at_the_same_time_keep_each_others_values(graph: Graph) -> None:
    place = await graph.world.place()
    made = await _made(graph, place.user)

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
    own = await _made(graph, admin, userId=encode("User", mia.user_id))
    entered = await _made(graph, mia)

    async def may(who: UserScope, persona: dict[str, Any]) -> list[str]:
        answer = await graph.ask(who, UPDATE, id=persona["id"], input={"familyName": "Roe"})
        return [error["code"] for error in answer["userErrors"]]

    assert await may(mia, own) == []
    assert await may(mia, entered) == []
    assert await may(max_, own) == ["NOT_ALLOWED"]
    assert await may(max_, entered) == ["NOT_ALLOWED"]
    assert await may(admin, entered) == []


async def test_only_an_admin_enters_another_members_persona(graph: Graph) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    member, admin = await graph.user(place, Role.MEMBER), await graph.user(place, Role.ADMIN)
    given = {"givenName": "Kim", "userId": encode("User", place.user_id)}

    assert await _refused(graph, member, CREATE, input=given) == ("NOT_ALLOWED", None)
    assert (await _made(graph, admin, **given))["isPrimary"]
    answers = [
        await graph.ask(admin, CREATE, input={"givenName": "Kim", "userId": id})
        for id in (encode("User", other.user_id), "x")
    ]
    assert answers[0]["userErrors"][0]["code"] == "NOT_FOUND"
    assert answers[0] == answers[1]


async def test_the_primary_persona_is_handed_on_and_never_archived(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    me = encode("User", place.user_id)
    first, second = [await _made(graph, place.user, userId=me) for _ in range(2)]
    archive = {"input": {"status": "ARCHIVED"}}

    refused = await _refused(graph, place.user, UPDATE, id=first["id"], **archive)
    made = await graph.ask(place.user, MAKE_PRIMARY, id=second["id"])
    archived = await graph.ask(place.user, UPDATE, id=first["id"], **archive)
    again = await _refused(graph, place.user, MAKE_PRIMARY, id=first["id"])

    assert refused == ("CONFLICT", ["id"])
    assert made["persona"] == {"id": second["id"], "isPrimary": True}
    assert archived["userErrors"] == []
    assert again == ("CONFLICT", ["id"])
    listed = await graph.ask(place.user, LIST, filter={"isPrimary": True, "userId": me})
    assert [edge["node"]["id"] for edge in listed["edges"]] == [second["id"]]


async def test_who_is_the_primary_one_already_changes_nothing(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    first = await _made(graph, place.user, userId=encode("User", place.user_id))

    answer = await graph.ask(place.user, MAKE_PRIMARY, id=first["id"])

    assert answer["persona"]["isPrimary"]
    assert await _events(graph) == ["persona.created"]


async def test_who_signs_in_nowhere_is_no_primary_one(graph: Graph) -> None:
    place = await graph.world.place()
    child = await _made(graph, place.user)

    assert await _refused(graph, place.user, MAKE_PRIMARY, id=child["id"]) == ("CONFLICT", ["id"])


async def test_two_first_personas_at_the_same_time_leave_one_primary(graph: Graph) -> None:
    place = await graph.world.place(role=Role.MEMBER)
    given = {"givenName": "Kim", "userId": encode("User", place.user_id)}

    answers = await asyncio.gather(*(graph.ask(place.user, CREATE, input=given) for _ in range(4)))

    codes = {error["code"] for answer in answers for error in answer["userErrors"]}
    assert codes <= {"CONFLICT"}
    primary = "select count(*) from app.personas where is_primary"
    assert await graph.world.owner.fetchval(primary) == 1


async def test_lists_are_narrowed(graph: Graph) -> None:
    place = await graph.world.place()
    kim = await _made(graph, place.user)
    firm = await _made(graph, place.user, kind="BUSINESS", name="Roe Ltd", givenName=None)
    group = await _group(graph, place)
    await _change(graph, place.user, "AddMember", group, kim["id"])
    await graph.ask(place.user, UPDATE, id=firm["id"], input={"status": "ARCHIVED"})

    found = {
        name: await graph.ask(place.user, LIST, filter=asked)
        for name, asked in {
            "all": None,
            "kind": {"kind": ["BUSINESS"]},
            "status": {"status": ["ACTIVE"]},
            "group": {"groupId": group},
            "not primary": {"isPrimary": False},
        }.items()
    }

    ids = {name: [edge["node"]["id"] for edge in one["edges"]] for name, one in found.items()}
    assert ids == {
        "all": [firm["id"], kim["id"]],
        "kind": [firm["id"]],
        "status": [kim["id"]],
        "group": [kim["id"]],
        "not primary": [firm["id"], kim["id"]],
    }
    (one,) = found["group"]["edges"]
    assert one["node"]["groups"]["edges"] == [{"node": {"id": group}}]


# -------------------------------------------------------------------------------------------------
# Groups.
# -------------------------------------------------------------------------------------------------
GROUP = """
mutation ($input: PersonaGroupCreateInput!) { personaGroupCreate(input: $input) {
  group { id name description status members { edges { node { id } } } }
  userErrors { code path }
} }
"""
GROUP_UPDATE = """
mutation ($id: ID!, $input: PersonaGroupUpdateInput!) {
  personaGroupUpdate(id: $id, input: $input) {
    group { name description status } userErrors { code path }
  }
}
"""


async def _group(graph: Graph, place: Place, **given: Any) -> str:
    answer = await graph.ask(place.user, GROUP, input={"name": "Family", **given})
    assert answer["userErrors"] == []
    return str(answer["group"]["id"])


async def _change(
    graph: Graph, who: UserScope, verb: str, group: str, persona: str
) -> dict[str, Any]:
    answer: dict[str, Any] = await graph.ask(
        who,
        f"mutation ($id: ID!, $input: PersonaGroupMemberInput!) {{ personaGroup{verb}(id: $id, "
        "input: $input) { group { members { edges { node { id } } } } userErrors { code path } } }",
        id=group,
        input={"personaId": persona},
    )
    return answer


def _members(answer: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in answer["group"]["members"]["edges"]]


async def test_a_persona_comes_and_goes_and_may_belong_to_several(graph: Graph) -> None:
    place = await graph.world.place(role=Role.ADMIN)
    kim = (await _made(graph, place.user))["id"]
    family, club = await _group(graph, place), await _group(graph, place, name="Club")

    came = await _change(graph, place.user, "AddMember", family, kim)
    again = await _change(graph, place.user, "AddMember", family, kim)
    both = await _change(graph, place.user, "AddMember", club, kim)
    went = await _change(graph, place.user, "RemoveMember", family, kim)
    gone = await _change(graph, place.user, "RemoveMember", family, kim)

    assert [_members(one) for one in (came, again, both, went)] == [[kim], [kim], [kim], []]
    assert gone["userErrors"] == [{"code": "NOT_FOUND", "path": ["personaId"]}]
    assert await _events(graph) == [
        "persona.created",
        "persona_group.created",
        "persona_group.created",
        "persona_group.member_added",
        "persona_group.member_added",
        "persona_group.member_removed",
    ]


async def test_a_group_is_renamed_cleared_and_archived(graph: Graph) -> None:
    place = await graph.world.place()
    group = await _group(graph, place, description="All of us")

    renamed = await graph.ask(place.user, GROUP_UPDATE, id=group, input={"name": "Roes"})
    cleared = await graph.ask(
        place.user, GROUP_UPDATE, id=group, input={"description": None, "status": "ARCHIVED"}
    )

    assert renamed["group"] == {"name": "Roes", "description": "All of us", "status": "ACTIVE"}
    assert cleared["group"] == {"name": "Roes", "description": None, "status": "ARCHIVED"}


async def test_nothing_new_is_archived(graph: Graph) -> None:
    place = await graph.world.place()
    kim, old = await _made(graph, place.user), await _made(graph, place.user)
    group, past = await _group(graph, place), await _group(graph, place)
    await graph.ask(place.user, UPDATE, id=old["id"], input={"status": "ARCHIVED"})
    await graph.ask(place.user, GROUP_UPDATE, id=past, input={"status": "ARCHIVED"})

    answers = [
        await _change(graph, place.user, "AddMember", past, kim["id"]),
        await _change(graph, place.user, "AddMember", group, old["id"]),
    ]

    assert [answer["userErrors"] for answer in answers] == [
        [{"code": "CONFLICT", "path": ["id"]}],
        [{"code": "CONFLICT", "path": ["personaId"]}],
    ]


async def test_personas_and_groups_of_another_tenant_look_missing(graph: Graph) -> None:
    mine, theirs = await graph.world.place(), await graph.world.place()
    kim, group = (await _made(graph, mine.user))["id"], await _group(graph, mine)
    foreign = (await _made(graph, theirs.user))["id"]
    other = await _group(graph, theirs)
    await _change(graph, theirs.user, "AddMember", other, foreign)

    for verb in ("AddMember", "RemoveMember"):
        answers = [
            await _change(graph, mine.user, verb, *pair)
            for pair in ((group, foreign), (group, "x"), (other, kim), ("x", kim))
        ]
        codes = [answer["userErrors"][0]["code"] for answer in answers]
        assert codes == ["NOT_FOUND"] * 4
        assert (answers[0], answers[2]) == (answers[1], answers[3])

    assert await graph.world.owner.fetchval("select count(*) from app.persona_group_members") == 1
    assert key(foreign) != key(kim)
