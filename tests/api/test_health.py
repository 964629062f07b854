"""Health tells what works, and metrics are for this machine alone."""

from __future__ import annotations

from pathlib import Path

import asyncpg
import pytest

from api.app import create_app
from db.binaries import valkey_binary
from db.valkey import embedded_valkey
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api, serving
from tests.fixtures.small_schema import Seen, opener, schema
from tests.fixtures.world import World


async def test_a_process_that_runs_is_healthy(small: Api) -> None:
    response = await small.http.get("/healthz")

    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_with_postgres_and_redis_it_is_ready(small: Api) -> None:
    response = await small.http.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"status": "ok", "postgres": "ok", "redis": "ok"}


async def test_without_redis_it_is_ready_and_degraded(edges: Edges, tmp_path: Path) -> None:
    settings = edges.settings(REDIS_URL=f"unix://{tmp_path}/nobody.sock")
    async with serving(create_app(settings), edges.data_dir) as api:
        response = await api.http.get("/readyz")

    assert response.status_code == 200
    assert response.json() == {"status": "degraded", "postgres": "ok", "redis": "unreachable"}


async def test_a_redis_that_comes_back_is_noticed(edges: Edges, seen: Seen, tmp_path: Path) -> None:
    directory, program = tmp_path / "valkey", valkey_binary()
    async with embedded_valkey(directory, program, durable=False) as server:
        settings = edges.settings(REDIS_URL=server.url())
    app = create_app(settings, schema=schema, open_context=opener(seen))
    async with serving(app, edges.data_dir) as api:
        before = (await api.http.get("/readyz")).json()["redis"]
        async with embedded_valkey(directory, program, durable=False):
            after = (await api.http.get("/readyz")).json()["redis"]

    assert (before, after) == ("unreachable", "ok")


async def test_without_postgres_it_is_not_ready(small: Api, edges: Edges) -> None:
    name = edges.database.name
    admin = await asyncpg.connect(edges.database.superuser.replace(f"/{name}?", "/postgres?"))
    try:
        await admin.execute(f"alter database {name} connection limit 0")
        await admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where datname = $1 and pid <> pg_backend_pid()",
            name,
        )

        response = await small.http.get("/readyz")
    finally:
        await admin.close()

    assert response.status_code == 503
    assert response.json() == {"status": "unavailable", "postgres": "unreachable", "redis": "ok"}


async def test_metrics_count_what_was_done(small: Api, world: World) -> None:
    place = await world.place()
    await small.ask(place.user_id, "{ hello }")

    text = (await small.http.get("/metrics")).text

    assert 'bankfeeds_http_requests_total{method="POST",route="/graphql",status="200"} 1.0' in text
    assert 'bankfeeds_graphql_operations_total{code="OK",type="query"} 1.0' in text
    assert str(place.tenant_id) not in text
    assert str(place.user_id) not in text


async def test_metrics_tell_of_syncs_by_provider_and_of_no_tenant(small: Api, world: World) -> None:
    place = await world.place(provider="plaid")
    await world.owner.execute(
        "insert into app.ingestion_jobs"
        " (tenant_id, connection_id, kind, state, error_kind, started_at, finished_at)"
        " select $1, $2, 'sync', case when n = 1 then 'failed' else 'completed' end,"
        " case when n = 1 then 'network' end, at - n * interval '1 second', at"
        " from generate_series(1, 4) as n, lateral (select now() - case when n = 4"
        " then interval '2 hours' else interval '1 minute' end as at) as ended",
        place.tenant_id,
        place.connection_id,
    )
    await world.owner.execute(
        "insert into private.provider_states (provider, open_until) values ('plaid', now())"
    )

    text = (await small.http.get("/metrics")).text

    completed = 'error_kind="",provider="plaid",state="completed"'
    failed = 'error_kind="network",provider="plaid",state="failed"'
    assert f"bankfeeds_syncs_last_hour{{{completed}}} 2.0" in text
    assert f"bankfeeds_syncs_last_hour{{{failed}}} 1.0" in text
    assert (
        'bankfeeds_sync_seconds_last_hour{error_kind="",provider="plaid",quantile="0.5",'
        'state="completed"} 2.5'
    ) in text
    assert 'bankfeeds_provider_circuit_open{provider="plaid"} 1.0' in text
    assert str(place.tenant_id) not in text
    assert str(place.connection_id) not in text


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded", "x-real-ip"])
async def test_metrics_are_not_there_behind_a_proxy(small: Api, header: str) -> None:
    response = await small.http.get("/metrics", headers={header: "127.0.0.1"})

    assert response.status_code == 404
