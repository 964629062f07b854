"""Subscriptions of a server whose clock is not the database's: none misses what happens."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from core.notifications import NotificationKind
from core.scope import WorkerScope
from db import notifications
from schema.ids import encode
from tests.fixtures.graph import Graph
from tests.fixtures.world import Place
from tests.schema.test_read_fields import STATEMENT

SOON_S = 5
Change = Callable[[Graph, Place], Awaitable[str]]  # the id of what changed


async def _job(graph: Graph, place: Place) -> str:
    text = f"TEA {uuid4().hex[:12].upper()}".encode()
    job = await graph.world.take_in(place, STATEMENT.replace(b"COFFEE", text))
    return encode("IngestionJob", job["id"])


async def _notification(graph: Graph, place: Place) -> str:
    async with graph.world.database.as_(WorkerScope(tenant_id=place.tenant_id)) as tx:
        told = await notifications.put(
            tx,
            tenant_id=place.tenant_id,
            kind=NotificationKind.DATA_ANOMALY,
            data={},
            key=str(uuid4()),
        )
    assert isinstance(told, UUID)
    return encode("Notification", told)


async def _connection(graph: Graph, place: Place) -> str:
    await graph.world.owner.execute("update app.connections set name = name || '!'")
    return encode("Connection", place.connection_id)


FOLLOWED = [
    ("job", "ingestionJobUpdated(since: $since) { id }", _job),
    ("transactions", "transactionsChanged(since: $since) { job { id } }", _job),
    ("notification", "notificationAdded(since: $since) { id }", _notification),
    ("connection", "connectionUpdated { id }", _connection),
]


def _id(result: Any) -> str | None:
    assert not result.errors, result.errors
    (event,) = result.data.values()
    told = event.get("job", event)
    return None if told is None else str(told["id"])


@pytest.mark.parametrize("off", [timedelta(hours=25), timedelta(hours=-25)], ids=["fast", "slow"])
@pytest.mark.parametrize(("topic", "field", "change"), FOLLOWED, ids=[one[0] for one in FOLLOWED])
async def test_what_happened_and_what_happens_is_told(
    graph: Graph, off: timedelta, topic: str, field: str, change: Change
) -> None:
    place = await graph.world.place()
    other = replace(graph, services=replace(graph.services, clock=lambda: datetime.now(UTC) + off))
    since = datetime.now(UTC).isoformat()
    missed = await change(graph, place)
    head = "subscription ($since: DateTime)" if "$since" in field else "subscription"
    given = {"since": since} if "$since" in field else {}

    async with (
        asyncio.timeout(SOON_S),
        other.follow(place.user, f"{head} {{ {field} }}", **given) as stream,
    ):
        while _id(await anext(stream)) != missed:
            continue
        happening = await change(graph, place)
        # It wakes the stream, and names nothing: what happened is found by looking.
        await graph.services.events.publish(place.tenant_id, topic, uuid4())
        while _id(await anext(stream)) != happening:
            continue
