"""The meters of syncs: what the ledger says of the last hour, soon or not at all."""

from __future__ import annotations

from datetime import UTC, datetime
from time import monotonic

from prometheus_client import CollectorRegistry, generate_latest

from api.meters import READ_WITHIN_S
from api.sync_metrics import SyncMetrics
from tests.fixtures.world import World

COMPLETED = 'bankfeeds_syncs_last_hour{error_kind="",provider="plaid",state="completed"} 1.0'


async def _metered(world: World) -> tuple[SyncMetrics, CollectorRegistry]:
    place = await world.place(provider="plaid", status="active")
    await world.owner.execute(
        "insert into app.ingestion_jobs"
        " (tenant_id, connection_id, kind, state, started_at, finished_at)"
        " values ($1, $2, 'sync', 'completed', now() - interval '3 seconds', now())",
        place.tenant_id,
        place.connection_id,
    )
    registry = CollectorRegistry()
    return SyncMetrics(world.database, lambda: datetime.now(UTC), registry), registry


def _told(registry: CollectorRegistry) -> set[str]:
    lines = generate_latest(registry).decode().splitlines()
    return {line for line in lines if not line.startswith("#")}


async def test_syncs_of_the_last_hour_are_told_by_provider(world: World) -> None:
    meters, registry = await _metered(world)

    await meters.gather()

    assert COMPLETED in _told(registry)


async def test_a_ledger_that_answers_nobody_is_not_waited_for(world: World) -> None:
    meters, registry = await _metered(world)
    await meters.gather()
    before = _told(registry)

    async with world.owner.acquire() as connection, connection.transaction():
        await connection.execute("lock table app.ingestion_jobs in access exclusive mode")
        begun = monotonic()
        await meters.gather()
        waited_s = monotonic() - begun

    assert COMPLETED in before
    assert _told(registry) == set()
    assert waited_s < READ_WITHIN_S + 2
