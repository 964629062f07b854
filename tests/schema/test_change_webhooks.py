"""Webhooks in GraphQL: admins see events and replay them, and keep endpoints; nobody else does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from core.models import Role
from core.scope import UserScope
from core.webhook_secrets import secret_aad, token_hash
from db import webhook_inbox
from db.webhook_inbox import NewEvent
from schema.ids import encode
from tests.fixtures.graph import Graph, graph_of, key
from tests.fixtures.post_office import VAULT, Box, Office, office_of
from tests.fixtures.postbox import OTHER_PROVIDER, PROVIDER, RECEIVERS
from tests.fixtures.world import Place, World

EVENTS = """
query ($filter: WebhookEventFilter, $first: Int, $after: String) {
  webhookEvents(filter: $filter, first: $first, after: $after) {
    edges { node {
      id provider type state attempts nextAttemptAt errorCode eventAt receivedAt processedAt
      connection { id }
    } }
    pageInfo { hasNextPage endCursor }
  }
}
"""
REPLAY = """
mutation ($ids: [ID!]!) { webhookEventReplay(input: {ids: $ids}) {
  events { id state attempts } userErrors { code path }
} }
"""
ENDPOINTS = """
query ($filter: WebhookEndpointFilter) { webhookEndpoints(filter: $filter) { edges { node {
  id provider hasSecret previousUntil createdAt rotatedAt disabledAt
  connection { id } createdBy { id }
} } } }
"""
CREATE = """
mutation ($input: WebhookEndpointCreateInput!) { webhookEndpointCreate(input: $input) {
  endpoint { id provider hasSecret } url secret userErrors { code path }
} }
"""
ROTATE = """
mutation ($id: ID!, $input: WebhookEndpointRotateInput!) {
  webhookEndpointRotate(id: $id, input: $input) {
    endpoint { hasSecret previousUntil rotatedAt } secret userErrors { code path }
  }
}
"""
DISABLE = """
mutation ($id: ID!) { webhookEndpointDisable(id: $id) {
  endpoint { hasSecret disabledAt } userErrors { code path }
} }
"""


@pytest.fixture
def office(world: World) -> Office:
    return office_of(world)


@pytest.fixture
async def graph(world: World, redis_url: str) -> AsyncIterator[Graph]:
    async with graph_of(world, redis_url) as graph:
        services = replace(graph.services, receivers=RECEIVERS, vault=VAULT)
        yield replace(graph, services=services)


async def _came(office: Office, item: str, *types: str, box: Box | None = None) -> None:
    """Events of an item, processed as far as they can be."""
    box = box or await office.box()
    await webhook_inbox.receive(
        office.world.database,
        [
            NewEvent(
                endpoint_id=box.id,
                headers={},
                key=f"{item} {number} {type}",
                type=type,
                environment="",
                item=item,
                at=None,
                body=b"{}",
            )
            for number, type in enumerate(types)
        ],
    )
    await office.process()


async def _seen(graph: Graph, user: UserScope, **filter: object) -> list[dict[str, Any]]:
    found = await graph.ask(user, EVENTS, filter=filter)
    return [edge["node"] for edge in found["edges"]]


async def test_an_admin_sees_what_came_and_what_became_of_it(graph: Graph, office: Office) -> None:
    place = await office.linked("item")
    await _came(office, "item", "transactions.changed", "poison", "never.heard.of")

    seen = await _seen(graph, await graph.user(place, Role.ADMIN))

    by_type = {one["type"]: one for one in seen}
    done, poison = by_type["transactions.changed"], by_type["poison"]
    assert (done["state"], done["attempts"], done["errorCode"]) == ("DONE", 1, None)
    assert (poison["state"], poison["errorCode"]) == ("FAILED", "internal")
    assert poison["nextAttemptAt"] is not None
    assert by_type["never.heard.of"]["state"] == "IGNORED"
    assert {one["connection"]["id"] for one in seen} == {encode("Connection", place.connection_id)}


async def test_events_are_found_by_what_they_are(graph: Graph, office: Office) -> None:
    place = await office.linked("item")
    await _came(office, "item", "transactions.changed", "poison", "ping")

    for wanted, types in (
        ({"state": ["FAILED", "DEAD"]}, {"poison"}),
        ({"type": "ping"}, {"ping"}),
        ({"provider": PROVIDER}, {"transactions.changed", "poison", "ping"}),
        ({"provider": "nobody"}, set()),
        ({"connectionId": encode("Connection", place.connection_id), "type": "ping"}, {"ping"}),
    ):
        assert {one["type"] for one in await _seen(graph, place.user, **wanted)} == types


async def test_pages_of_events_follow_one_another(graph: Graph, office: Office) -> None:
    place = await office.linked("item")
    await _came(office, "item", *(["ping"] * 5))

    ids: list[str] = []
    after: str | None = None
    while True:
        page = await graph.ask(place.user, EVENTS, first=2, after=after)
        ids += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]

    assert len(ids) == len(set(ids)) == 5


@pytest.mark.parametrize("role", [Role.MEMBER, Role.VIEWER])
@pytest.mark.parametrize("query", [EVENTS, ENDPOINTS])
async def test_a_lower_role_sees_no_webhooks(
    graph: Graph, office: Office, role: Role, query: str
) -> None:
    place = await office.linked("item")
    await _came(office, "item", "ping")
    member = await graph.user(place, role)

    answer = await graph.answer(member, query)
    (event,) = await _seen(graph, place.user)
    node = await graph.ask(member, "query ($id: ID!) { node(id: $id) { id } }", id=event["id"])

    assert ["ADMIN" in str(error) for error in answer.errors] == [True]
    assert node is None


async def test_each_tenant_sees_its_own_events(graph: Graph, office: Office) -> None:
    mine, theirs = await office.linked("mine"), await office.linked("theirs")
    box = await office.box()
    await _came(office, "mine", "ping", box=box)
    await _came(office, "theirs", "ping", "poison", box=box)

    assert [one["type"] for one in await _seen(graph, mine.user)] == ["ping"]
    assert len(await _seen(graph, theirs.user)) == 2


async def test_an_admin_replays_one_and_many(graph: Graph, office: Office) -> None:
    place = await office.linked("item")
    await _came(office, "item", "transactions.changed", "poison", "ping")
    await office.world.owner.execute(
        "update app.webhook_events set state = 'dead', attempts = 7, next_attempt_at = null"
        " where type = 'poison'"
    )
    admin = await graph.user(place, Role.ADMIN)
    ids = {one["type"]: one["id"] for one in await _seen(graph, admin)}

    one = await graph.ask(admin, REPLAY, ids=[ids["poison"]])
    again = await graph.ask(admin, REPLAY, ids=[ids["poison"]])
    many = await graph.ask(admin, REPLAY, ids=[ids["ping"], ids["transactions.changed"]])
    processed = await office.process()

    assert one["userErrors"] == again["userErrors"] == many["userErrors"] == []
    assert one["events"] == [{"id": ids["poison"], "state": "RECEIVED", "attempts": 0}]
    assert [event["id"] for event in many["events"]] == [ids["ping"], ids["transactions.changed"]]
    assert processed == 3
    assert graph.wakes.webhooks == 3
    states = {one["type"]: one["state"] for one in await _seen(graph, admin)}
    assert states == {"transactions.changed": "DONE", "poison": "FAILED", "ping": "IGNORED"}
    audited = await office.world.owner.fetch(
        "select user_id, data from app.ingestion_audit_log where event = 'webhook.replayed'"
    )
    assert [row["user_id"] for row in audited] == [admin.user_id] * 2


async def test_a_replay_of_anothers_events_is_refused_and_nothing_is_replayed(
    graph: Graph, office: Office
) -> None:
    mine, theirs = await office.linked("mine"), await office.linked("theirs")
    box = await office.box()
    await _came(office, "mine", "ping", box=box)
    await _came(office, "theirs", "ping", box=box)
    (own,), (other,) = await _seen(graph, mine.user), await _seen(graph, theirs.user)

    answer = await graph.ask(mine.user, REPLAY, ids=[own["id"], other["id"]])

    assert answer["userErrors"] == [{"code": "NOT_FOUND", "path": ["ids"]}]
    assert await office.process() == 0


@pytest.mark.parametrize("count", [0, 101])
async def test_too_many_events_at_a_time_are_refused(graph: Graph, count: int) -> None:
    place = await graph.world.place()
    some = encode("WebhookEvent", place.tenant_id)

    answer = await graph.ask(place.user, REPLAY, ids=[some] * count)

    assert answer["userErrors"] == [{"code": "LIMIT", "path": ["ids"]}]


async def _made(graph: Graph, place: Place, **given: object) -> dict[str, Any]:
    connection_id = encode("Connection", place.connection_id)
    made: dict[str, Any] = await graph.ask(
        place.user, CREATE, input={"connectionId": connection_id, **given}
    )
    return made


async def test_an_endpoint_shows_its_address_and_secret_once_and_keeps_neither(
    graph: Graph,
) -> None:
    place = await graph.world.place(provider=OTHER_PROVIDER)

    made = await _made(graph, place)
    listed = await graph.ask(place.user, ENDPOINTS)

    assert made["userErrors"] == []
    token = made["url"].removeprefix(f"http://localhost/webhooks/{OTHER_PROVIDER}/")
    (edge,) = listed["edges"]
    assert edge["node"]["id"] == made["endpoint"]["id"]
    assert edge["node"]["createdBy"] == {"id": encode("User", place.user_id)}
    assert edge["node"]["hasSecret"] is True
    row = await graph.world.owner.fetchrow("select * from private.webhook_endpoints")
    assert row is not None
    assert row["token_hash"] == token_hash(token)
    assert not [value for value in row.values() if token in str(value)]
    assert made["secret"].encode() not in row["sealed_secret"]
    aad = secret_aad(tenant_id=place.tenant_id, endpoint_id=row["id"])
    assert await VAULT.open(row["sealed_secret"], aad=aad) == made["secret"].encode()


async def test_a_rotation_gives_another_secret_and_keeps_the_one_before(graph: Graph) -> None:
    place = await graph.world.place(provider=OTHER_PROVIDER)
    made = await _made(graph, place)
    endpoint_id = made["endpoint"]["id"]

    kept = await graph.ask(place.user, ROTATE, id=endpoint_id, input={})
    ended = await graph.ask(place.user, ROTATE, id=endpoint_id, input={"keepHours": 0})

    assert kept["userErrors"] == ended["userErrors"] == []
    assert len({made["secret"], kept["secret"], ended["secret"]}) == 3
    assert kept["endpoint"]["previousUntil"] is not None
    assert ended["endpoint"]["previousUntil"] is None


@pytest.mark.parametrize("hours", [-1, 721, 2**31 - 1])
async def test_a_secret_is_not_kept_for_ever(graph: Graph, hours: int) -> None:
    place = await graph.world.place(provider=OTHER_PROVIDER)
    made = await _made(graph, place)

    answer = await graph.ask(
        place.user, ROTATE, id=made["endpoint"]["id"], input={"keepHours": hours}
    )

    assert answer["userErrors"] == [{"code": "INVALID", "path": ["keepHours"]}]


async def test_a_disabled_endpoint_takes_nothing_and_is_not_rotated(graph: Graph) -> None:
    place = await graph.world.place(provider=OTHER_PROVIDER)
    made = await _made(graph, place)
    endpoint_id = made["endpoint"]["id"]

    first = await graph.ask(place.user, DISABLE, id=endpoint_id)
    second = await graph.ask(place.user, DISABLE, id=endpoint_id)
    rotated = await graph.ask(place.user, ROTATE, id=endpoint_id, input={})

    assert first["userErrors"] == second["userErrors"] == []
    assert first["endpoint"] == second["endpoint"]
    assert (first["endpoint"]["hasSecret"], rotated["secret"]) == (False, None)
    assert rotated["userErrors"] == [{"code": "CONFLICT", "path": ["id"]}]
    token = made["url"].rpartition("/")[2]
    assert await webhook_inbox.endpoint(graph.world.database, token_hash=token_hash(token)) is None


@pytest.mark.parametrize(
    ("provider", "given", "path"),
    [
        ("file", {}, "connectionId"),
        (PROVIDER, {}, "connectionId"),
        (OTHER_PROVIDER, {"secret": "mine"}, "secret"),
    ],
)
async def test_what_the_provider_does_not_do_is_refused(
    graph: Graph, provider: str, given: dict[str, str], path: str
) -> None:
    place = await graph.world.place(provider=provider)

    answer = await _made(graph, place, **given)

    assert answer["userErrors"] == [{"code": "INVALID", "path": [path]}]
    assert await graph.world.owner.fetchval("select count(*) from private.webhook_endpoints") == 0


async def test_a_closed_connection_gets_no_endpoint(graph: Graph) -> None:
    place = await graph.world.place(provider=OTHER_PROVIDER, status="disconnected")

    answer = await _made(graph, place)

    assert answer["userErrors"] == [{"code": "CONFLICT", "path": ["connectionId"]}]


async def test_a_connection_has_ten_endpoints_at_most(graph: Graph) -> None:
    place = await graph.world.place(provider=OTHER_PROVIDER)

    answers = [await _made(graph, place) for _ in range(11)]

    assert [len(answer["userErrors"]) for answer in answers] == [0] * 10 + [1]
    assert answers[-1]["userErrors"][0]["code"] == "LIMIT"


async def test_nobody_changes_the_endpoints_of_another_tenant(graph: Graph) -> None:
    mine = await graph.world.place(provider=OTHER_PROVIDER)
    theirs = await graph.world.place(provider=OTHER_PROVIDER)
    made = await _made(graph, theirs)
    endpoint_id = made["endpoint"]["id"]

    answers = [
        await graph.ask(mine.user, DISABLE, id=endpoint_id),
        await graph.ask(mine.user, ROTATE, id=endpoint_id, input={}),
        await _made(graph, replace(mine, connection_id=theirs.connection_id)),
    ]

    assert [answer["userErrors"][0]["code"] for answer in answers] == ["NOT_FOUND"] * 3
    listed = await graph.ask(mine.user, ENDPOINTS)
    assert listed["edges"] == []
    assert await graph.world.owner.fetchval(
        "select disabled_at is null and rotated_at is null from private.webhook_endpoints"
        " where id = $1",
        key(endpoint_id),
    )
