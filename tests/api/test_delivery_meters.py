"""The meters of deliveries: what became of them, and for how long one is due."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from api.delivery_meters import DeliveryMeters
from db.pool import connect
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.post import Post, post_office
from tests.fixtures.receiver import receiving, status
from tests.fixtures.world import World


@pytest.fixture
async def post(world: World, redis_url: str) -> AsyncIterator[Post]:
    async with post_office(world, redis_url) as post:
        yield post


async def _told(meters: DeliveryMeters, registry: CollectorRegistry) -> set[str]:
    await meters.gather()
    lines = generate_latest(registry).decode().splitlines()
    return {line for line in lines if not line.startswith("#")}


async def test_what_became_of_deliveries_is_told_by_channel(post: Post) -> None:
    registry = CollectorRegistry()
    meters = DeliveryMeters(post.world.database, post.clock, registry)
    place, other = await post.world.place(), await post.world.place()
    async with receiving() as receiver, receiving(status(410)) as gone:
        await post.webhook(place, receiver.url)
        await post.slack(other, gone.url)
        await post.put(place)
        await post.put(other)
        await post.deliver()
        await post.put(place)
        post.clock.forward(seconds=90)

        lines = await _told(meters, registry)
        post.clock.forward(hours=2)
        later = await _told(meters, registry)

    lag = 'bankfeeds_notification_lag_seconds{channel="webhook"} '
    assert {line for line in lines if not line.startswith(lag)} == {
        'bankfeeds_notification_deliveries{channel="webhook",state="delivered"} 1.0',
        'bankfeeds_notification_deliveries{channel="webhook",state="pending"} 1.0',
        'bankfeeds_notification_deliveries{channel="slack",state="failed"} 1.0',
    }
    (waits,) = [float(line.removeprefix(lag)) for line in lines if line.startswith(lag)]
    assert waits >= 90
    assert not [line for line in later if "delivered" in line or "failed" in line]
    assert str(place.tenant_id) not in str(lines)


async def test_while_the_database_is_away_nothing_stale_is_told(
    post: Post, database: DatabaseUrls
) -> None:
    registry = CollectorRegistry()
    place = await post.world.place()
    await post.email(place, recipient_role="admin")
    await post.put(place)
    async with connect(database.login, size=1) as going:
        meters = DeliveryMeters(going, post.clock, registry)
        before = await _told(meters, registry)

    after = await _told(meters, registry)

    assert len(before) == 2
    assert after == set()
