"""What nobody needs any more is forgotten: at its age, part by part, and nothing else with it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from db.leftovers import Pruned
from tests.fixtures.graph import Graph, graph_of
from tests.fixtures.world import Place, World
from workers.upkeep import (
    DELIVERIES_KEPT_FOR,
    NOTIFICATIONS_KEPT_FOR,
    PARTS_MOST,
    prune_leftovers,
)

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture
async def graph(world: World, redis_url: str) -> AsyncIterator[Graph]:
    async with graph_of(world, redis_url) as graph:
        yield graph


async def _count(world: World, table: str) -> int:
    found = await world.owner.fetchval(f"select count(*) from {table}")
    assert isinstance(found, int)
    return found


async def _link(world: World, place: Place, *, expires_at: datetime) -> None:
    await world.owner.execute(
        "insert into app.connection_links"
        " (tenant_id, user_id, provider, state_hash, sealed, callback_url, expires_at)"
        " values ($1, $2, 'plaid', sha256('s'), sha256('s'), 'https://x.example', $3)",
        place.tenant_id,
        uuid4(),
        expires_at,
    )


async def _notification(world: World, place: Place, *, at: datetime) -> UUID:
    found = await world.owner.fetchval(
        "insert into app.notifications (tenant_id, kind, key, created_at)"
        " values ($1, 'test', gen_random_uuid()::text, $2) returning id",
        place.tenant_id,
        at,
    )
    assert isinstance(found, UUID)
    await world.owner.execute(
        "insert into app.notification_reads (tenant_id, notification_id, user_id)"
        " values ($1, $2, gen_random_uuid())",
        place.tenant_id,
        found,
    )
    return found


async def _channel(world: World, place: Place, *, previous_until: datetime) -> UUID:
    found = await world.owner.fetchval(
        "insert into app.notification_channels (tenant_id, type, name, host, ending)"
        " values ($1, 'webhook', 'ours', 'x.example', 'hook') returning id",
        place.tenant_id,
    )
    assert isinstance(found, UUID)
    await world.owner.execute(
        "insert into app.notification_channel_secrets (tenant_id, channel_id, sealed_url,"
        " sealed_secret, sealed_previous, previous_until)"
        " values ($1, $2, sha256('u'), sha256('s'), sha256('p'), $3)",
        place.tenant_id,
        found,
        previous_until,
    )
    return found


async def _delivery(
    world: World, place: Place, notification: UUID, channel: UUID, *, settled_at: datetime | None
) -> None:
    await world.owner.execute(
        "insert into app.notification_deliveries (tenant_id, notification_id, channel_id, state,"
        " next_attempt_at, settled_at)"
        " values ($1, $2, $3, $4, $5::timestamptz, $6::timestamptz)",
        place.tenant_id,
        notification,
        channel,
        "pending" if settled_at is None else "delivered",
        NOW if settled_at is None else None,
        settled_at,
    )


async def test_links_are_forgotten_a_day_after_they_ended(graph: Graph) -> None:
    place = await graph.world.place()
    for expires_at in (NOW - DAY - HOUR, NOW - DAY + HOUR, NOW + HOUR):
        await _link(graph.world, place, expires_at=expires_at)

    gone = await prune_leftovers(graph.services, now=NOW)

    assert gone == Pruned(links=1)
    assert await _count(graph.world, "app.connection_links") == 2


async def test_secrets_before_a_rotation_are_forgotten_when_they_end(graph: Graph) -> None:
    place = await graph.world.place()
    over = await _channel(graph.world, place, previous_until=NOW - HOUR)
    await _channel(graph.world, place, previous_until=NOW + HOUR)
    for hours in (-1, 1):
        await graph.world.owner.execute(
            "insert into private.webhook_endpoints (id, provider, kind, token_hash,"
            " sealed_secret, sealed_previous, previous_until)"
            " values (gen_random_uuid(), 'plaid', 'application', sha256($1::text::bytea),"
            " sha256('s'), sha256('p'), $2)",
            str(hours),
            NOW + hours * HOUR,
        )

    gone = await prune_leftovers(graph.services, now=NOW)

    assert gone == Pruned(secrets=2)
    left = "select count(*) from {} where sealed_previous is not null and sealed_secret is not null"
    for table in ("app.notification_channel_secrets", "private.webhook_endpoints"):
        assert await graph.world.owner.fetchval(left.format(table)) == 1
    cleared = await graph.world.owner.fetchval(
        "select sealed_previous is null from app.notification_channel_secrets"
        " where channel_id = $1",
        over,
    )
    assert cleared is True


async def test_deliveries_and_notifications_are_forgotten_at_their_ages(graph: Graph) -> None:
    world, place = graph.world, await graph.world.place()
    channel = await _channel(world, place, previous_until=NOW + HOUR)
    old, kept = NOW - NOTIFICATIONS_KEPT_FOR - DAY, NOW - NOTIFICATIONS_KEPT_FOR + DAY
    ancient = await _notification(world, place, at=old)
    waiting = await _notification(world, place, at=old)
    young = await _notification(world, place, at=kept)
    settled = NOW - DELIVERIES_KEPT_FOR
    await _delivery(world, place, ancient, channel, settled_at=settled - DAY)
    await _delivery(world, place, waiting, channel, settled_at=None)
    await _delivery(world, place, young, channel, settled_at=settled + DAY)

    gone = await prune_leftovers(graph.services, now=NOW)

    assert gone == Pruned(deliveries=1, notifications=1)
    left = await world.owner.fetch("select id from app.notifications")
    assert {row["id"] for row in left} == {waiting, young}
    assert await _count(world, "app.notification_reads") == 2
    assert await _count(world, "app.notification_deliveries") == 2


async def test_what_is_old_goes_part_by_part_and_the_rest_another_day(graph: Graph) -> None:
    place = await graph.world.place()
    for _ in range(PARTS_MOST + 2):
        await _link(graph.world, place, expires_at=NOW - 2 * DAY)

    first = await prune_leftovers(graph.services, now=NOW, part=1)
    second = await prune_leftovers(graph.services, now=NOW, part=1)

    assert (first, second) == (Pruned(links=PARTS_MOST), Pruned(links=2))
