"""Subscriptions: the current state first, then each change, under the subscriber's own rights."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from strawberry.types import ExecutionResult

from core.errors import Forbidden
from core.models import Role
from pipeline.run import run
from resolvers.live import LOOK_MAX
from schema.ids import encode
from tests.fixtures.graph import Graph, key
from tests.fixtures.world import Place
from tests.schema.test_read_fields import STATEMENT

JOB = """
subscription ($job: ID, $connection: ID) {
  ingestionJobUpdated(jobId: $job, connectionId: $connection) {
    id state counts { imported } connection { name }
  }
}
"""
CONNECTION = """
subscription ($id: ID) { connectionUpdated(connectionId: $id) { id status } }
"""
TRANSACTIONS = """
subscription ($id: ID) { transactionsChanged(accountId: $id) {
  addedCount updatedCount removedCount account { id } job { id } connection { id } } }
"""
SOON_S = 5

Stream = AsyncGenerator[ExecutionResult, None]


async def _next(stream: Stream) -> Any:
    async with asyncio.timeout(SOON_S):
        result = await anext(stream)
    assert not result.errors, result.errors
    assert result.data is not None
    return next(iter(result.data.values()))


async def _refusal(stream: Stream) -> BaseException | None:
    """Why a stream ends with an error: as its first event, or by raising."""
    async with asyncio.timeout(SOON_S):
        result = await anext(stream)
    assert result.errors
    return result.errors[0].original_error


async def _run(graph: Graph, place: Place, job_id: UUID) -> None:
    """Runs the job as a worker that tells what it does."""
    services = replace(graph.world.services, events=graph.services.events)
    await run(place.tenant_id, job_id, services=services)


async def test_job_is_followed_from_now_to_its_end(graph: Graph) -> None:
    place = await graph.world.place()
    job_id = await graph.world.job(place, STATEMENT)

    async with graph.follow(place.user, JOB, job=encode("IngestionJob", job_id)) as stream:
        events = [await _next(stream)]
        await _run(graph, place, job_id)
        async with asyncio.timeout(SOON_S):
            async for result in stream:
                assert result.data is not None
                events.append(result.data["ingestionJobUpdated"])

    assert events[0]["state"] == "QUEUED"
    assert events[-1] == {
        "id": encode("IngestionJob", job_id),
        "state": "COMPLETED",
        "counts": {"imported": 3},
        "connection": {"name": "Statements"},
    }


async def test_finished_job_is_told_once(graph: Graph) -> None:
    place = await graph.world.place()
    row = await graph.world.take_in(place, STATEMENT)

    async with graph.follow(place.user, JOB, job=encode("IngestionJob", row["id"])) as stream:
        states = [result.data and result.data["ingestionJobUpdated"] async for result in stream]

    assert [state and state["state"] for state in states] == ["COMPLETED"]


async def test_job_under_review_is_followed_on(graph: Graph) -> None:
    place = await graph.world.place()
    job_id = await graph.world.job(place, STATEMENT, review=True)
    await graph.world.run(place, job_id)
    id = encode("IngestionJob", job_id)

    async with graph.follow(place.user, JOB, job=id) as stream:
        first = await _next(stream)
        await graph.ask(
            place.user,
            "mutation ($id: ID!) { ingestionJobApprove(id: $id) { userErrors { code } } }",
            id=id,
        )
        second = await _next(stream)

    assert (first["state"], second["state"]) == ("AWAITING_REVIEW", "QUEUED")


async def test_lost_hint_delays_and_loses_nothing(graph: Graph) -> None:
    place = await graph.world.place()
    job_id = await graph.world.job(place, STATEMENT)

    async with graph.follow(place.user, JOB, job=encode("IngestionJob", job_id)) as stream:
        await _next(stream)
        await graph.world.run(place, job_id)  # with nobody to tell
        last = await _next(stream)

    assert last["state"] == "COMPLETED"


async def test_hints_without_a_change_are_not_told(graph: Graph) -> None:
    place = await graph.world.place()
    job_id = await graph.world.job(place, STATEMENT)

    async with graph.follow(place.user, JOB, job=encode("IngestionJob", job_id)) as stream:
        await _next(stream)
        for _ in range(20):
            await graph.services.events.publish(place.tenant_id, "job", job_id)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await anext(stream)


async def test_jobs_of_a_connection_begin_with_the_newest_and_go_on(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, STATEMENT)
    connection = encode("Connection", place.connection_id)

    async with graph.follow(place.user, JOB, connection=connection) as stream:
        first = await _next(stream)
        job_id = await graph.world.job(place, STATEMENT)
        await graph.services.events.publish(place.tenant_id, "job", job_id)
        second = await _next(stream)

    assert first["state"] == "COMPLETED"
    assert (second["id"], second["state"]) == (encode("IngestionJob", job_id), "QUEUED")


@pytest.mark.parametrize("kind", ["foreign", "missing", "malformed", "of another connection"])
async def test_job_that_is_not_the_callers_is_refused_alike(graph: Graph, kind: str) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    cases: dict[str, dict[str, Any]] = {
        "foreign": {"job": encode("IngestionJob", await graph.world.job(other, STATEMENT))},
        "missing": {"job": encode("IngestionJob", uuid4())},
        "malformed": {"job": "x"},
        "of another connection": {
            "job": encode("IngestionJob", await graph.world.job(place, STATEMENT)),
            "connection": encode("Connection", other.connection_id),
        },
    }

    async with graph.follow(place.user, JOB, **cases[kind]) as stream:
        refusal = await _refusal(stream)

    assert isinstance(refusal, Forbidden)
    assert str(refusal) == "not found"


async def test_member_who_is_removed_hears_nothing_more(graph: Graph) -> None:
    place = await graph.world.place()
    viewer = await graph.user(place, Role.VIEWER)

    async with graph.follow(viewer, CONNECTION) as stream:
        await _next(stream)
        await graph.world.owner.execute(
            "delete from app.tenant_members where user_id = $1", viewer.user_id
        )
        await graph.services.events.publish(place.tenant_id, "connection", place.connection_id)
        refusal = await _refusal(stream)

    assert isinstance(refusal, Forbidden)


async def test_connection_is_followed(graph: Graph) -> None:
    place = await graph.world.place()
    id = encode("Connection", place.connection_id)

    async with graph.follow(place.user, CONNECTION, id=id) as stream:
        first = await _next(stream)
        await graph.ask(
            place.user,
            "mutation ($id: ID!) { connectionPause(id: $id) { userErrors { code } } }",
            id=id,
        )
        second = await _next(stream)

    assert (first["status"], second["status"]) == ("ACTIVE", "PAUSED")


async def test_changes_of_transactions_begin_with_none(graph: Graph) -> None:
    place = await graph.world.place()
    job_id = await graph.world.job(place, STATEMENT)

    async with graph.follow(place.user, TRANSACTIONS) as stream:
        first = await _next(stream)
        await _run(graph, place, job_id)
        second = await _next(stream)

    nothing = {"account": None, "job": None, "connection": None}
    assert first == {"addedCount": 0, "updatedCount": 0, "removedCount": 0} | nothing
    assert second == {
        "addedCount": 3,
        "updatedCount": 0,
        "removedCount": 0,
        "account": None,
        "job": {"id": encode("IngestionJob", job_id)},
        "connection": {"id": encode("Connection", place.connection_id)},
    }


async def test_changes_of_one_account_count_its_rows_alone(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, STATEMENT)
    accounts = await graph.ask(
        place.user,
        "{ accounts { edges { node { id transactions { edges { node { id } } } } } } }",
    )
    (id,) = [
        edge["node"]["id"]
        for edge in accounts["edges"]
        if len(edge["node"]["transactions"]["edges"]) == 2
    ]
    job_id = await graph.world.job(place, STATEMENT.replace(b"COFFEE", b"TEA"))

    async with graph.follow(place.user, TRANSACTIONS, id=id) as stream:
        await _next(stream)
        await _run(graph, place, job_id)
        second = await _next(stream)

    assert second["account"] == {"id": id}
    assert (second["addedCount"], second["removedCount"]) == (1, 0)


async def test_lost_hint_of_changed_transactions_delays_and_loses_nothing(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.take_in(place, STATEMENT.replace(b"COFFEE", b"TEA"))

    async with graph.follow(place.user, TRANSACTIONS) as stream:
        first = await _next(stream)
        job = await graph.world.take_in(place, STATEMENT)  # with nobody to tell
        second = await _next(stream)

    assert first["job"] is None
    assert second["job"] == {"id": encode("IngestionJob", job["id"])}
    assert second["addedCount"] == job["imported"] > 0


async def test_end_of_a_job_is_told_once_however_often_it_is_hinted(graph: Graph) -> None:
    place = await graph.world.place()

    async with graph.follow(place.user, TRANSACTIONS) as stream:
        await _next(stream)
        job = await graph.world.take_in(place, STATEMENT)
        await _next(stream)
        await graph.services.events.publish(place.tenant_id, "transactions", job["id"])
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await anext(stream)


async def test_more_jobs_than_one_look_finds_are_all_told(graph: Graph) -> None:
    place = await graph.world.place()
    count = 2 * LOOK_MAX + 10

    async with graph.follow(place.user, TRANSACTIONS) as stream:
        await _next(stream)
        await graph.world.owner.execute(
            "insert into app.ingestion_jobs (tenant_id, connection_id, kind, state, imported,"
            " finished_at) select $1, $2, 'import', 'completed', number,"
            " clock_timestamp() from generate_series(1, $3::int) as number",
            place.tenant_id,
            place.connection_id,
            count,
        )
        heard = [await _next(stream) for _ in range(count)]

    assert sorted(one["addedCount"] for one in heard) == list(range(1, count + 1))


async def test_rows_that_were_derived_are_told_to_who_follows_their_account(graph: Graph) -> None:
    place = await graph.world.place(mapping_policy="ask")
    await graph.world.take_in(place, STATEMENT)
    create = 'mutation { accountCreate(input: {name: "A", currency: "EUR"}) { account { id } } }'
    ids = [(await graph.ask(place.user, create))["account"]["id"] for _ in range(2)]
    mapping_id = await graph.world.owner.fetchval(
        "select id from app.account_mappings where masked_number like '%5678'"
    )

    async with (
        graph.follow(place.user, TRANSACTIONS, id=ids[0]) as stream,
        graph.follow(place.user, TRANSACTIONS, id=ids[1]) as other,
    ):
        await _next(stream)
        await _next(other)
        answer = await graph.ask(
            place.user,
            "mutation ($id: ID!, $account: ID!) { accountMappingSet(id: $id, input: "
            "{accountId: $account}) { job { id } userErrors { code } } }",
            id=encode("AccountMapping", mapping_id),
            account=ids[0],
        )
        await _run(graph, place, key(answer["job"]["id"]))
        told = await _next(stream)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await anext(other)

    assert (told["addedCount"], told["updatedCount"], told["removedCount"]) == (2, 0, 0)
    assert (told["account"], told["job"]) == ({"id": ids[0]}, {"id": answer["job"]["id"]})


async def test_the_oldest_of_many_jobs_is_told_when_it_ends(graph: Graph) -> None:
    """While more newer ones wait than are told at first."""
    place = await graph.world.place()
    oldest = await graph.world.job(place, STATEMENT)
    await graph.world.owner.execute(
        "insert into app.ingestion_jobs (tenant_id, connection_id, kind, created_at)"
        " select $1, $2, 'import', now() + n * interval '1 ms' from generate_series(1, 120) as n",
        place.tenant_id,
        place.connection_id,
    )

    async with graph.follow(place.user, JOB) as stream:
        heard = {(await _next(stream))["id"] for _ in range(121)}
        await graph.world.owner.execute(
            "update app.ingestion_jobs set state = 'cancelled', finished_at = now() where id = $1",
            oldest,
        )  # with nobody to tell
        last = await _next(stream)

    assert len(heard) == 121
    assert (last["id"], last["state"]) == (encode("IngestionJob", oldest), "CANCELLED")


async def test_the_oldest_of_many_connections_is_told_when_it_changes(graph: Graph) -> None:
    place = await graph.world.place()
    await graph.world.owner.execute(
        "update app.connections set created_at = now() - interval '1 day'"
    )
    await graph.world.owner.execute(
        "insert into app.connections (tenant_id, name, provider)"
        " select $1, 'Statements', 'file' from generate_series(1, 120)",
        place.tenant_id,
    )

    async with graph.follow(place.user, CONNECTION) as stream:
        heard = {(await _next(stream))["id"] for _ in range(121)}
        await graph.world.owner.execute(
            "update app.connections set status = 'paused' where id = $1", place.connection_id
        )  # with nobody to tell
        last = await _next(stream)

    assert len(heard) == 121
    assert last == {"id": encode("Connection", place.connection_id), "status": "PAUSED"}
