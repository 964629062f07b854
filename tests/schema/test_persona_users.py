"""Whose a persona is: said later by an admin, once, and of a member alone."""

from __future__ import annotations

from core.models import Role
from schema.ids import encode
from tests.fixtures.entered_personas import UPDATE, entered, refusal_of
from tests.fixtures.graph import Graph


async def test_an_admin_says_later_whose_a_persona_is(graph: Graph) -> None:
    place = await graph.world.place(role=Role.ADMIN)
    member = await graph.user(place, Role.MEMBER)
    made = [await entered(graph, place.user), await entered(graph, place.user)]

    for one in made:
        answer = await graph.ask(
            place.user, UPDATE, id=one["id"], input={"userId": encode("User", member.user_id)}
        )
        assert answer["userErrors"] == []

    rows = await graph.world.owner.fetch(
        "select id, user_id, is_primary from app.personas order by created_at"
    )
    assert [row["user_id"] for row in rows] == [member.user_id] * 2
    assert [row["is_primary"] for row in rows] == [True, False]


async def test_whose_a_persona_is_stays_and_members_do_not_say(graph: Graph) -> None:
    place = await graph.world.place(role=Role.ADMIN)
    member = await graph.user(place, Role.MEMBER)
    me, stranger = encode("User", member.user_id), encode("User", await graph.stranger())
    kim, theirs = await entered(graph, member), await entered(graph, member, userId=me)
    other = encode("User", place.user_id)

    refused = [
        await refusal_of(graph, who, UPDATE, id=one["id"], input={"userId": user})
        for who, one, user in (
            (member, kim, me),
            (place.user, kim, stranger),
            (place.user, theirs, other),
        )
    ]

    assert refused == [
        ("NOT_ALLOWED", None),
        ("NOT_FOUND", ["userId"]),
        ("CONFLICT", ["userId"]),
    ]
