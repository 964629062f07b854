"""The meters of webhooks: what became of them, and for how long nobody has taken one."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from api.webhook_meters import WebhookMeters
from db.pool import connect
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.post_office import Office, office_of
from tests.fixtures.postbox import told
from tests.fixtures.world import World


@pytest.fixture
def office(world: World) -> Office:
    return office_of(world)


async def _told(meters: WebhookMeters, registry: CollectorRegistry) -> set[str]:
    await meters.gather()
    lines = generate_latest(registry).decode().splitlines()
    return {line for line in lines if not line.startswith("#")}


async def test_what_became_of_events_is_told_by_provider(office: Office) -> None:
    registry = CollectorRegistry()
    meters = WebhookMeters(office.world.database, registry)
    await office.linked("item")
    box = await office.box()

    await office.receive(box, told(), told("ping"), told("poison"), told(item="nobody's"))
    await office.process()
    lines = await _told(meters, registry)

    assert lines == {
        'bankfeeds_webhooks_last_hour{provider="postbox",state="done"} 1.0',
        'bankfeeds_webhooks_last_hour{provider="postbox",state="ignored"} 1.0',
        'bankfeeds_webhooks_last_hour{provider="postbox",state="failed"} 1.0',
        'bankfeeds_webhooks_last_hour{provider="postbox",state="parked"} 1.0',
        'bankfeeds_webhook_lag_seconds{provider="postbox"} 0.0',
    }


async def test_what_nobody_takes_is_a_lag(office: Office) -> None:
    registry = CollectorRegistry()
    meters = WebhookMeters(office.world.database, registry)
    await office.receive(await office.box(), told())
    await office.world.owner.execute(
        "update private.webhook_inbox set next_attempt_at = now() - interval '90 seconds'"
    )

    lines = await _told(meters, registry)

    assert 'bankfeeds_webhook_lag_seconds{provider="postbox"} 90.0' in lines


async def test_while_the_database_is_away_nothing_stale_is_told(
    office: Office, database: DatabaseUrls
) -> None:
    registry = CollectorRegistry()
    await office.receive(await office.box(), told())
    async with connect(database.login, size=1) as going:
        meters = WebhookMeters(going, registry)
        before = await _told(meters, registry)

    after = await _told(meters, registry)

    assert len(before) == 2
    assert after == set()
