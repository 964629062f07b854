"""Links in GraphQL: what a browser needs, once, and nothing that is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.models import Role
from tests.contracts.browser import visit
from tests.fixtures.graph import Graph
from tests.fixtures.oauth_bank import CALLBACK, SECRET, SLUG, OAuthBank

BEGIN = """
mutation ($input: ConnectionLinkBeginInput!) {
  connectionLinkBegin(input: $input) {
    link { id kind state url token widget { name value } fields { name } expiresAt }
    userErrors { code message path }
  }
}
"""
COMPLETE = """
mutation ($input: ConnectionLinkCompleteInput!) {
  connectionLinkComplete(input: $input) {
    connection { id name status provider externalId error { message } }
    userErrors { code message path }
  }
}
"""


@pytest.fixture
def linking(graph: Graph, oauth_bank: OAuthBank) -> Graph:
    """The schema where the bank is offered."""
    services = replace(
        graph.services,
        providers=oauth_bank.access,
        development=True,
        clock=oauth_bank.time,
    )
    return replace(graph, services=services)


async def test_an_admin_links_and_no_answer_holds_what_is_kept(
    linking: Graph, oauth_bank: OAuthBank
) -> None:
    place = await linking.world.place()
    wanted = {"provider": SLUG, "callbackUrl": CALLBACK}
    begun = await linking.ask(place.user, BEGIN, input=wanted)
    link = begun["link"]
    came_with = await visit(link["url"])
    answers = [{"name": name, "value": value} for name, value in came_with.items()]

    done = await linking.ask(
        place.user,
        COMPLETE,
        input={"linkId": link["id"], "state": link["state"], "answers": answers},
    )

    assert done["userErrors"] == []
    assert done["connection"]["status"] == "ACTIVE"
    assert parse_qs(urlsplit(link["url"]).query)["state"] == [link["state"]]
    grant = oauth_bank.oauth.grants[0]
    said = json.dumps([begun, done])
    for secret in (SECRET, grant.access_token, grant.refresh_token, came_with["code"]):
        assert secret not in said
    assert link["state"] not in json.dumps(done)


@pytest.mark.parametrize(
    ("role", "wanted", "path"),
    [
        (Role.OWNER, {"provider": "nobody"}, ["provider"]),
        (Role.OWNER, {"provider": "plaid"}, ["provider"]),
        (Role.OWNER, {"provider": SLUG, "callbackUrl": "https://evil.example"}, None),
        (Role.MEMBER, {"provider": SLUG}, None),
        (Role.VIEWER, {"provider": SLUG}, None),
    ],
    ids=str,
)
async def test_what_may_not_be_linked_is_refused_in_words(
    linking: Graph, role: Role, wanted: dict[str, Any], path: list[str] | None
) -> None:
    place = await linking.world.place(role=role)

    begun = await linking.ask(place.user, BEGIN, input=wanted)

    assert begun["link"] is None
    (error,) = begun["userErrors"]
    assert error["message"].endswith(".")
    assert path is None or error["path"] == path
