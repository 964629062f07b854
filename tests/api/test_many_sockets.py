"""A thousand sockets, as many as a tenant may have: each hears of a change and of the end."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from api.streams import STREAMS_OF_TENANT_MAX, STREAMS_OF_USER_MAX
from db.events import RedisEvents
from db.redis import connect
from schema.ids import encode
from tests.fixtures.api_server import Api, hear, say
from tests.fixtures.world import Place, World

SOCKETS: Final = 1_000
AT_ONCE: Final = 50
WITHIN_S: Final = 120  # of a busy machine; alone it takes some seconds
FILES: Final = 2 * SOCKETS + 500  # both ends of each socket are in this process
QUERY: Final = (
    "subscription ($id: ID!) { ingestionJobUpdated(jobId: $id) { state counts { processed } } }"
)


@pytest.fixture
def many_files() -> Iterator[None]:
    """As many open files as it takes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"a process may open {hard} files here, and this takes {FILES}")
    if soft != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("many_files")
async def test_a_thousand_sockets_hear_of_a_change_and_of_the_end(
    api: Api, world: World, redis_url: str
) -> None:
    place = await world.place()
    job_id = await world.job(place, b"01,A,B,261121,0800,1,80,1,2/\n")
    tokens = [api.token(one) for one in await _members(world, place)]

    async with asyncio.timeout(WITHIN_S), connect(redis_url) as redis:
        events = RedisEvents(redis)
        sockets: list[ClientConnection] = []
        for start in range(0, SOCKETS, AT_ONCE):
            some = range(start, start + AT_ONCE)
            sockets += await asyncio.gather(
                *(_opened(api, tokens[one % len(tokens)]) for one in some)
            )
        async with api.socket() as another:
            payload = {"token": api.token(place.user_id)}
            await say(another, {"type": "connection_init", "payload": payload})
            with pytest.raises(ConnectionClosed):
                await another.recv()
        for one in sockets:
            await say(one, _subscribe(job_id))
        first = await _heard(sockets)
        await _set(world, place, job_id, events, "processed = 7")
        changed = await _heard(sockets)
        await _set(world, place, job_id, events, "state = 'cancelled', finished_at = now()")
        ended = await _heard(sockets)
        completed = [await hear(one, within_s=WITHIN_S) for one in sockets]
        for one in sockets:
            one.transport.abort()

    assert SOCKETS == STREAMS_OF_TENANT_MAX
    assert another.close_code == 4429
    assert first == [{"state": "QUEUED", "counts": {"processed": 0}}] * SOCKETS
    assert changed == [{"state": "QUEUED", "counts": {"processed": 7}}] * SOCKETS
    assert ended == [{"state": "CANCELLED", "counts": {"processed": 7}}] * SOCKETS
    assert completed == [{"id": "1", "type": "complete"}] * SOCKETS


async def _members(world: World, place: Place) -> Sequence[UUID]:
    """As many as it takes to open so many."""
    users = await world.owner.fetch(
        "with u as (insert into auth.users (id, email, email_confirmed_at)"
        " select gen_random_uuid(), 'user' || n || '@example.com', now()"
        " from generate_series(1, $2::int) as n returning id, email)"
        " insert into app.tenant_members (tenant_id, user_id, email, role)"
        " select $1, id, email, 'viewer' from u returning user_id",
        place.tenant_id,
        SOCKETS // STREAMS_OF_USER_MAX,
    )
    return [user["user_id"] for user in users]


async def _opened(api: Api, token: str) -> ClientConnection:
    socket = await api.socket(open_timeout=None, ping_interval=None)
    payload = {"authorization": f"Bearer {token}"}
    await say(socket, {"type": "connection_init", "payload": payload})
    assert (await hear(socket, within_s=WITHIN_S))["type"] == "connection_ack"
    return socket


def _subscribe(job_id: UUID) -> dict[str, Any]:
    payload = {"query": QUERY, "variables": {"id": encode("IngestionJob", job_id)}}
    return {"id": "1", "type": "subscribe", "payload": payload}


async def _set(world: World, place: Place, job_id: UUID, events: RedisEvents, values: str) -> None:
    await world.owner.execute(f"update app.ingestion_jobs set {values} where id = $1", job_id)
    await events.publish(place.tenant_id, "job", job_id)


async def _heard(sockets: Sequence[ClientConnection]) -> list[dict[str, Any]]:
    messages = await asyncio.gather(*(hear(one, within_s=WITHIN_S) for one in sockets))
    return [one["payload"]["data"]["ingestionJobUpdated"] for one in messages]
