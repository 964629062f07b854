"""What tenants hear of syncs: that the newest days are there, that all is, that it fails."""

from __future__ import annotations

import json
from typing import Any

from core.notifications import NotificationKind
from db import provider_states
from pipeline.sync_notices import FAILING, FAILING_AGAIN
from sandbox.faults import FaultRule
from tests.fixtures.plaid_feed import Feed, PlaidBank, connected
from tests.fixtures.world import World

AWAY = FaultRule(path="/", kind="status", status=500, times=None)


async def test_the_newest_days_and_the_whole_history_are_told_of_once_each(
    world: World, bank: PlaidBank
) -> None:
    bank.control.set_pace(initial_s=None, historical_s=None)
    feed = await connected(world, bank, await bank.link())

    await feed.sync()
    nothing = await _told(feed)
    bank.control.release(feed.item, historical=False)
    newest = await feed.sync()
    recent = await _told(feed)
    bank.control.release(feed.item)
    oldest = await feed.sync()
    whole = await _told(feed)
    for _ in range(2):
        bank.control.advance(feed.item, added=2)
        await feed.sync()

    initial: tuple[Any, ...] = ("initial_sync_complete", feed.place.connection_id, newest["id"], {})
    history: tuple[Any, ...] = (
        "historical_sync_complete",
        feed.place.connection_id,
        oldest["id"],
        {},
    )
    assert (nothing, recent, whole) == ([], [initial], [initial, history])
    assert await _told(feed) == whole


async def test_a_history_that_is_there_at_once_is_told_of_as_both(feed: Feed) -> None:
    await feed.sync()
    await feed.sync()

    assert [kind for kind, *_ in await _told(feed)] == [
        "initial_sync_complete",
        "historical_sync_complete",
    ]


async def test_failures_in_a_row_are_told_of_at_the_third_and_every_tenth(feed: Feed) -> None:
    await _set_attempts(feed, 1)
    feed.bank.sandbox.faults.add(AWAY)
    told = [await _failures_told_after_another(feed) for _ in range(FAILING_AGAIN + 2)]

    numbers = range(1, FAILING_AGAIN + 3)
    assert told == [(n >= FAILING) + (n >= FAILING_AGAIN) for n in numbers]
    found = await _told(feed)
    assert {kind for kind, *_ in found} == {NotificationKind.FAILING_REPEATEDLY}
    said = {
        "code": "internal-server-error",
        "message": "Plaid cannot answer now.",
        "nextStep": "Nothing: it is tried again later.",
    }
    assert [data for *_, data in found] == [said] * 2


async def test_failures_are_counted_anew_after_a_success(feed: Feed) -> None:
    await _set_attempts(feed, 1)
    for _ in range(2):
        feed.bank.sandbox.faults.add(AWAY)
        told = [await _failures_told_after_another(feed) for _ in range(FAILING - 1)]
        feed.bank.sandbox.faults.clear()
        await feed.sync()
        assert told == [0] * (FAILING - 1)


async def test_a_failure_that_is_tried_again_is_not_told(feed: Feed) -> None:
    feed.bank.sandbox.faults.add(FaultRule(path="/", kind="status", status=429, times=None))

    job = await feed.sync()

    assert job["state"] == "queued"
    assert await _told(feed) == []


async def _told(feed: Feed) -> list[tuple[Any, ...]]:
    """Kind, connection, job and data of the tenant's notifications, oldest first."""
    rows = await feed.world.owner.fetch(
        "select kind, connection_id, job_id, data::text as data from app.notifications"
        " where tenant_id = $1 order by created_at, kind desc",
        feed.place.tenant_id,
    )
    return [
        (row["kind"], row["connection_id"], row["job_id"], json.loads(row["data"])) for row in rows
    ]


async def _failures_told_after_another(feed: Feed) -> int:
    # The provider's circuit is another matter.
    await feed.world.owner.execute(
        "update private.provider_states set failures = 0, open_until = null, opened = 0"
    )
    job = await feed.sync()
    assert job["state"] == "failed"
    return sum(kind == "failing_repeatedly" for kind, *_ in await _told(feed))


async def _set_attempts(feed: Feed, attempts: int) -> None:
    async with feed.world.database.as_(feed.place.worker) as tx:
        await provider_states.set_policy(
            tx,
            provider="plaid",
            enabled=None,
            app_calls=None,
            connection_calls=None,
            attempts_max=attempts,
        )
