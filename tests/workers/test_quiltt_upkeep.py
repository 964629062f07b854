"""Sessions at Quiltt end there when they have ended here, though nobody comes back."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from db import quiltt_sessions as sessions
from resolvers import quiltt_sessions
from resolvers.quiltt_sessions import QuilttSession
from sandbox.faults import FaultRule
from tests.fixtures.context import context
from tests.fixtures.personas import a_persona
from tests.fixtures.quiltt_linking import lives, session_states
from tests.fixtures.quiltt_service import Service
from tests.fixtures.quiltt_syncing import Time
from tests.fixtures.world import Place, World
from workers.quiltt_upkeep import close_sessions


async def test_sessions_of_all_tenants_end_after_fifteen_minutes(
    quiltt_world: World, quiltt: Service
) -> None:
    time = Time()
    world = quiltt_world.altered(clock=time)
    given = [await _session(world) for _ in range(3)]

    time.ahead += timedelta(minutes=14)
    early = await close_sessions(world.services)
    time.ahead += timedelta(minutes=1)
    closed = await close_sessions(world.services)
    again = await close_sessions(world.services)

    assert (early, closed, again) == (0, 3, 0)
    assert await session_states(world) == ["expired"] * 3
    assert not any(lives(quiltt, one.token) for one in given)
    assert (
        await world.owner.fetchval(
            "select count(*) from app.quiltt_sessions where sealed is not null"
        )
        == 0
    )


@pytest.mark.parametrize("status", [401, 500])
async def test_what_fails_is_done_in_the_next_round_and_what_is_gone_is_done(
    quiltt_world: World, quiltt: Service, status: int
) -> None:
    time = Time()
    world = quiltt_world.altered(clock=time)
    await _session(world)
    time.ahead += timedelta(minutes=15)
    fault = FaultRule(path="/v1/users/session", kind="status", status=status, times=None)
    quiltt.app.faults.add(fault)

    first = await close_sessions(world.services)
    quiltt.app.faults.clear()
    then = await close_sessions(world.services)

    assert (first, then) == ((1, 0) if status == 401 else (0, 1))


async def test_one_that_could_not_be_ended_for_a_day_is_forgotten(
    quiltt_world: World, quiltt: Service
) -> None:
    time = Time()
    world = quiltt_world.altered(clock=time)
    await _session(world)
    time.ahead += timedelta(days=1)
    fault = FaultRule(path="/v1/users/session", kind="status", status=500, times=None)
    quiltt.app.faults.add(fault)

    assert await close_sessions(world.services) == 1
    assert await world.owner.fetchval("select closed_at from app.quiltt_sessions") == time()


async def test_each_tenant_has_its_turn(quiltt_world: World) -> None:
    time = Time()
    world = quiltt_world.altered(clock=time)
    place = await world.place()
    for persona_id in [await a_persona(world, place) for _ in range(2)]:
        await _session(world, place, persona_id=persona_id)
    await _session(world)
    time.ahead += timedelta(minutes=15)

    first = await sessions.over(world.services.database, before=time(), most=2)
    every = await sessions.over(world.services.database, before=time(), most=9)

    assert len({tenant_id for tenant_id, _ in first}) == 2
    assert len(set(every)) == 3


async def test_one_that_was_used_is_ended_too(quiltt_world: World, quiltt: Service) -> None:
    session = await _session(quiltt_world)
    await quiltt_world.owner.execute(
        "update app.quiltt_sessions set state = 'used', used_at = now()"
    )

    assert await close_sessions(quiltt_world.services) == 1
    assert not lives(quiltt, session.token)


async def test_a_process_without_quiltt_has_nothing_to_do(world: World) -> None:
    assert await close_sessions(world.services) == 0


async def _session(
    world: World, place: Place | None = None, *, persona_id: UUID | None = None
) -> QuilttSession:
    """A session of a user of the place's, or else of a new tenant's."""
    caller = context(world, place or await world.place())
    return await quiltt_sessions.session_for(caller, persona_id=persona_id, connection_id=None)
