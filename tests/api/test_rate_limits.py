"""Rate limits: what a user and a tenant may spend, over all processes, and how they are told."""

from __future__ import annotations

import asyncio
import io
import logging
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest
from redis.asyncio import Redis

from api.app import create_app
from api.rate_limits import (
    ALLOWANCES_MAX,
    LEASE_S,
    WINDOW_S,
    Allowance,
    RateLimited,
    RateLimits,
    rate_limits,
)
from db.rate_limits import RateLimitsUnavailable, SharedSpending
from db.redis import connect
from tests.api.conftest import Edges
from tests.fixtures.api_server import serving
from tests.fixtures.small_schema import Seen, opener
from tests.fixtures.small_schema import schema as small_schema
from tests.fixtures.world import Place, World

QUOTA = 600  # ten a second


@dataclass(slots=True)
class Clock:
    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass(slots=True)
class Away:
    """A Redis that is away, until it is back."""

    back: bool = False
    asked: list[Mapping[str, float]] = field(default_factory=list)

    async def add(self, spent_s: Mapping[str, float]) -> Sequence[float]:
        self.asked.append(dict(spent_s))
        if not self.back:
            raise RateLimitsUnavailable("ConnectionError")
        return [0.0] * len(spent_s)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with connect(redis_url) as redis:
        yield redis


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


def _alone(clock: Clock, *, user: int = QUOTA, tenant: int = 0) -> RateLimits:
    return RateLimits(Away(), user_quota=user, tenant_quota=tenant, clock=clock)


def _spent(allowance: Allowance, cost: int = 1) -> int:
    """How often this much may be spent at once."""
    for count in range(100_000):
        try:
            allowance.charge(cost)
        except RateLimited:
            return count
    raise AssertionError("nothing was limited")


# One process


def test_no_more_than_the_quota_may_be_spent_at_once(clock: Clock) -> None:
    allowance = _alone(clock).of(uuid4(), None)

    assert _spent(allowance) == QUOTA


def test_what_is_spent_comes_back_evenly(clock: Clock) -> None:
    allowance = _alone(clock).of(uuid4(), None)
    _spent(allowance)

    clock.now += WINDOW_S / 2

    assert _spent(allowance) == QUOTA // 2


def test_a_refusal_says_when_to_come_back_and_then_keeps_its_word(clock: Clock) -> None:
    allowance = _alone(clock).of(uuid4(), None)
    _spent(allowance)

    with pytest.raises(RateLimited) as raised:
        allowance.charge(45)
    clock.now += raised.value.retry_after_s
    allowance.charge(45)

    assert raised.value.retry_after_s == 5
    assert raised.value.headers == {"retry-after": "5"}
    assert f"cost of {QUOTA}" in raised.value.message


def test_a_refusal_costs_nothing(clock: Clock) -> None:
    allowance = _alone(clock).of(uuid4(), None)
    allowance.charge(QUOTA - 10)

    for _ in range(5):
        with pytest.raises(RateLimited):
            allowance.charge(50)

    assert _spent(allowance) == 10


def test_what_costs_more_than_the_quota_needs_all_of_it(clock: Clock) -> None:
    allowance = _alone(clock).of(uuid4(), None)

    allowance.charge(QUOTA * 10)

    with pytest.raises(RateLimited):
        allowance.charge(1)


def test_work_that_was_done_is_paid_for_later(clock: Clock) -> None:
    allowance = _alone(clock).of(uuid4(), None)
    _spent(allowance)

    allowance.charge_anyway(20)
    clock.now += 2

    assert _spent(allowance) == 0
    clock.now += 1
    assert _spent(allowance) == 10


def test_users_of_one_tenant_share_its_quota_and_each_has_their_own(clock: Clock) -> None:
    limits = _alone(clock, user=100, tenant=150)
    tenant = uuid4()

    spent = [_spent(limits.of(uuid4(), tenant)) for _ in range(3)]

    assert spent == [100, 50, 0]
    assert _spent(limits.of(uuid4(), uuid4())) == 100


def test_a_quota_of_zero_limits_nothing_and_says_nothing(clock: Clock) -> None:
    allowance = _alone(clock, user=0, tenant=0).of(uuid4(), uuid4())

    allowance.charge(1_000_000_000)

    assert allowance.headers() == []


def test_headers_say_what_may_be_spent_and_when_all_is_back(clock: Clock) -> None:
    allowance = _alone(clock, user=100, tenant=6_000).of(uuid4(), uuid4())
    allowance.charge(50)

    assert allowance.headers() == [
        (b"ratelimit-policy", b'"user";q=100;w=60, "tenant";q=6000;w=60'),
        (b"ratelimit", b'"user";r=50;t=30, "tenant";r=5950;t=1'),
        (b"ratelimit-limit", b"100"),
        (b"ratelimit-remaining", b"50"),
        (b"ratelimit-reset", b"30"),
    ]


