"""Tenants, members and invitations as people change them."""

from __future__ import annotations

from typing import Any

import pytest

from core.models import Role
from core.scope import UserScope
from schema.ids import encode
from tests.fixtures.graph import Graph

INVITE = """
mutation ($email: String!, $role: Role! = MEMBER) {
  memberInvite(input: {email: $email, role: $role}) {
    invitation { id email role expiresAt } userErrors { code path }
  }
}
"""
ACCEPT = """
mutation ($id: ID!) { invitationAccept(id: $id) {
  tenant { id name role } userErrors { code path } } }
"""
SET_ROLE = """
mutation ($id: ID!, $role: Role!) { memberSetRole(id: $id, input: {role: $role}) {
  member { role } userErrors { code message } } }
"""
REMOVE = "mutation ($id: ID!) { memberRemove(id: $id) { removedId userErrors { code } } }"
MINE = "{ viewer { tenants { name role } invitations { id tenantName role } } }"


async def test_whoever_makes_a_tenant_owns_it(graph: Graph) -> None:
    user = UserScope(user_id=await graph.stranger(), tenant_id=None)

    made = await graph.ask(
        user,
        'mutation { tenantCreate(input: {name: " Acme "}) '
        "{ tenant { id name role } userErrors { code } } }",
    )

    assert made["userErrors"] == []
    assert (made["tenant"]["name"], made["tenant"]["role"]) == ("Acme", "OWNER")
    viewer = await graph.ask(user, MINE)
    assert viewer["tenants"] == [{"name": "Acme", "role": "OWNER"}]


@pytest.mark.parametrize("name", ["", "   ", "x" * 201, "a\u0000b", "a\nb"])
async def test_name_that_nobody_can_read_is_refused(graph: Graph, name: str) -> None:
    place = await graph.world.place()

    answer = await graph.ask(
        place.user,
        "mutation ($n: String!) { tenantUpdate(input: {name: $n}) "
        "{ tenant { name } userErrors { code path } } }",
        n=name,
    )

    assert answer == {"tenant": None, "userErrors": [{"code": "INVALID", "path": ["name"]}]}


async def test_invitation_is_seen_and_accepted_by_its_address_alone(graph: Graph) -> None:
    place = await graph.world.place()
    guest, other = await graph.stranger(), await graph.stranger()
    invited = await graph.ask(place.user, INVITE, email=f"{guest}@Example.com", role="VIEWER")
    guest_scope = UserScope(user_id=guest, tenant_id=None)
    other_scope = UserScope(user_id=other, tenant_id=None)
    invitation = invited["invitation"]["id"]

    refused = await graph.ask(other_scope, ACCEPT, id=invitation)
    seen = await graph.ask(guest_scope, MINE)
    accepted = await graph.ask(guest_scope, ACCEPT, id=invitation)
    again = await graph.ask(guest_scope, ACCEPT, id=invitation)

    assert refused["userErrors"] == [{"code": "NOT_FOUND", "path": ["id"]}]
    assert seen["invitations"] == [{"id": invitation, "tenantName": "T", "role": "VIEWER"}]
    assert accepted["tenant"]["role"] == "VIEWER"
    assert again["userErrors"] == [{"code": "NOT_FOUND", "path": ["id"]}]
    events = await graph.world.owner.fetch(
        "select event, user_id from app.ingestion_audit_log order by created_at"
    )
    assert [tuple(event) for event in events] == [
        ("member.invited", place.user_id),
        ("invitation.accepted", guest),
    ]


async def test_inviting_again_renews_and_revoking_ends_it(graph: Graph) -> None:
    place = await graph.world.place()
    first = await graph.ask(place.user, INVITE, email="a@b.example")
    second = await graph.ask(place.user, INVITE, email="A@B.example", role="ADMIN")
    revoke = "mutation ($id: ID!) { invitationRevoke(id: $id) { revokedId userErrors { code } } }"
    listing = "{ invitations { edges { node { id role } } } }"

    listed = await graph.ask(place.user, listing)
    revoked = await graph.ask(place.user, revoke, id=first["invitation"]["id"])
    after = await graph.ask(place.user, listing)

    assert first["invitation"]["id"] == second["invitation"]["id"]
    assert [edge["node"]["role"] for edge in listed["edges"]] == ["ADMIN"]
    assert revoked["revokedId"] == first["invitation"]["id"]
    assert after["edges"] == []


async def test_invitations_are_hidden_from_all_but_owners(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.ask(place.user, INVITE, email="a@b.example")
    admin = await graph.user(place, Role.ADMIN)

    listed = await graph.ask(admin, "{ invitations { edges { node { id } } } }")

    assert listed["edges"] == []


@pytest.mark.parametrize("email", ["", "nobody", "a@b", "a b@c.example", "x" * 400 + "@b.example"])
async def test_address_of_no_shape_is_refused(graph: Graph, email: str) -> None:
    place = await graph.world.place()

    answer = await graph.ask(place.user, INVITE, email=email)

    assert answer["userErrors"] == [{"code": "INVALID", "path": ["email"]}]


async def test_member_cannot_be_invited_again(graph: Graph) -> None:
    place = await graph.world.place()

    answer = await graph.ask(place.user, INVITE, email=f"{place.user_id}@example.com")

    assert answer["userErrors"] == [{"code": "CONFLICT", "path": ["email"]}]


async def test_last_owner_keeps_their_role_and_stays(graph: Graph) -> None:
    place = await graph.world.place()
    owner = encode("Member", place.user_id)

    changed = await graph.ask(place.user, SET_ROLE, id=owner, role="MEMBER")
    removed = await graph.ask(place.user, REMOVE, id=owner)

    assert [error["code"] for error in changed["userErrors"]] == ["CONFLICT"]
    assert "owner" in changed["userErrors"][0]["message"]
    assert [error["code"] for error in removed["userErrors"]] == ["CONFLICT"]
    assert await _events(graph) == []


async def test_member_who_is_removed_sees_nothing_at_once(graph: Graph) -> None:
    place = await graph.world.place()
    member = await graph.user(place, Role.MEMBER)
    accounts = "{ connections { edges { node { id } } } }"
    before = await graph.ask(member, accounts)

    removed = await graph.ask(place.user, REMOVE, id=encode("Member", member.user_id))
    after = await graph.ask(member, accounts)

    assert removed["userErrors"] == []
    assert (len(before["edges"]), len(after["edges"])) == (1, 0)


async def test_viewer_may_leave_by_themself(graph: Graph) -> None:
    place = await graph.world.place()
    viewer = await graph.user(place, Role.VIEWER)

    removed = await graph.ask(viewer, REMOVE, id=encode("Member", viewer.user_id))

    assert removed == {"removedId": encode("Member", viewer.user_id), "userErrors": []}
    assert await _events(graph) == [("member.removed", viewer.user_id)]


async def test_audit_log_is_for_admins(graph: Graph) -> None:
    place = await graph.world.place()
    member = await graph.user(place, Role.MEMBER)

    answer = await graph.answer(member, "{ auditLog { edges { node { id } } } }")

    assert [str(error) for error in answer.errors] == [
        "the audit log needs the role ADMIN or a higher one"
    ]


async def _events(graph: Graph) -> list[tuple[Any, ...]]:
    rows = await graph.world.owner.fetch("select event, user_id from app.ingestion_audit_log")
    return [tuple(row) for row in rows]
