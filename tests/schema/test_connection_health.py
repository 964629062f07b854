"""The health of a connection: its newest job, its last success, and the failures since."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.graph import Graph
from tests.fixtures.world import Place

GOOD = b"Date,Amount,Text\n2026-03-01,-1.00,Bread\n"
BAD = b"\x00\x01 no statement at all"
HEALTH = """
{ connections { edges { node { health {
  status lastSyncAt nextSyncAt lastSuccessAt consecutiveFailures
  lastError { code message failedAt } lastJob { id state }
} } } } }
"""
JOBS = """
query ($filter: IngestionJobFilter) {
  connections { edges { node { jobs(filter: $filter) { edges { node { state } } } } } }
}
"""


async def _health(graph: Graph, place: Place) -> dict[str, Any]:
    (edge,) = (await graph.ask(place.user, HEALTH))["edges"]
    health: dict[str, Any] = edge["node"]["health"]
    return health


async def test_connection_without_jobs_has_nothing_to_tell(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")

    assert await _health(graph, place) == {
        "status": "ACTIVE",
        "lastSyncAt": None,
        "nextSyncAt": None,
        "lastSuccessAt": None,
        "consecutiveFailures": 0,
        "lastError": None,
        "lastJob": None,
    }


async def test_failures_are_counted_since_the_last_success(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    await graph.world.take_in(place, BAD)
    await graph.world.take_in(place, GOOD)
    well = await _health(graph, place)

    for _ in range(2):
        await graph.world.take_in(place, BAD)
    ill = await _health(graph, place)

    assert (well["consecutiveFailures"], well["lastError"]) == (0, None)
    assert well["lastJob"]["state"] == "COMPLETED"
    assert well["lastSuccessAt"] is not None
    assert ill["consecutiveFailures"] == 2
    assert ill["lastJob"]["state"] == "FAILED"
    assert ill["lastError"]["code"] and ill["lastError"]["message"]
    assert ill["lastError"]["failedAt"] > ill["lastSuccessAt"] == well["lastSuccessAt"]


async def test_many_failures_are_counted_to_a_hundred(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    await graph.world.take_in(place, BAD)
    await graph.world.owner.execute(
        "insert into app.ingestion_jobs (tenant_id, connection_id, kind, state, error_code)"
        " select $1, $2, 'import', 'failed', 'planted' from generate_series(1, 120)",
        place.tenant_id,
        place.connection_id,
    )

    assert (await _health(graph, place))["consecutiveFailures"] == 100


@pytest.mark.parametrize(
    ("asked", "states"),
    [
        (None, ["FAILED", "COMPLETED"]),
        ({}, ["FAILED", "COMPLETED"]),
        ({"state": ["COMPLETED"]}, ["COMPLETED"]),
        ({"state": []}, []),
        ({"kind": ["DERIVE"]}, []),
        ({"kind": ["IMPORT"], "state": ["FAILED", "QUEUED"]}, ["FAILED"]),
    ],
)
async def test_jobs_of_a_connection_can_be_filtered(
    graph: Graph, asked: dict[str, Any] | None, states: list[str]
) -> None:
    place = await graph.world.place(currency="EUR")
    await graph.world.take_in(place, GOOD)
    await graph.world.take_in(place, BAD)

    (edge,) = (await graph.ask(place.user, JOBS, filter=asked))["edges"]

    assert [job["node"]["state"] for job in edge["node"]["jobs"]["edges"]] == states
