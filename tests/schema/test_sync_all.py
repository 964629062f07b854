"""All connections asked at once: those that can be, each once, and nobody else's."""

from __future__ import annotations

from uuid import UUID, uuid4

from core.models import Role
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place

SYNC_ALL = "mutation { connectionSyncAll { userErrors { code message } } }"
SYNCABLE = ("active", "error")
OTHERS = ("pending", "reauth", "paused", "disconnected")


async def _connection(graph: Graph, place: Place, provider: str, status: str) -> UUID:
    connection_id = uuid4()
    await graph.world.owner.execute(
        "insert into app.connections (tenant_id, id, name, provider, status)"
        " values ($1, $2, 'C', $3, $4)",
        place.tenant_id,
        connection_id,
        provider,
        status,
    )
    return connection_id


async def _jobs(graph: Graph) -> dict[UUID, UUID]:
    """The jobs that wait, by their connection."""
    rows = await graph.world.owner.fetch(
        "select id, connection_id from app.ingestion_jobs"
        " where state = 'queued' and kind = 'sync' and trigger = 'user'"
    )
    found = {row["connection_id"]: row["id"] for row in rows}
    assert len(found) == len(rows), "a connection has two syncs that wait"
    return found


async def test_each_connection_that_can_be_synced_has_one_sync_however_often_one_asks(
    graph: Graph,
) -> None:
    place = await graph.world.place()
    wanted = {
        await _connection(graph, place, provider, status)
        for provider in ("plaid", "quiltt")
        for status in SYNCABLE
    }
    for status in OTHERS:
        await _connection(graph, place, "plaid", status)

    first = await graph.ask(place.user, SYNC_ALL)
    jobs = await _jobs(graph)
    second = await graph.ask(place.user, SYNC_ALL)

    assert first == second == {"userErrors": []}
    assert jobs.keys() == wanted
    assert set(graph.wakes.jobs) == set(jobs.values())
    assert await _jobs(graph) == jobs


async def test_connections_of_another_tenant_are_left_alone(graph: Graph) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    own = await _connection(graph, place, "plaid", "active")
    await _connection(graph, other, "plaid", "active")

    await graph.ask(place.user, SYNC_ALL)

    assert (await _jobs(graph)).keys() == {own}


async def test_more_connections_than_one_page_are_all_asked(graph: Graph) -> None:
    place = await graph.world.place()
    for _ in range(103):
        await _connection(graph, place, "plaid", "active")

    await graph.ask(place.user, SYNC_ALL)

    assert len(await _jobs(graph)) == len(set(graph.wakes.jobs)) == 103


async def test_a_viewer_asks_for_nothing(graph: Graph) -> None:
    place = await graph.world.place(role=Role.VIEWER)
    await _connection(graph, place, "plaid", "active")

    answer = await graph.ask(place.user, SYNC_ALL)

    assert [error["code"] for error in answer["userErrors"]] == ["NOT_ALLOWED"]
    assert await _jobs(graph) == {}
    assert graph.wakes.jobs == []
