"""All connections asked for news at once: how many syncs wait, and each of them to be followed."""

from __future__ import annotations

from typing import Any

from core.models import Role
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place

MANY = 120
SYNC_ALL = """
mutation ($first: Int) { connectionSyncAll {
  batchId count
  jobs(first: $first) {
    edges { node { id kind state trigger connection { name } } }
    pageInfo { hasNextPage endCursor }
  }
  userErrors { code }
} }
"""
BATCH = """
query ($batchId: ID!, $after: String, $state: [IngestionJobState!]) {
  ingestionJobs(first: 100, after: $after, filter: {batchId: $batchId, state: $state}) {
    edges { node { id state connection { name } error { code } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""


async def _connect(
    graph: Graph, place: Place, *, count: int, provider: str = "plaid", status: str = "active"
) -> None:
    await graph.world.owner.execute(
        "insert into app.connections (tenant_id, id, lineage_id, provider, name, status)"
        " select $1, made.id, made.id, $2, $2 || '-' || $3 || '-' || made.n, $3"
        " from (select gen_random_uuid() as id, n from generate_series(1, $4) as n) as made",
        place.tenant_id,
        provider,
        status,
        count,
    )


async def test_a_sync_waits_for_each_connection_that_can_be_asked(graph: Graph) -> None:
    place = await graph.world.place()  # of statement files: nothing to ask
    await _connect(graph, place, count=1)
    await _connect(graph, place, count=1, status="error")
    for status in ("paused", "reauth", "pending"):
        await _connect(graph, place, count=1, status=status)
    await _connect(graph, place, count=1, provider="gone")

    answer = await graph.ask(place.user, SYNC_ALL)

    jobs = [edge["node"] for edge in answer["jobs"]["edges"]]
    assert (answer["count"], answer["userErrors"]) == (2, [])
    assert {job["connection"]["name"] for job in jobs} == {"plaid-active-1", "plaid-error-1"}
    assert {(job["kind"], job["state"]) for job in jobs} == {("SYNC", "QUEUED")}
    assert len(graph.wakes.jobs) == 2
    audited = "select count(*) from app.ingestion_audit_log where event = 'connection.sync'"
    assert await graph.world.owner.fetchval(audited) == 2


async def test_who_asks_again_gets_the_syncs_that_wait(graph: Graph) -> None:
    place = await graph.world.place()
    await _connect(graph, place, count=2)
    first = await graph.ask(place.user, SYNC_ALL)
    await graph.world.owner.execute("update app.ingestion_jobs set trigger = 'schedule'")

    second = await graph.ask(place.user, SYNC_ALL)

    assert second["count"] == 2
    assert [e["node"]["id"] for e in second["jobs"]["edges"]] == [
        e["node"]["id"] for e in first["jobs"]["edges"]
    ]
    assert {e["node"]["trigger"] for e in second["jobs"]["edges"]} == {"USER"}
    assert await graph.world.owner.fetchval("select count(*) from app.ingestion_jobs") == 2


async def test_a_thousand_at_most_are_asked_in_few_statements(graph: Graph) -> None:
    place = await graph.world.place()
    await _connect(graph, place, count=1_001)

    answer = await graph.ask(place.user, SYNC_ALL, first=2)

    assert answer["count"] == 1_000
    assert len(answer["jobs"]["edges"]) == 2
    assert answer["jobs"]["pageInfo"]["hasNextPage"]
    assert len(set(graph.wakes.jobs)) == 1_000


async def test_a_batch_is_followed_page_by_page_and_state_by_state(graph: Graph) -> None:
    place = await graph.world.place()
    await _connect(graph, place, count=1)
    await graph.ask(place.user, SYNC_ALL)
    await graph.world.owner.execute(
        "update app.ingestion_jobs set state = 'failed', error_code = 'x', finished_at = now()"
    )
    await _connect(graph, place, count=MANY)
    batch_id = (await graph.ask(place.user, SYNC_ALL))["batchId"]
    await graph.world.owner.execute(
        "update app.ingestion_jobs set state = 'completed', finished_at = now()"
        " where id = (select id from app.ingestion_jobs where state = 'queued' limit 1)"
    )

    pages: list[Any] = [await graph.ask(place.user, BATCH, batchId=batch_id)]
    after = pages[0]["pageInfo"]["endCursor"]
    pages.append(await graph.ask(place.user, BATCH, batchId=batch_id, after=after))
    done = await graph.ask(place.user, BATCH, batchId=batch_id, state=["COMPLETED"])

    ids = [edge["node"]["id"] for page in pages for edge in page["edges"]]
    assert len(ids) == len(set(ids)) == MANY + 1
    assert not pages[1]["pageInfo"]["hasNextPage"]
    assert len(done["edges"]) == 1


async def test_viewers_ask_for_nothing(graph: Graph) -> None:
    place = await graph.world.place()
    await _connect(graph, place, count=1)
    viewer = await graph.user(place, Role.VIEWER)

    answer = await graph.ask(viewer, SYNC_ALL)

    assert [one["code"] for one in answer["userErrors"]] == ["NOT_ALLOWED"]
    assert (answer["batchId"], answer["count"], answer["jobs"]["edges"]) == (None, 0, [])


async def test_connections_of_another_tenant_are_left_alone(graph: Graph) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    await _connect(graph, place, count=2)
    await _connect(graph, other, count=3)

    answer = await graph.ask(place.user, SYNC_ALL)

    assert answer["count"] == 2
    owners = await graph.world.owner.fetch("select distinct tenant_id from app.ingestion_jobs")
    assert [row["tenant_id"] for row in owners] == [place.tenant_id]
