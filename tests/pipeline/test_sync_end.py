"""What a failed sync says of its connection and its provider, and when it is tried again."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import pytest

from core.jobs import JobTrigger
from core.models import Job
from core.provider_error import Action, ErrorKind, ProviderError
from db import ledger, provider_states, raw, syncs
from pipeline.failure import EXHAUSTED, Failure, provider_failure
from pipeline.sync_end import ATTENTION_FAILURES, ended_well, failed
from providers.base import Checkpoint
from providers.plaid.connector import PLAID
from tests.fixtures.world import Place, World

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LEASE = timedelta(minutes=5)


@pytest.fixture
def dated(world: World) -> World:
    """The world at noon."""
    return world.altered(clock=lambda: NOW)


async def test_a_consent_that_is_gone_asks_for_a_person(dated: World) -> None:
    place = await _connection(dated)

    await failed(
        await _job(dated, place),
        _failure(Action.REAUTH, ErrorKind.AUTHENTICATION),
        dated.services,
        is_final=True,
    )

    row = await _row(dated, place)
    assert (row["status"], row["attention"], row["error_count"]) == ("reauth", True, 1)
    assert (row["retry_at"], row["next_sync_at"]) == (None, None)
    assert (row["error_code"], row["error_kind"]) == ("of-test", "authentication")
    assert (row["error_message"], row["next_step"]) == ("It failed.", "Do something.")


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        (ErrorKind.AUTHENTICATION, "user-permission-revoked", "connection_revoked"),
        (ErrorKind.BUSINESS, "disconnected", "connection_revoked"),
        (ErrorKind.BUSINESS, "settings-missing", "connection_stopped"),
    ],
)
async def test_what_trying_again_does_not_change_needs_somebody_to_look(
    dated: World, kind: ErrorKind, code: str, told: str
) -> None:
    place = await _connection(dated)

    await failed(
        await _job(dated, place),
        _failure(Action.STOP, kind, code=code),
        dated.services,
        is_final=True,
    )

    row = await _row(dated, place)
    assert (row["status"], row["attention"]) == ("error", True)
    assert (row["retry_at"], row["next_sync_at"]) == (None, None)
    assert await _told(dated, place) == [(told, code)]
    data = await dated.owner.fetchval("select data from app.notifications")
    assert json.loads(data) == {
        "code": code,
        "message": "It failed.",
        "nextStep": "Do something.",
    }


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ErrorKind.VALIDATION, "invalid-api-keys"),
        (ErrorKind.AUTHENTICATION, "application-refused"),
        (ErrorKind.BUSINESS, "provider-not-offered"),
    ],
)
async def test_what_the_operator_puts_right_is_found_out_the_next_day(
    dated: World, kind: ErrorKind, code: str
) -> None:
    place = await _connection(dated)

    await failed(
        await _job(dated, place),
        _failure(Action.STOP, kind, code=code),
        dated.services,
        is_final=True,
    )

    row = await _row(dated, place)
    assert (row["status"], row["attention"]) == ("error", True)
    assert abs(row["retry_at"] - NOW - timedelta(days=1)) <= timedelta(hours=3)
    assert row["next_sync_at"] == row["retry_at"]
    assert await _told(dated, place) == []


async def test_a_connection_whose_next_sync_a_failure_took_away_is_tried_again(
    dated: World,
) -> None:
    place = await _connection(dated, sync_frequency="daily")
    job = await _job(dated, place)
    await failed(
        job, _failure(Action.REAUTH, ErrorKind.AUTHENTICATION), dated.services, is_final=True
    )
    assert (await _row(dated, place))["next_sync_at"] is None

    await failed(job, _failure(Action.RETRY, ErrorKind.NETWORK), dated.services, is_final=True)

    row = await _row(dated, place)
    assert (row["status"], row["next_sync_at"]) == ("error", row["retry_at"])
    assert row["retry_at"] is not None


@pytest.mark.parametrize(
    ("asked_ago", "wait"),
    [
        (timedelta(seconds=20), timedelta(seconds=5)),  # as soon as the connector says
        (timedelta(hours=1), timedelta(minutes=6)),
        (timedelta(days=90), timedelta(hours=6)),  # as often as others, at the least
    ],
)
async def test_what_does_not_get_ready_is_asked_ever_less_often(
    dated: World, asked_ago: timedelta, wait: timedelta
) -> None:
    place = await _connection(dated)
    job = await _job(dated, place, trigger=JobTrigger.LINK)
    await dated.owner.execute(
        "update app.ingestion_jobs set created_at = now() - $2::interval where id = $1",
        job.id,
        asked_ago,
    )
    async with dated.database.as_(place.worker) as tx:
        connection = await raw.connection(
            tx, tenant_id=place.tenant_id, connection_id=place.connection_id
        )

    await ended_well(
        job,
        connection,
        PLAID,
        Checkpoint(
            cursor=None,
            initial_complete=False,
            history_complete=False,
            again_after=timedelta(seconds=5),
        ),
        dated.services,
    )

    found = (await _row(dated, place))["next_sync_at"] - NOW
    assert wait <= found <= wait + timedelta(seconds=3)


async def test_a_connection_that_fails_again_and_again_is_tried_ever_less_often(
    dated: World,
) -> None:
    place = await _connection(dated)
    job = await _job(dated, place)
    waits, attention = [], []
    for _ in range(6):
        await failed(job, _failure(Action.RETRY, ErrorKind.BUSINESS), dated.services, is_final=True)
        row = await _row(dated, place)
        waits.append(row["retry_at"] - NOW)
        attention.append(row["attention"])
        assert (row["status"], row["next_sync_at"]) == ("error", row["retry_at"])

    most = [timedelta(seconds=s) for s in (30, 120, 600, 3_600, 3_600, 3_600)]
    assert all(step / 2 <= wait <= step for wait, step in zip(waits, most, strict=True)), waits
    assert attention == [count >= ATTENTION_FAILURES for count in range(1, 7)]
    assert (await _row(dated, place))["error_count"] == 6


async def test_a_provider_that_says_when_is_not_asked_sooner(dated: World) -> None:
    place = await _connection(dated)

    await failed(
        await _job(dated, place),
        _failure(Action.RETRY, ErrorKind.RATE_LIMIT, retry_after=timedelta(hours=2)),
        dated.services,
        is_final=True,
    )

    assert (await _row(dated, place))["retry_at"] == NOW + timedelta(hours=2)


async def test_a_connection_that_is_synced_by_hand_is_not_tried_by_itself(dated: World) -> None:
    place = await _connection(dated, next_sync_at=None, sync_frequency="manual")

    await failed(
        await _job(dated, place),
        _failure(Action.RETRY, ErrorKind.NETWORK),
        dated.services,
        is_final=True,
    )

    row = await _row(dated, place)
    assert (row["status"], row["next_sync_at"]) == ("error", None)


async def test_a_paused_connection_stays_paused(dated: World) -> None:
    place = await _connection(dated)
    job = await _job(dated, place)
    await dated.owner.execute(
        "update app.connections set status = 'paused' where id = $1", place.connection_id
    )

    await failed(
        job,
        _failure(Action.REAUTH, ErrorKind.AUTHENTICATION),
        dated.services,
        is_final=True,
    )

    row = await _row(dated, place)
    assert (row["status"], row["error_code"]) == ("paused", "of-test")


async def test_a_failure_that_is_tried_again_says_nothing_of_the_connection(dated: World) -> None:
    place = await _connection(dated)
    before = await _row(dated, place)

    await failed(
        await _job(dated, place),
        _failure(Action.RETRY, ErrorKind.NETWORK),
        dated.services,
        is_final=False,
    )

    assert await _row(dated, place) == before


async def test_outages_count_against_the_provider_and_whoever_says_no_answers(
    dated: World,
) -> None:
    place = await _connection(dated)
    job = await _job(dated, place)
    outage = _failure(Action.RETRY, ErrorKind.NETWORK)

    for _ in range(4):
        await failed(job, outage, dated.services, is_final=False)
    await failed(job, _failure(Action.RETRY, ErrorKind.RATE_LIMIT), dated.services, is_final=False)
    await failed(job, outage, dated.services, is_final=False)
    after_an_answer = await _open_until(dated, place)
    for _ in range(4):
        await failed(job, outage, dated.services, is_final=False)

    assert after_an_answer is None
    assert await _open_until(dated, place) == NOW + timedelta(seconds=30)


@pytest.mark.parametrize("code", ["provider-not-offered", "not-connected"])
async def test_errors_of_our_own_close_no_circuit(dated: World, code: str) -> None:
    place = await _connection(dated)
    job = await _job(dated, place)
    for _ in range(5):
        await failed(job, _failure(Action.RETRY, ErrorKind.NETWORK), dated.services, is_final=False)

    await failed(
        job, _failure(Action.STOP, ErrorKind.BUSINESS, code=code), dated.services, is_final=False
    )
    await failed(job, EXHAUSTED, dated.services, is_final=False)

    assert await _open_until(dated, place) is not None


async def test_a_failure_of_ours_is_one_of_validation_on_the_connection(dated: World) -> None:
    place = await _connection(dated)

    await failed(await _job(dated, place), EXHAUSTED, dated.services, is_final=True)

    row = await _row(dated, place)
    assert (row["status"], row["error_kind"]) == ("error", "validation")
    assert row["error_code"] == "attempts-exhausted"
    assert row["retry_at"] is not None


def _failure(
    action: Action,
    kind: ErrorKind,
    *,
    code: str = "of-test",
    retry_after: timedelta | None = None,
) -> Failure:
    return provider_failure(
        ProviderError(
            action=action,
            kind=kind,
            code=code,
            message="It failed.",
            next_step="Do something.",
            retry_after=retry_after,
        )
    )


async def _connection(world: World, **columns: object) -> Place:
    given: dict[str, Any] = {
        "provider": "plaid",
        "status": "active",
        "next_sync_at": NOW,
        **columns,
    }
    return await world.place(**given)


async def _told(world: World, place: Place) -> list[tuple[str, str]]:
    rows = await world.owner.fetch(
        "select kind, data ->> 'code' as code from app.notifications where tenant_id = $1",
        place.tenant_id,
    )
    return [(row["kind"], row["code"]) for row in rows]


async def _job(world: World, place: Place, trigger: JobTrigger = JobTrigger.SCHEDULE) -> Job:
    """A sync that a worker has."""
    async with world.database.as_(place.worker) as tx:
        job_id = await syncs.request(
            tx,
            tenant_id=place.tenant_id,
            connection_id=place.connection_id,
            trigger=trigger,
        )
    assert job_id is not None
    job = await ledger.claim(world.database, tenant_id=place.tenant_id, job_id=job_id, lease=LEASE)
    assert job is not None
    return job


async def _row(world: World, place: Place) -> asyncpg.Record:
    row = await world.owner.fetchrow(
        "select status, next_sync_at, error_code, error_kind, error_message, next_step,"
        " error_count, retry_at, attention from app.connections where id = $1",
        place.connection_id,
    )
    assert row is not None
    return row


async def _open_until(world: World, place: Place) -> datetime | None:
    async with world.database.as_(place.worker) as tx:
        policy = await provider_states.policy(tx, tenant_id=place.tenant_id, provider="plaid")
    return policy.open_until
