"""Syncs with a simulated Quiltt that fails: what it means, what stays, and what is never told."""

from __future__ import annotations

from typing import Any, Literal

import asyncpg
import pytest

from sandbox.faults import FaultRule
from sandbox.quiltt_links import ErrorKind
from tests.fixtures.all_logs import AllLogs
from tests.fixtures.quiltt_service import API_KEY
from tests.fixtures.quiltt_syncing import Syncing
from tests.fixtures.quiltt_syncing_fixture import Link

GRAPHQL = "/v1/graphql"


@pytest.mark.parametrize(
    ("status", "code", "state", "connection"),
    [
        (401, "application-refused", "failed", "error"),
        (403, "not-permitted", "failed", "error"),
        (404, "not-found", "failed", "error"),
        (429, "rate-limited", "queued", "active"),
        (500, "provider-unavailable", "queued", "active"),
        (503, "provider-unavailable", "queued", "active"),
    ],
)
async def test_a_status_ends_the_sync_as_it_must_and_keeps_what_there_was(
    link: Link, status: int, code: str, state: str, connection: str
) -> None:
    bank = await link()
    await bank.settle()
    before = await bank.rows()
    bank.quiltt.control.change(bank.external_id, posted=1)
    bank.quiltt.app.faults.add(FaultRule(path=GRAPHQL, kind="status", status=status, times=None))

    job = await bank.sync()
    known = await bank.connection()
    bank.quiltt.app.faults.clear()

    assert (job["state"], job["error_code"]) == (state, code)
    assert known["status"] == connection
    assert known["attention"] == (state == "failed")
    assert await bank.rows() == before
    await _recovered(bank, job)


async def test_a_stated_delay_is_kept(link: Link) -> None:
    bank = await link()
    bank.quiltt.app.faults.add(
        FaultRule(path=GRAPHQL, kind="status", status=429, retry_after="300", times=1)
    )

    job = await bank.sync()

    waits = job["next_run_at"] - job["updated_at"]
    assert 290 < waits.total_seconds() < 310


@pytest.mark.parametrize("kind", ["cut", "garbage"])
async def test_an_answer_that_cannot_be_read_is_asked_for_again(
    link: Link, kind: Literal["cut", "garbage"]
) -> None:
    bank = await link()
    bank.quiltt.app.faults.add(FaultRule(path=GRAPHQL, kind=kind, after=1, times=1))

    job = await bank.sync()

    await _recovered(bank, job)


async def test_errors_with_200_never_make_an_empty_sync(link: Link) -> None:
    for is_partial in (False, True):
        for after in range(2):
            bank = await link()
            bank.quiltt.control.fail_graphql(after=after, times=99, is_partial=is_partial)

            job = await bank.sync()

            known = await bank.connection()
            assert (job["state"], job["error_code"]) == ("queued", "provider-failed")
            assert known["initial_complete_at"] is None
            assert await bank.rows() == {}
            bank.quiltt.app.control._world.graphql_failures.clear()
            await _recovered(bank, job)


async def test_brief_errors_are_passed_over_within_a_sync(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.fail_graphql(after=1, times=1)

    job = await bank.sync()

    assert job["state"] == "completed"


async def test_an_environment_without_plaids_data_is_asked_without_it(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.set(provider="PLAID")
    # Accounts are answered; the question that names Plaid's data is not understood.
    bank.quiltt.control.fail_graphql(code="GRAPHQL_VALIDATION_FAILED", after=1, times=1)

    await bank.settle()

    assert await bank.rows() == bank.truth()


@pytest.mark.parametrize(
    ("kind", "status", "code", "state"),
    [
        ("repairable", "reauth", "login-required", "failed"),
        ("institution", "active", "institution-failed", "queued"),
        ("provider", "active", "upstream-failed", "queued"),
        ("service", "active", "service-failed", "queued"),
    ],
)
async def test_a_broken_connection_tells_who_must_do_something(
    link: Link, kind: ErrorKind, status: str, code: str, state: str
) -> None:
    bank = await link()
    await bank.settle()
    before = await bank.rows()
    bank.quiltt.control.error(bank.external_id, kind=kind)

    job = await bank.sync()
    known = await bank.connection()
    provider = await bank.world.owner.fetchval(
        "select failures from private.provider_states where provider = 'quiltt'"
    )

    assert (job["state"], job["error_code"], known["status"]) == (state, code, status)
    assert job["next_step"]
    assert await bank.rows() == before
    assert not provider  # the bank's trouble is not Quiltt's
    bank.quiltt.control.recover(bank.external_id)
    await _recovered(bank, job)
    assert (await bank.connection())["status"] == "active"


async def test_the_bank_is_asked_again_after_a_quarter_of_an_hour(link: Link) -> None:
    bank = await link()
    bank.quiltt.control.error(bank.external_id, kind="institution")

    job = await bank.sync()

    waits = job["next_run_at"] - job["updated_at"]
    assert 890 < waits.total_seconds() < 910


async def test_an_ended_connection_keeps_its_rows_and_says_so(link: Link) -> None:
    bank = await link()
    await bank.settle()
    before = await bank.rows()
    bank.quiltt.control.disconnect(bank.external_id)

    job = await bank.sync()
    known = await bank.connection()

    assert (job["state"], job["error_code"]) == ("failed", "disconnected")
    assert (known["status"], known["attention"]) == ("error", True)
    assert await bank.rows() == before


async def test_a_profile_that_was_deleted_refuses_the_key(link: Link) -> None:
    bank = await link()
    await bank.settle()
    bank.quiltt.http.delete(f"/v1/profiles/{bank.profile_id}")

    job = await bank.sync()

    assert (job["state"], job["error_code"]) == ("failed", "application-refused")


async def test_a_connection_of_another_profile_is_not_read(link: Link) -> None:
    bank, other = await link(), await link()

    stolen = await bank.use(other.external_id)
    job = await stolen.sync()

    assert (job["state"], job["error_code"]) == ("failed", "not-found")
    assert await stolen.rows() == {}


async def test_no_key_and_no_number_is_in_logs_or_in_what_is_told(
    link: Link, all_logs: AllLogs
) -> None:
    bank = await link()
    told: list[str] = []
    for status in (401, 403, 404, 422, 429, 500):
        rule = FaultRule(path=GRAPHQL, kind="status", status=status, times=None)
        bank.quiltt.app.faults.add(rule)
        job = await bank.sync()
        bank.quiltt.app.faults.clear()
        told += [str(value) for value in dict(job).values()]
        await bank.finish(job["id"])
    told += [
        all_logs.said(),
        str(dict(await bank.connection())),
        repr(bank.world.services.providers),
    ]

    assert not any(API_KEY in text for text in told)


async def _recovered(bank: Syncing, job: asyncpg.Record) -> None:
    """Once all is well again, the tables equal the truth."""
    if job["state"] == "queued":
        await bank.finish(job["id"])
    await bank.settle()
    found: dict[str, Any] = dict(await bank.rows())
    assert found == bank.truth()
