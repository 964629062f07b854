"""Reactions: what becomes of a connection, and who is told, when a provider tells something."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from pipeline.reactions import react
from providers.webhooks import Healthy, Ignore, Notice, Reaction, Reauth, Revoked, Sync
from tests.fixtures.world import Place, World

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
BY = NOW + timedelta(days=7)


async def _place(world: World, **connection: Any) -> Place:
    return await world.place(**{"provider": "plaid", "status": "active", **connection})


async def _react(world: World, place: Place, *reactions: Reaction) -> list[UUID]:
    jobs: list[UUID] = []
    for reaction in reactions:
        async with world.database.as_(place.worker) as tx:
            reacted = await react(
                tx,
                tenant_id=place.tenant_id,
                connection_id=place.connection_id,
                reaction=reaction,
                now=NOW,
            )
        jobs += reacted.jobs
    return jobs


async def _connection(world: World, place: Place) -> asyncpg.Record:
    row = await world.owner.fetchrow(
        "select * from app.connections where id = $1", place.connection_id
    )
    assert row is not None
    return row


async def _told(world: World, place: Place) -> list[str]:
    rows = await world.owner.fetch(
        "select kind from app.notifications where tenant_id = $1 order by created_at",
        place.tenant_id,
    )
    return [row["kind"] for row in rows]


async def test_news_ask_for_one_sync_however_often_they_come(world: World) -> None:
    place = await _place(world)

    jobs = await _react(world, place, Sync(), Sync(), Sync())

    rows = await world.owner.fetch(
        "select id, trigger from app.ingestion_jobs where tenant_id = $1", place.tenant_id
    )
    assert [(row["id"], row["trigger"]) for row in rows] == [(jobs[0], "webhook")]


async def test_who_must_connect_again_is_told_once_a_day(world: World) -> None:
    place = await _place(world)

    await _react(world, place, Reauth(code="login-required"), Reauth(code="login-required"))

    row = await _connection(world, place)
    assert (row["status"], row["error_code"], row["attention"]) == (
        "reauth",
        "login-required",
        True,
    )
    assert await _told(world, place) == ["reauthentication_required"]


async def test_a_consent_that_ends_later_stops_nothing_now(world: World) -> None:
    place = await _place(world)

    await _react(world, place, Reauth(code="pending-expiration", by=BY))

    row = await _connection(world, place)
    assert (row["status"], row["consent_expires_at"]) == ("active", BY)
    assert await _told(world, place) == ["token_expiring"]


async def test_a_revoked_consent_stops_the_connection(world: World) -> None:
    place = await _place(world)

    await _react(world, place, Revoked(code="permission-revoked"))

    assert (await _connection(world, place))["status"] == "reauth"
    assert await _told(world, place) == ["connection_revoked"]


async def test_what_is_well_again_is_asked_at_once(world: World) -> None:
    place = await _place(world)
    await _react(world, place, Reauth(code="login-required"))

    jobs = await _react(world, place, Healthy())

    row = await _connection(world, place)
    assert (row["status"], row["error_code"], row["attention"]) == ("active", None, False)
    assert len(jobs) == 1


@pytest.mark.parametrize("status", ["paused", "disconnected"])
async def test_a_connection_that_somebody_stopped_stays_as_it_is(world: World, status: str) -> None:
    place = await _place(world, status=status)

    await _react(world, place, Reauth(code="login-required"), Healthy())

    assert (await _connection(world, place))["status"] == status


async def test_each_account_that_is_revoked_is_told_of_once_a_day(world: World) -> None:
    place = await _place(world)
    notices = [
        Notice(kind="data_anomaly", data={"code": "account-revoked", "account": name})
        for name in ("acc-1", "acc-2", "acc-1")
    ]

    await _react(world, place, *notices)

    assert await _told(world, place) == ["data_anomaly", "data_anomaly"]


async def test_a_notice_is_told_and_what_needs_nothing_does_nothing(world: World) -> None:
    place = await _place(world)

    jobs = await _react(world, place, Notice(kind="new_accounts_available"), Ignore())

    assert jobs == []
    assert await _told(world, place) == ["new_accounts_available"]
