"""Tenants take turns: a thousand syncs of one delay another's by no more than a few."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
from redis.asyncio import Redis

from core.jobs import JobTrigger
from db import syncs
from db.throttle import Throttle
from pipeline.provider_access import ProviderAccess, open_http
from tests.fixtures.world import Place, World
from workers.main import run_job
from workers.scheduler import schedule_syncs

MANY = 1_000
FEW = 3


@dataclass(slots=True)
class Line:
    """Wakes in the order in which they came."""

    waiting: deque[tuple[UUID, UUID]] = field(default_factory=deque)

    async def wake(self, tenant_id: UUID, job_id: UUID) -> None:
        self.waiting.append((tenant_id, job_id))


@pytest.fixture
async def quick(world: World, redis_url: str) -> AsyncIterator[World]:
    """The world where each sync ends at once: the operator has no application anywhere."""
    async with open_http() as http, Redis.from_url(redis_url) as redis:
        yield world.altered(providers=_nowhere(http, redis))


async def test_a_tenant_with_a_thousand_syncs_does_not_keep_another_waiting(
    quick: World,
) -> None:
    line = Line()
    large = await _tenant(quick, MANY)
    await schedule_syncs(quick.services, line)
    await _work(quick, line, 20)

    small = await _tenant(quick, 1)
    await schedule_syncs(quick.services, line)
    await _work(quick, line, 20)

    order = await _order(quick)
    assert len(order) == 40
    assert set(order[:20]) == {large.tenant_id}
    assert small.tenant_id in order[20 : 20 + FEW]


async def test_tenants_whose_syncs_come_due_together_take_turns(quick: World) -> None:
    line = Line()
    large, small = await _tenant(quick, MANY), await _tenant(quick, 5)

    await schedule_syncs(quick.services, line)
    await _work(quick, line, 15)

    order = await _order(quick)
    assert order[:10].count(small.tenant_id) == 5
    assert order[:10].count(large.tenant_id) == 5


async def test_what_people_and_webhooks_ask_for_goes_before_what_is_scheduled(
    quick: World,
) -> None:
    line = Line()
    place = await _tenant(quick, 50)
    await schedule_syncs(quick.services, line)
    asked = []
    for trigger in (JobTrigger.WEBHOOK, JobTrigger.USER):
        connection_id = await quick.owner.fetchval(
            "insert into app.connections (tenant_id, name, provider, status)"
            " values ($1, 'C', 'plaid', 'active') returning id",
            place.tenant_id,
        )
        async with quick.database.as_(place.worker) as tx:
            job_id = await syncs.request(
                tx, tenant_id=place.tenant_id, connection_id=connection_id, trigger=trigger
            )
        assert job_id is not None
        await line.wake(place.tenant_id, job_id)
        asked.append(job_id)

    await _work(quick, line, 10)

    started = await quick.owner.fetch(
        "select id from app.ingestion_jobs where started_at is not null order by started_at"
    )
    assert [row["id"] for row in started[:2]] == asked


def _nowhere(http: httpx.AsyncClient, redis: Redis) -> ProviderAccess:
    return ProviderAccess(http=http, apps={}, throttle=Throttle(redis))


async def _tenant(world: World, connections: int) -> Place:
    """A tenant with so many connections that are due."""
    place = await world.place(
        provider="plaid", status="active", next_sync_at=datetime.now(UTC) - timedelta(minutes=1)
    )
    await world.owner.execute(
        "insert into app.connections (tenant_id, name, provider, status, next_sync_at)"
        " select $1, 'C', 'plaid', 'active', now() - interval '1 hour'"
        " from generate_series(1, $2::int)",
        place.tenant_id,
        connections - 1,
    )
    return place


async def _work(world: World, line: Line, wakes: int) -> None:
    """One worker heeds so many wakes."""
    for _ in range(wakes):
        tenant_id, job_id = line.waiting.popleft()
        await run_job({"pipeline": world.services}, str(tenant_id), str(job_id))


async def _order(world: World) -> list[UUID]:
    """Whose syncs began, in that order."""
    rows = await world.owner.fetch(
        "select tenant_id from app.ingestion_jobs where started_at is not null order by started_at"
    )
    return [row["tenant_id"] for row in rows]
