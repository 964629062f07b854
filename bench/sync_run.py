"""One sync in a process of its own: prints seconds, CPU seconds and rows as JSON.

    python bench/sync_run.py TENANT CONNECTION [PROFILE]

The settings are a worker's. The clock runs from the claim of the job to its settled state: every
request to the provider, pages kept and sealed, parsing, COPY and merge, as the worker role under
forced row-level security. PROFILE is a file for cProfile's figures.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import resource
import sys
import time
from uuid import UUID

from core.jobs import JobTrigger
from core.scope import WorkerScope
from core.settings import Settings
from db import syncs
from pipeline.run import run
from resolvers.services import open_services, pipeline_services
from workers.main import tune_interpreter


async def main(tenant: UUID, connection: UUID, profile: str | None) -> None:
    """Runs the sync."""
    tune_interpreter()
    async with open_services(Settings.load()) as opened:
        services = pipeline_services(opened)
        scope = WorkerScope(tenant_id=tenant)
        async with services.database.as_(scope) as tx:
            job = await syncs.request(
                tx, tenant_id=tenant, connection_id=connection, trigger=JobTrigger.USER
            )
        assert job is not None
        watching = cProfile.Profile() if profile else None
        before = resource.getrusage(resource.RUSAGE_SELF)
        started = time.perf_counter()
        if watching:
            watching.enable()
        await run(tenant, job, services=services)
        if watching and profile:
            watching.disable()
            watching.dump_stats(profile)
        seconds = time.perf_counter() - started
        after = resource.getrusage(resource.RUSAGE_SELF)
        async with services.database.as_(scope) as tx:
            row = await tx.row(
                "select state, processed, imported, error_code from app.ingestion_jobs"
                " where tenant_id = $1 and id = $2",
                tenant,
                job,
            )
    assert row is not None
    result = {
        "seconds": seconds,
        "cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mib": after.ru_maxrss / 1024,
        **dict(row),
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    asyncio.run(
        main(UUID(sys.argv[1]), UUID(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
    )
