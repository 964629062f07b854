"""Connections that are due get one sync each, whoever looks; others are left alone."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from core.jobs import JobTrigger
from db import ledger, syncs
from db.pool import connect
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.world import Place, World
from workers.scheduler import NEXT, schedule_syncs

CONNECTIONS = 30


@dataclass(slots=True)
class Woken:
    """A queue that remembers whom it woke."""

    jobs: list[tuple[UUID, UUID]] = field(default_factory=list)

    async def wake(self, tenant_id: UUID, job_id: UUID) -> None:
        self.jobs.append((tenant_id, job_id))


async def test_workers_that_look_at_once_make_one_sync_of_each_connection(
    world: World, database: DatabaseUrls
) -> None:
    places = [await _due(world) for _ in range(3)]
    for place in places:
        await _more(world, place, CONNECTIONS)
    queue = Woken()

    async with connect(database.login, size=4) as one, connect(database.login, size=4) as two:
        made = await asyncio.gather(
            *(
                schedule_syncs(world.altered(database=each).services, queue)
                for each in (one, two, one, two)
            )
        )

    each = await world.owner.fetch(
        "select connection_id, count(*) as jobs, min(trigger) as trigger"
        " from app.ingestion_jobs group by connection_id"
    )
    assert sum(made) == len(each) == len(queue.jobs) == 3 * (CONNECTIONS + 1)
    assert {(row["jobs"], row["trigger"]) for row in each} == {(1, "schedule")}
    assert len(set(queue.jobs)) == len(queue.jobs)


@pytest.mark.parametrize("status", ["active", "error"])
async def test_a_connection_that_is_due_is_taken(world: World, status: str) -> None:
    await _due(world, status=status)

    assert await schedule_syncs(world.services, Woken()) == 1
    assert await schedule_syncs(world.services, Woken()) == 0


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "paused"},
        {"status": "reauth"},
        {"status": "disconnected"},
        {"status": "pending"},
        {"provider": "file"},
        {"next_sync_at": datetime(2999, 1, 1, tzinfo=UTC)},
        {"next_sync_at": None},
    ],
    ids=str,
)
async def test_others_are_left_alone(world: World, columns: dict[str, object]) -> None:
    await _due(world, **columns)

    assert await schedule_syncs(world.services, Woken()) == 0
    assert await world.owner.fetchval("select count(*) from app.ingestion_jobs") == 0


@pytest.mark.parametrize("frequency", list(NEXT))
async def test_the_next_time_is_set_before_the_sync_has_run(world: World, frequency: str) -> None:
    place = await _due(world, sync_frequency=str(frequency))
    before = datetime.now(UTC)

    await schedule_syncs(world.services, Woken())

    at = await world.owner.fetchval(
        "select next_sync_at from app.connections where id = $1", place.connection_id
    )
    every = NEXT[frequency]  # type: ignore[index]  # a member of the enumeration
    assert before + every * 0.89 < at < datetime.now(UTC) + every * 1.11


async def test_a_sync_that_waits_covers_those_who_ask_for_another(world: World) -> None:
    place = await _due(world)

    asked = await asyncio.gather(*(_ask(world, place, JobTrigger.WEBHOOK) for _ in range(10)))
    made = await schedule_syncs(world.services, Woken())

    assert sum(job_id is not None for job_id in asked) == 1
    assert made == 0
    assert await world.owner.fetchval("select count(*) from app.ingestion_jobs") == 1


@pytest.mark.parametrize("trigger", [JobTrigger.USER, JobTrigger.WEBHOOK])
async def test_a_scheduled_sync_that_waits_goes_first_once_somebody_asks_for_it(
    world: World, trigger: JobTrigger
) -> None:
    place = await _due(world)
    await _more(world, place, CONNECTIONS)
    await schedule_syncs(world.services, Woken())
    last = await world.owner.fetchrow(
        "select id, connection_id from app.ingestion_jobs order by created_at desc, id desc limit 1"
    )

    assert last is not None
    async with world.database.as_(place.worker) as tx:
        raised = await syncs.request(
            tx,
            tenant_id=place.tenant_id,
            connection_id=last["connection_id"],
            trigger=trigger,
        )

    assert raised == last["id"]
    assert (await ledger.due(world.database, most=1))[0] == (place.tenant_id, last["id"])


async def test_a_schedule_does_not_put_back_what_somebody_asked_for(world: World) -> None:
    place = await _due(world)
    job_id = await _ask(world, place, JobTrigger.USER)

    await schedule_syncs(world.services, Woken())

    assert job_id is not None
    assert (await world.ledger(place, job_id))["trigger"] == "user"


async def test_a_database_that_is_away_is_no_end_of_the_worker(
    world: World, database: DatabaseUrls
) -> None:
    async with connect(database.login, size=1) as closed:
        pass

    assert await schedule_syncs(world.altered(database=closed).services, Woken()) == 0


async def _due(world: World, **columns: object) -> Place:
    given: dict[str, Any] = {
        "provider": "plaid",
        "status": "active",
        "next_sync_at": datetime.now(UTC) - timedelta(minutes=1),
        **columns,
    }
    return await world.place(**given)


async def _more(world: World, place: Place, count: int) -> None:
    """More connections of the tenant that are due."""
    await world.owner.execute(
        "insert into app.connections (tenant_id, name, provider, status, next_sync_at)"
        " select $1, 'C', 'plaid', 'active', now() - interval '1 minute'"
        " from generate_series(1, $2::int)",
        place.tenant_id,
        count,
    )


async def _ask(world: World, place: Place, trigger: JobTrigger) -> UUID | None:
    async with world.database.as_(place.worker) as tx:
        return await syncs.request(
            tx,
            tenant_id=place.tenant_id,
            connection_id=place.connection_id,
            trigger=trigger,
        )


async def test_a_connection_that_cannot_be_scheduled_holds_up_no_other(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    broken, whole = await _due(world), await _due(world)
    queue = Woken()
    await world.owner.execute(
        "update app.connections set next_sync_at = '2020-01-01Z' where id = $1",
        broken.connection_id,
    )
    await world.owner.execute(
        "alter table app.connections add constraint of_test"
        f" check (id <> '{broken.connection_id}' or next_sync_at < '2021-01-01Z')"
    )
    try:
        made = await schedule_syncs(world.services, queue)
    finally:
        await world.owner.execute("alter table app.connections drop constraint of_test")

    assert made == 1
    assert [tenant for tenant, _ in queue.jobs] == [whole.tenant_id]
    assert str(broken.connection_id) in str([vars(record) for record in caplog.records])
