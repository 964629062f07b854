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
SCORE = "{ connections { edges { node { health { score } } } } }"
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


@pytest.mark.parametrize(
    ("completed", "failed", "score"), [(0, 0, 1.0), (3, 0, 1.0), (0, 2, 0.0), (1, 3, 0.25)]
)
async def test_the_score_is_the_share_of_jobs_that_succeeded(
    graph: Graph, completed: int, failed: int, score: float
) -> None:
    place = await graph.world.place(provider="plaid", status="active")
    await _ended(graph, place, "completed", completed)
    await _ended(graph, place, "failed", failed)

    assert await _score(graph, place) == score


async def test_the_score_is_of_the_last_twenty_jobs_and_of_none_that_runs(graph: Graph) -> None:
    place = await graph.world.place(provider="plaid", status="active")
    await _ended(graph, place, "failed", 30, hours_ago=3)
    await _ended(graph, place, "completed", 15, hours_ago=2)
    await _ended(graph, place, "failed", 5, hours_ago=1)
    await _ended(graph, place, "queued", 1, hours_ago=0)

    assert await _score(graph, place) == 0.75


@pytest.mark.parametrize(
    ("status", "failures", "score"),
    [
        ("active", 0, 0.5),
        ("error", 2, 0.5),
        ("error", 3, 0.25),
        ("paused", 0, 0.5),
        ("reauth", 1, 0.0),
        ("disconnected", 0, 0.0),
    ],
)
async def test_the_score_is_halved_by_an_open_circuit_and_gone_with_the_access(
    graph: Graph, status: str, failures: int, score: float
) -> None:
    place = await graph.world.place(provider="plaid", status=status, error_count=failures)
    await _ended(graph, place, "completed", 2)
    await _ended(graph, place, "failed", 2)

    assert await _score(graph, place) == score


async def _ended(graph: Graph, place: Place, state: str, count: int, *, hours_ago: int = 1) -> None:
    """So many syncs that ended, or wait."""
    await graph.world.owner.execute(
        "insert into app.ingestion_jobs"
        " (tenant_id, connection_id, kind, state, error_code, created_at, finished_at)"
        " select $1, $2, 'sync', $3, case when $3 = 'failed' then 'planted' end, at,"
        " case when $3 <> 'queued' then at end"
        " from (select now() - make_interval(hours => $5) as at) as times,"
        " generate_series(1, $4::int)",
        place.tenant_id,
        place.connection_id,
        state,
        count,
        hours_ago,
    )


async def _score(graph: Graph, place: Place) -> float:
    (edge,) = (await graph.ask(place.user, SCORE))["edges"]
    score: float = edge["node"]["health"]["score"]
    return score
