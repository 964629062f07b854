"""All access tokens that are over, renewed because an admin asked, each by a sync that tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from core.models import Role
from tests.fixtures.graph import Graph, graph_of, key
from tests.workers.test_token_upkeep import LATE, Linked, linked

__all__ = ["linked"]

RENEW_ALL = """
mutation { connectionRenewAll {
  batchId count jobs { edges { node { id } } } userErrors { code }
} }
"""
BATCH = """
query ($batchId: ID!) { ingestionJobs(filter: {batchId: $batchId}) { edges { node {
  state error { kind } connection { status }
} } } }
"""


@pytest.fixture
async def graph(linked: Linked, redis_url: str) -> AsyncIterator[Graph]:
    """The schema where a connection's tokens run out."""
    async with graph_of(linked.world, redis_url) as graph:
        yield graph


@pytest.mark.parametrize("status", ["active", "error", "reauth"])
async def test_a_token_that_is_over_is_renewed(
    linked: Linked,
    graph: Graph,
    status: str,
) -> None:
    await linked.keep(ends_in=timedelta(days=-3))
    await linked.world.owner.execute("update app.connections set status = $1", status)

    asked = await graph.ask(linked.place.user, RENEW_ALL)
    (edge,) = asked["jobs"]["edges"]
    await linked.world.run(linked.place, key(edge["node"]["id"]))
    told = await graph.ask(linked.place.user, BATCH, batchId=asked["batchId"])

    assert (asked["count"], asked["userErrors"], linked.bank.renewals) == (1, [], 1)
    assert (await linked.held())[:2] == ("access-1", 2)
    assert [edge["node"] for edge in told["edges"]] == [
        {"state": "COMPLETED", "error": None, "connection": {"status": "ACTIVE"}}
    ]


async def test_a_grant_that_is_gone_is_among_the_results(
    linked: Linked,
    graph: Graph,
) -> None:
    await linked.keep(ends_in=timedelta(hours=-1))
    linked.bank.is_gone = True

    asked = await graph.ask(linked.place.user, RENEW_ALL)
    (edge,) = asked["jobs"]["edges"]
    await linked.world.run(linked.place, key(edge["node"]["id"]))
    told = await graph.ask(linked.place.user, BATCH, batchId=asked["batchId"])

    assert [edge["node"] for edge in told["edges"]] == [
        {
            "state": "FAILED",
            "error": {"kind": "AUTHENTICATION"},
            "connection": {"status": "REAUTH"},
        }
    ]
    kinds = await linked.world.owner.fetch("select kind from app.notifications")
    assert [row["kind"] for row in kinds] == ["reauthentication_required"]


@pytest.mark.parametrize(
    ("ends_in", "status"),
    [(LATE, "active"), (timedelta(hours=-1), "paused"), (timedelta(hours=-1), "disconnected")],
)
async def test_what_needs_no_renewal_is_left_alone(
    linked: Linked,
    graph: Graph,
    ends_in: timedelta,
    status: str,
) -> None:
    await linked.keep(ends_in=ends_in)
    await linked.world.owner.execute("update app.connections set status = $1", status)

    asked = await graph.ask(linked.place.user, RENEW_ALL)

    assert (asked["count"], asked["jobs"]["edges"], asked["userErrors"]) == (0, [], [])


async def test_members_do_not_renew(linked: Linked, graph: Graph) -> None:
    await linked.keep(ends_in=timedelta(hours=-1))
    member = await graph.user(linked.place, Role.MEMBER)

    asked = await graph.ask(member, RENEW_ALL)

    assert [one["code"] for one in asked["userErrors"]] == ["NOT_ALLOWED"]
    assert await linked.world.owner.fetchval("select count(*) from app.ingestion_jobs") == 0
