"""Syncs that fail at the simulated Plaid: how often they are tried, and how soon."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from core.jobs import ATTEMPTS_MAX, JobTrigger
from db import provider_states, syncs
from pipeline.run import run
from sandbox.faults import FaultRule
from tests.fixtures.plaid_feed import Feed, PlaidBank, connected
from tests.fixtures.world import World

SYNC = "/transactions/sync"
WINDOW_S = 2  # in which something happens while a sync runs, on a busy machine too
AWAY = FaultRule(path="/", kind="status", status=500, times=None)


async def test_a_stated_delay_is_kept_to(feed: Feed) -> None:
    feed.bank.sandbox.faults.add(FaultRule(path=SYNC, kind="status", status=429, retry_after="900"))

    job = await feed.sync()

    assert (job["state"], job["error_kind"], job["attempts"]) == ("queued", "rate_limit", 1)
    assert _wait(job) >= timedelta(seconds=895)


async def test_without_a_stated_delay_the_next_try_comes_soon(feed: Feed) -> None:
    feed.bank.sandbox.faults.add(AWAY)

    job = await feed.sync()

    assert (job["state"], job["error_code"] is not None) == ("queued", True)
    assert timedelta(0) < _wait(job) <= timedelta(seconds=1)


async def test_a_sync_is_given_up_after_its_tries(feed: Feed) -> None:
    feed.bank.sandbox.faults.add(AWAY)

    states = await _tries(feed)

    connection = await feed.connection()
    assert states == ["queued"] * (ATTEMPTS_MAX - 1) + ["failed"]
    assert (connection["status"], connection["error_kind"]) == ("error", "network")


async def test_the_operator_sets_how_often_a_provider_is_tried(feed: Feed) -> None:
    await _set_attempts(feed, 2)
    feed.bank.sandbox.faults.add(AWAY)

    assert await _tries(feed) == ["queued", "failed"]


async def test_more_tries_than_usual_may_be_set_as_well(feed: Feed) -> None:
    await _set_attempts(feed, 7)
    feed.bank.sandbox.faults.add(AWAY)

    assert await _tries(feed) == ["queued"] * 6 + ["failed"]


async def test_a_sync_whose_second_half_always_fails_is_given_up_too(
    world: World, bank: PlaidBank
) -> None:
    feed = await connected(
        world, bank, await bank.link("user_good_77", products=("transactions", "investments"))
    )
    await feed.sync()
    bank.sandbox.faults.add(FaultRule(path="/investments", kind="status", status=500, times=None))

    states = await _tries(feed)

    assert states == ["queued"] * (ATTEMPTS_MAX - 1) + ["failed"]
    assert (await feed.connection())["status"] == "error"


async def test_while_the_circuit_is_open_syncs_wait_and_lose_no_try(feed: Feed) -> None:
    async with feed.world.database.as_(feed.place.worker) as tx:
        for _ in range(5):
            await provider_states.failed(tx, provider="plaid", at=feed.world.services.clock())
    feed.bank.sandbox.faults.forget_requests()

    jobs = [await feed.sync() for _ in range(ATTEMPTS_MAX + 2)]

    assert {(job["state"], job["attempts"], job["error_code"]) for job in jobs} == {
        ("queued", 0, None)
    }
    assert timedelta(seconds=15) < _wait(jobs[-1]) <= timedelta(seconds=30)
    assert feed.bank.sandbox.faults.requests() == []


async def test_a_probe_that_is_answered_lets_all_syncs_go_on(feed: Feed) -> None:
    async with feed.world.database.as_(feed.place.worker) as tx:
        for _ in range(5):
            await provider_states.failed(
                tx, provider="plaid", at=feed.world.services.clock() - timedelta(seconds=31)
            )

    job = await feed.sync()

    assert job["state"] == "completed"
    async with feed.world.database.as_(feed.place.worker) as tx:
        policy = await provider_states.policy(tx, tenant_id=feed.place.tenant_id, provider="plaid")
    assert policy.open_until is None
    await feed.assert_truth()


async def test_a_sync_that_fails_after_another_was_asked_for_leaves_the_rest_to_it(
    feed: Feed,
) -> None:
    feed.bank.sandbox.faults.add(FaultRule(path="/accounts/get", kind="slow", delay_s=WINDOW_S))
    feed.bank.sandbox.faults.add(FaultRule(path=SYNC, kind="status", status=429, retry_after="60"))
    first = await _asked(feed)
    assert first is not None
    running = asyncio.create_task(run(feed.place.tenant_id, first, services=feed.world.services))
    second = await _asked_while_running(feed)
    await running

    before = await feed.world.ledger(feed.place, first)
    after = await feed.world.ledger(feed.place, second)
    assert (before["state"], before["error_kind"]) == ("failed", "rate_limit")
    assert after["state"] == "queued"
    assert _wait(after) > timedelta(seconds=50), "it is no way around the delay"
    await feed.world.make_due(feed.place, second)
    done = await feed.world.run(feed.place, second)
    assert done["state"] == "completed"
    await feed.assert_truth()


async def test_a_running_sync_that_is_cancelled_stops_at_its_next_page(feed: Feed) -> None:
    feed.bank.sandbox.faults.add(FaultRule(path=SYNC, kind="slow", delay_s=WINDOW_S))
    job_id = await _asked(feed)
    assert job_id is not None
    running = asyncio.create_task(run(feed.place.tenant_id, job_id, services=feed.world.services))
    await _until_running(feed, job_id)
    async with feed.world.database.as_(feed.place.user) as tx:
        await tx.run(
            "update app.ingestion_jobs set cancel_requested_at = now() where id = $1", job_id
        )
    await running

    job = await feed.world.ledger(feed.place, job_id)
    assert (job["state"], job["cancel_requested_at"]) == ("cancelled", None)
    assert await feed.rows() == []
    again = await feed.sync()
    assert again["state"] == "completed"
    await feed.assert_truth()


@pytest.mark.parametrize("status", ["paused", "disconnected"])
async def test_a_running_sync_whose_connection_is_stopped_stops_at_its_next_page(
    feed: Feed, status: str
) -> None:
    feed.bank.sandbox.faults.add(FaultRule(path=SYNC, kind="slow", delay_s=WINDOW_S))
    job_id = await _asked(feed)
    assert job_id is not None
    running = asyncio.create_task(run(feed.place.tenant_id, job_id, services=feed.world.services))
    await _until_running(feed, job_id)
    await _set_status(feed, status)
    await running

    job = await feed.world.ledger(feed.place, job_id)
    assert (job["state"], (await feed.connection())["status"]) == ("cancelled", status)
    assert await feed.rows() == []


@pytest.mark.parametrize("status", ["paused", "disconnected"])
async def test_a_stopped_connection_is_not_synced_by_what_waited(feed: Feed, status: str) -> None:
    job_id = await _asked(feed)
    assert job_id is not None
    feed.bank.sandbox.faults.forget_requests()
    await _set_status(feed, status)

    job = await feed.world.run(feed.place, job_id)

    assert job["state"] == "cancelled"
    assert feed.bank.sandbox.faults.requests() == []
    assert await _asked(feed) is None, "and nobody can ask for another"


async def test_a_worker_that_lost_the_job_says_nothing_of_the_connection(feed: Feed) -> None:
    await _set_attempts(feed, 1)
    await feed.world.owner.execute("""
      create function app.taken_over() returns trigger language plpgsql as
      $$ begin new.fence = old.fence + 1; return new; end $$;
      create trigger taken_over before update of stage on app.ingestion_jobs
      for each row execute function app.taken_over()
    """)
    feed.bank.sandbox.faults.add(AWAY)

    job = await feed.sync()

    connection = await feed.connection()
    assert job["state"] == "running", "it is another worker's"
    assert (connection["status"], connection["error_count"]) == ("active", 0)
    assert not await feed.world.owner.fetchval("select sum(failures) from private.provider_states")


async def _set_status(feed: Feed, status: str) -> None:
    await feed.world.owner.execute(
        "update app.connections set status = $2 where id = $1", feed.place.connection_id, status
    )


async def _asked(feed: Feed) -> UUID | None:
    async with feed.world.database.as_(feed.place.worker) as tx:
        return await syncs.request(
            tx,
            tenant_id=feed.place.tenant_id,
            connection_id=feed.place.connection_id,
            trigger=JobTrigger.USER,
        )


async def _asked_while_running(feed: Feed) -> UUID:
    """Another sync, as soon as the one that waited runs."""
    async with asyncio.timeout(10):
        while True:
            job_id = await _asked(feed)
            if job_id is not None:
                return job_id
            await asyncio.sleep(0.02)


async def _until_running(feed: Feed, job_id: UUID) -> None:
    async with asyncio.timeout(10):
        while True:
            if (await feed.world.ledger(feed.place, job_id))["stage"] == "fetch":
                return
            await asyncio.sleep(0.02)


async def _tries(feed: Feed) -> list[str]:
    """The states of one sync after each try, until it is settled."""
    states: list[str] = []
    while states[-1:] in ([], ["queued"]) and len(states) < 20:
        # The provider's circuit is another matter.
        await feed.world.owner.execute(
            "update private.provider_states set failures = 0, open_until = null, opened = 0"
        )
        states.append((await feed.sync())["state"])
    return states


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


def _wait(job: asyncpg.Record) -> timedelta:
    """How long the job waits for its next try, from when that was said."""
    said: datetime = job["updated_at"]
    due: datetime = job["next_run_at"]
    return due - said