def test_memory_is_bounded_however_many_users_come(clock: Clock) -> None:
    limits = _alone(clock, tenant=QUOTA)
    tenant = uuid4()

    for number in range(ALLOWANCES_MAX + 500):
        limits.of(UUID(int=number), tenant)

    assert len(limits._allowances) == ALLOWANCES_MAX
    assert len(limits._buckets) == ALLOWANCES_MAX + 1


def test_a_charge_takes_a_few_microseconds(clock: Clock) -> None:
    limits = _alone(clock, user=1_000_000_000, tenant=1_000_000_000)
    user, tenant = uuid4(), uuid4()
    count = 20_000

    started = time.process_time()
    for _ in range(count):
        allowance = limits.of(user, tenant)
        allowance.charge(1)
        allowance.headers()
    each_us = (time.process_time() - started) / count * 1e6

    assert each_us < 100, f"{each_us:.1f} µs"  # about 6 on a machine of its own


# Several processes


async def test_processes_together_let_through_a_lease_each_too_much_at_most(redis: Redis) -> None:
    processes, quota, cost = 4, 6_000, 10
    user = uuid4()

    async def spend(limits: RateLimits) -> int:
        allowance, spent = limits.of(user, None), 0
        while True:
            try:
                await allowance.charged(cost)
            except RateLimited:
                return spent
            spent += cost
            await asyncio.sleep(0)

    started = time.monotonic()
    async with AsyncExitStack() as stack:
        each = [
            await stack.enter_async_context(
                rate_limits(SharedSpending(redis), user_quota=quota, tenant_quota=0)
            )
            for _ in range(processes)
        ]
        async with asyncio.TaskGroup() as group:
            spending = [group.create_task(spend(limits)) for limits in each]
    seconds = time.monotonic() - started

    total = sum(one.result() for one in spending)
    renewed = quota / WINDOW_S * seconds
    lease = quota * LEASE_S / WINDOW_S + cost
    assert quota - processes * cost <= total <= quota + renewed + processes * lease


async def test_a_process_hears_what_another_one_spent(redis: Redis) -> None:
    user = uuid4()
    one, other = (
        RateLimits(SharedSpending(redis), user_quota=QUOTA, tenant_quota=0) for _ in range(2)
    )
    one.of(user, None).charge(QUOTA)
    await one.report()

    allowance = other.of(user, None)
    allowance.charge(1)  # from its own copy, which knows nothing yet
    await other.report()

    with pytest.raises(RateLimited):
        allowance.charge(10)


async def test_too_much_that_redis_has_not_heard_of_is_told_first(redis: Redis) -> None:
    user = uuid4()
    one, other = (
        RateLimits(SharedSpending(redis), user_quota=QUOTA, tenant_quota=0) for _ in range(2)
    )
    one.of(user, None).charge(QUOTA)
    await one.report()

    allowance = other.of(user, None)
    allowance.charge(QUOTA * 5 // 100)

    with pytest.raises(RateLimited):
        await allowance.charged(1)


async def test_redis_forgets_a_limit_that_is_whole_again(redis: Redis) -> None:
    await SharedSpending(redis).add({"user:one": 30.0, "user:two": 0.01})

    assert 29_000 < await redis.pttl("bankfeeds:rate:user:one") <= 30_000
    await asyncio.sleep(0.05)
    assert await redis.exists("bankfeeds:rate:user:two") == 0


# Redis is away


async def test_without_redis_each_process_holds_the_limit_by_itself(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    away = Away()
    limits = RateLimits(away, user_quota=QUOTA, tenant_quota=0, clock=clock)
    allowance = limits.of(uuid4(), None)

    with caplog.at_level(logging.WARNING):
        for _ in range(QUOTA):
            await allowance.charged(1)
            await limits.report()

    with pytest.raises(RateLimited):
        await allowance.charged(1)
    assert [record.message for record in caplog.records] == ["rate_limits.alone"]


async def test_what_was_spent_without_redis_is_not_due_when_it_is_back(clock: Clock) -> None:
    away = Away()
    limits = RateLimits(away, user_quota=QUOTA, tenant_quota=0, clock=clock)
    allowance = limits.of(uuid4(), None)
    for _ in range(10):
        allowance.charge(QUOTA)
        await limits.report()
        clock.now += WINDOW_S

    away.back = True
    allowance.charge(10)
    await limits.report()

    assert list(away.asked[-1].values()) == [pytest.approx(1.0)]
    assert limits.shared


async def test_a_redis_that_is_not_there_is_a_reason_to_refuse_nobody(
    edges: Edges, seen: Seen, place: Place, logged: io.StringIO
) -> None:
    settings = edges.settings(REDIS_URL=f"unix://{edges.data_dir}/nobody.sock")
    app = create_app(settings, schema=small_schema, open_context=opener(seen), log_to=logged)

    async with serving(app, edges.data_dir) as api:
        for _ in range(3):
            assert (await api.post(place.user_id, "{ hello }")).status_code == 200
        await asyncio.sleep(1.5)
        assert (await api.post(place.user_id, "{ hello }")).status_code == 200

    assert logged.getvalue().count("rate_limits.alone") == 1
