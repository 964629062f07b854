"""What every listener asks every two seconds costs what is new, however much there ever was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from db.queries import load
from tests.fixtures.world import World

JOBS = 10_000
_SQL = load("jobs")


@pytest.mark.parametrize("name", ["changed", "changed_since"])
async def test_a_look_for_changed_jobs_reads_those_alone(world: World, name: str) -> None:
    place = await world.place()
    await world.owner.execute(
        "insert into app.ingestion_jobs (tenant_id, connection_id, kind, state, updated_at)"
        " select $1, $2, 'import', 'completed', now() - n * interval '1 minute'"
        " from generate_series(1, $3::int) as n",
        place.tenant_id,
        place.connection_id,
        JOBS,
    )
    await world.owner.execute("analyze app.ingestion_jobs")
    since = datetime.now(UTC) - timedelta(minutes=3, seconds=30)

    async with world.database.as_(place.user, read_only=True) as tx:
        plan = await tx.value(
            f"explain (analyze, format json) {_SQL[name]}", place.tenant_id, None, since, 1_000
        )

    (answer,) = json.loads(plan)
    text = json.dumps(answer)
    assert answer["Plan"]["Actual Rows"] == 3
    assert "ingestion_jobs_changed_idx" in text
    assert "Rows Removed by Filter" not in text
