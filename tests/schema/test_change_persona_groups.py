"""Groups of personas as admins make them, and who belongs to them."""

from __future__ import annotations

from typing import Any

from core.models import Role
from core.scope import UserScope
from tests.fixtures.entered_personas import LIST, UPDATE, audited, entered
from tests.fixtures.graph import Graph, key
from tests.fixtures.world import Place

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
    kim = (await entered(graph, place.user))["id"]
    family, club = await _group(graph, place), await _group(graph, place, name="Club")

    came = await _change(graph, place.user, "AddMember", family, kim)
    again = await _change(graph, place.user, "AddMember", family, kim)
    both = await _change(graph, place.user, "AddMember", club, kim)
    went = await _change(graph, place.user, "RemoveMember", family, kim)
    gone = await _change(graph, place.user, "RemoveMember", family, kim)

    assert [_members(one) for one in (came, again, both, went)] == [[kim], [kim], [kim], []]
    assert gone["userErrors"] == [{"code": "NOT_FOUND", "path": ["personaId"]}]
    assert await audited(graph) == [
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
    kim, old = await entered(graph, place.user), await entered(graph, place.user)
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
    kim, group = (await entered(graph, mine.user))["id"], await _group(graph, mine)
    foreign = (await entered(graph, theirs.user))["id"]
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


async def test_lists_are_narrowed(graph: Graph) -> None:
    place = await graph.world.place()
    kim = await entered(graph, place.user)
    firm = await entered(graph, place.user, kind="BUSINESS", name="Roe Ltd", givenName=None)
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
