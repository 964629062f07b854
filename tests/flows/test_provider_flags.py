"""Providers that the operator keeps from a tenant, or from all, while connections are there."""

from __future__ import annotations

import pytest

from core.scope import WorkerScope
from db import provider_states
from tests.fixtures.plaid_feed import Feed, PlaidBank, connected
from tests.fixtures.world import World

OPERATOR = WorkerScope(tenant_id=None)
REFUSED = ("failed", "provider-not-offered", "business")


@pytest.fixture
async def feed(world: World, bank: PlaidBank) -> Feed:
    """A connection that was synced once."""
    feed = await connected(world, bank, await bank.link())
    await feed.sync()
    return feed


async def test_a_provider_that_is_kept_from_a_tenant_is_not_asked_for_it(feed: Feed) -> None:
    await _flag(feed, enabled=False)
    feed.bank.sandbox.faults.forget_requests()

    job = await feed.sync()

    assert (job["state"], job["error_code"], job["error_kind"]) == REFUSED
    assert feed.bank.sandbox.faults.requests() == []
    connection = await feed.connection()
    assert (connection["status"], connection["attention"]) == ("error", True)
    await feed.assert_truth()


async def test_another_tenant_is_served_all_the_same(
    feed: Feed, world: World, bank: PlaidBank
) -> None:
    other = await connected(world, bank, await bank.link())
    await _flag(feed, enabled=False)

    job = await other.sync()

    assert job["state"] == "completed"
    await other.assert_truth()


async def test_a_tenant_that_is_served_again_goes_on_where_it_was(feed: Feed) -> None:
    await _flag(feed, enabled=False)
    await feed.sync()
    feed.bank.control.advance(feed.item, added=3, removed=1)
    await _flag(feed, enabled=None)

    job = await feed.sync()

    assert job["state"] == "completed"
    assert (await feed.connection())["status"] == "active"
    await feed.assert_truth()


async def test_a_provider_that_is_off_for_all_is_on_for_whom_it_is_set(
    feed: Feed, world: World, bank: PlaidBank
) -> None:
    other = await connected(world, bank, await bank.link())
    async with world.database.as_(OPERATOR) as tx:
        await provider_states.set_policy(
            tx,
            provider="plaid",
            enabled=False,
            app_calls=None,
            connection_calls=None,
            attempts_max=None,
        )
    await _flag(feed, enabled=True)

    served, refused = await feed.sync(), await other.sync()

    assert served["state"] == "completed"
    assert (refused["state"], refused["error_code"], refused["error_kind"]) == REFUSED


async def _flag(feed: Feed, *, enabled: bool | None) -> None:
    async with feed.world.database.as_(feed.place.worker) as tx:
        await provider_states.set_flag(
            tx, tenant_id=feed.place.tenant_id, provider="plaid", enabled=enabled
        )
