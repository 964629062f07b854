"""Subscriptions after a reconnect: no final state is missed, and what is too much is refused."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from strawberry.types import ExecutionResult

from core.errors import BadInput
from resolvers.live import LOOK_MAX, MISSED_MAX
from schema.ids import encode
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place
from tests.schema.test_read_fields import STATEMENT

JOBS = """
subscription ($connection: ID, $since: DateTime) {
  ingestionJobUpdated(connectionId: $connection, since: $since) { id state }
}
"""
TRANSACTIONS = """
subscription ($since: DateTime) {
  transactionsChanged(since: $since) { addedCount job { id } }
}
"""
SOON_S = 5

Stream = AsyncGenerator[ExecutionResult, None]


async def _next(stream: Stream) -> Any:
    async with asyncio.timeout(SOON_S):
        result = await anext(stream)
    assert not result.errors, result.errors
    assert result.data is not None
    return next(iter(result.data.values()))


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _ago(**time: int) -> str:
    return (datetime.now(UTC) - timedelta(**time)).isoformat()


async def _ended_jobs(graph: Graph, place: Place, count: int, *, ago: timedelta) -> None:
    """Jobs that ended one after the other, a millisecond apart."""
    await graph.world.owner.execute(
        "insert into app.ingestion_jobs (tenant_id, connection_id, kind, state, imported,"
        " updated_at, finished_at) select $1, $2, 'import', 'completed', number, at, at"
        " from generate_series(1, $3::int) as number,"
        " lateral (select $4::timestamptz + number * interval '1 millisecond') as n(at)",
        place.tenant_id,
        place.connection_id,
        count,
        datetime.now(UTC) - ago,
    )


@pytest.mark.parametrize("of", ["connection", "tenant"])
async def test_jobs_that_ended_while_nobody_listened_are_told(graph: Graph, of: str) -> None:
    place = await graph.world.place()
    connection = encode("Connection", place.connection_id) if of == "connection" else None
    first = await graph.world.job(place, STATEMENT)
    second = await graph.world.job(place, STATEMENT.replace(b"COFFEE", b"TEA"))
    async with graph.follow(place.user, JOBS, connection=connection) as stream:
        before = {(await _next(stream))["state"] for _ in range(2)}
    since = _now()

    await graph.world.run(place, first)
    await graph.world.run(place, second)
    # Both ended, and more came since, so neither is the newest one.
    third = await graph.world.job(place, STATEMENT.replace(b"COFFEE", b"CAKE"))

    async with graph.follow(place.user, JOBS, connection=connection, since=since) as stream:
        after = [await _next(stream) for _ in range(3)]

    assert before == {"QUEUED"}
    assert {one["id"]: one["state"] for one in after} == {
        encode("IngestionJob", first): "COMPLETED",
        encode("IngestionJob", second): "COMPLETED",
        encode("IngestionJob", third): "QUEUED",
    }


async def test_a_job_that_began_to_wait_for_a_decision_is_told_too(graph: Graph) -> None:
    place = await graph.world.place()
    since = _now()
    reviewed = await graph.world.job(place, STATEMENT, review=True)
    await graph.world.run(place, reviewed)
    await graph.world.job(place, STATEMENT.replace(b"COFFEE", b"TEA"))

    async with graph.follow(place.user, JOBS, since=since) as stream:
        first = await _next(stream)

    assert first == {"id": encode("IngestionJob", reviewed), "state": "AWAITING_REVIEW"}


async def test_without_since_what_ended_before_is_not_told(graph: Graph) -> None:
    place = await graph.world.place()
    await _ended_jobs(graph, place, 3, ago=timedelta(minutes=5))

    async with graph.follow(place.user, JOBS) as stream:
        await _next(stream)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await anext(stream)


async def test_what_jobs_changed_meanwhile_arrives_once(graph: Graph) -> None:
    place = await graph.world.place()
    async with graph.follow(place.user, TRANSACTIONS) as stream:
        await _next(stream)
    since = _now()

    job = await graph.world.take_in(place, STATEMENT)

    async with graph.follow(place.user, TRANSACTIONS, since=since) as stream:
        first = await _next(stream)
        missed = await _next(stream)
        await graph.services.events.publish(place.tenant_id, "transactions", job["id"])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await anext(stream)

    assert first == {"addedCount": 0, "job": None}
    assert missed == {"addedCount": 3, "job": {"id": encode("IngestionJob", job["id"])}}


async def test_many_missed_changes_come_at_once_and_in_order(graph: Graph) -> None:
    place = await graph.world.place()
    count = 3 * LOOK_MAX + 10
    await _ended_jobs(graph, place, count, ago=timedelta(minutes=5))

    async with graph.follow(place.user, TRANSACTIONS, since=_ago(minutes=6)) as stream:
        await _next(stream)
        async with asyncio.timeout(2 * SOON_S):
            heard = [(await _next(stream))["addedCount"] for _ in range(count)]

    assert heard == list(range(1, count + 1))


async def test_the_most_that_can_be_missed_is_told(graph: Graph) -> None:
    place = await graph.world.place()
    await _ended_jobs(graph, place, MISSED_MAX, ago=timedelta(minutes=5))

    async with graph.follow(place.user, JOBS, since=_ago(minutes=6)) as stream:
        heard = {(await _next(stream))["id"] for _ in range(MISSED_MAX)}

    assert len(heard) == MISSED_MAX


@pytest.mark.parametrize("query", [JOBS, TRANSACTIONS])
async def test_more_than_can_be_told_is_refused_with_a_remedy(graph: Graph, query: str) -> None:
    place = await graph.world.place()
    await _ended_jobs(graph, place, MISSED_MAX + 1, ago=timedelta(minutes=5))

    refusal = await _refusal(graph, place, query, since=_ago(minutes=6))

    assert isinstance(refusal, BadInput)
    assert "more than 1000 jobs" in str(refusal)
    assert "`ingestionJobs`" in str(refusal)


@pytest.mark.parametrize("query", [JOBS, TRANSACTIONS])
async def test_a_time_too_long_ago_is_refused_with_a_remedy(graph: Graph, query: str) -> None:
    place = await graph.world.place()

    refusal = await _refusal(graph, place, query, since=_ago(hours=24, seconds=1))

    assert isinstance(refusal, BadInput)
    assert "24 hours ago" in str(refusal)


async def test_a_clock_that_is_ahead_misses_nothing(graph: Graph) -> None:
    place = await graph.world.place()
    job = await graph.world.take_in(place, STATEMENT)
    ahead = (datetime.now(UTC) + timedelta(hours=1)).isoformat()

    async with graph.follow(place.user, TRANSACTIONS, since=ahead) as stream:
        await _next(stream)
        missed = await _next(stream)

    assert missed["job"] == {"id": encode("IngestionJob", job["id"])}


async def _refusal(graph: Graph, place: Place, query: str, *, since: str) -> BaseException | None:
    async with graph.follow(place.user, query, since=since) as stream:
        async with asyncio.timeout(SOON_S):
            result = await anext(stream)
    assert result.errors
    return result.errors[0].original_error
