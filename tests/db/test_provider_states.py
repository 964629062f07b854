"""A provider's circuit: it opens after outages, lets one caller try, and closes on an answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from core.scope import WorkerScope
from db import provider_states
from db.failures import Invalid
from db.pool import connect
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.world import World

START = datetime(2026, 11, 30, 12, tzinfo=UTC)
SOMEBODY = WorkerScope(tenant_id=None)
PLAID = "plaid"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


async def test_four_outages_and_an_answer_open_nothing(world: World) -> None:
    for second in range(4):
        await _fail(world, second)
    await _answer(world)
    for second in range(4, 8):
        await _fail(world, second)

    assert await _ask(world, 9) is None


async def test_outages_that_are_far_apart_open_nothing(world: World) -> None:
    for minute in range(10):
        await _fail(world, minute * 61)

    assert await _ask(world, 10 * 61) is None


async def test_five_outages_within_a_minute_open_the_circuit_for_half_a_minute(
    world: World,
) -> None:
    for second in range(5):
        await _fail(world, second)

    assert await _ask(world, 5) == at(4 + 30)
    assert await _ask(world, 33) == at(4 + 30)
    assert await _ask(world, 34) is None


async def test_the_minute_begins_wherever_five_outages_are_close_together(world: World) -> None:
    for second in (0, 50, 55, 58, 62):
        await _fail(world, second)
    assert await _ask(world, 63) is None, "the first is more than a minute ago"

    await _fail(world, 65)

    assert await _ask(world, 66) == at(65 + 30)


async def test_outages_that_are_noted_out_of_order_count_within_their_minute(world: World) -> None:
    for second in (100, 98, 10, 99, 97):
        await _fail(world, second)
    assert await _ask(world, 101) is None, "one of them is old"

    await _fail(world, 96)

    assert await _ask(world, 101) is not None


async def test_outages_of_one_provider_say_nothing_of_another(world: World) -> None:
    await _open(world)

    async with world.database.as_(SOMEBODY) as tx:
        assert await provider_states.may_call(tx, provider="quiltt", now=at(5)) is None


async def test_of_many_who_ask_at_once_one_may_try(world: World, database: DatabaseUrls) -> None:
    await _open(world)

    async with connect(database.login, size=10) as many:

        async def ask() -> datetime | None:
            async with many.as_(SOMEBODY) as tx:
                return await provider_states.may_call(tx, provider=PLAID, now=at(40))

        answers = await asyncio.gather(*(ask() for _ in range(40)))

    assert answers.count(None) == 1
    assert all(until is None or until > at(40) for until in answers)


async def test_a_probe_that_is_never_heard_of_again_makes_room_for_another(world: World) -> None:
    await _open(world)
    first = await _ask(world, 40)

    assert first is None
    assert await _ask(world, 41) == at(100)
    assert await _ask(world, 99) is not None
    assert await _ask(world, 100) is None


async def test_an_answer_closes_the_circuit(world: World) -> None:
    await _open(world)
    await _ask(world, 40)
    await _answer(world)

    assert [await _ask(world, 41) for _ in range(5)] == [None] * 5
    for second in range(42, 46):
        await _fail(world, second)
    assert await _ask(world, 46) is None, "it counts from the beginning again"


async def test_each_probe_that_fails_makes_the_time_four_times_as_long_up_to_an_hour(
    world: World,
) -> None:
    now = await _open(world)
    delays = [30]
    for _ in range(6):
        now += delays[-1]
        assert await _ask(world, now) is None
        await _fail(world, now)
        until = await _ask(world, now)
        assert until is not None
        delays.append(round((until - at(now)).total_seconds()))

    assert delays == [30, 120, 480, 1_920, 3_600, 3_600, 3_600]


async def test_calls_that_were_under_way_do_not_lengthen_it(world: World) -> None:
    await _open(world)
    for second in range(5, 15):
        await _fail(world, second)

    assert await _ask(world, 15) == at(4 + 30)
    assert await _ask(world, 34) is None


async def test_a_tenant_has_what_was_set_for_all_unless_something_was_set_for_it(
    world: World,
) -> None:
    place, other = await world.place(), await world.place()
    async with world.database.as_(place.worker) as tx:
        await provider_states.set_policy(
            tx,
            provider=PLAID,
            enabled=False,
            app_calls=100,
            connection_calls=None,
            attempts_max=2,
        )
        await provider_states.set_flag(tx, tenant_id=place.tenant_id, provider=PLAID, enabled=True)
        own = await provider_states.policy(tx, tenant_id=place.tenant_id, provider=PLAID)
    async with world.database.as_(other.worker) as tx:
        others = await provider_states.policy(tx, tenant_id=other.tenant_id, provider=PLAID)

    assert (own.enabled, own.app_calls, own.connection_calls, own.attempts_max) == (
        True,
        100,
        None,
        2,
    )
    assert (others.enabled, others.attempts_max) == (False, 2)


async def test_senseless_settings_are_refused(world: World) -> None:
    with pytest.raises(Invalid):
        async with world.database.as_(SOMEBODY) as tx:
            await provider_states.set_policy(
                tx,
                provider=PLAID,
                enabled=None,
                app_calls=0,
                connection_calls=None,
                attempts_max=None,
            )


async def _open(world: World) -> int:
    """Five outages in five seconds; the second of the last."""
    for second in range(5):
        await _fail(world, second)
    return 4


async def _fail(world: World, second: float) -> None:
    async with world.database.as_(SOMEBODY) as tx:
        await provider_states.failed(tx, provider=PLAID, at=at(second))


async def _answer(world: World) -> None:
    async with world.database.as_(SOMEBODY) as tx:
        await provider_states.answered(tx, provider=PLAID)


async def _ask(world: World, second: float) -> datetime | None:
    async with world.database.as_(SOMEBODY) as tx:
        return await provider_states.may_call(tx, provider=PLAID, now=at(second))
