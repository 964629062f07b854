"""What follows a job's rows may be late, and then fails nothing."""

from __future__ import annotations

from core.models import Job
from db import ledger
from pipeline.following import follow
from pipeline.services import Services
from tests.fixtures.world import World


async def test_a_step_that_takes_too_long_leaves_a_finding_and_the_others_go_on(
    world: World,
) -> None:
    place = await world.place()
    job_id = await world.job(place, b"")
    job = await ledger.claim(
        world.database, tenant_id=place.tenant_id, job_id=job_id, lease=world.services.lease
    )
    assert job is not None
    done = []

    async def late(job: Job, services: Services) -> None:
        async with services.database.as_(services.scope(job)) as tx:
            await tx.run("set local statement_timeout = 20")
            await tx.run("select pg_sleep(5)")

    async def next_one(job: Job, services: Services) -> None:
        done.append(job.id)

    await follow(job, world.services, steps={late: "sleeping", next_one: "noting"})

    findings = await world.owner.fetch(
        "select code, message from app.ingestion_findings where job_id = $1", job_id
    )
    assert done == [job_id]
    assert [one["code"] for one in findings] == ["follow-up-late"]
    assert "sleeping took too long" in findings[0]["message"]
