"""1,000 WebSockets with a subscription each: memory, idle cost, and how soon all hear of a change.

    PYTHONPATH=. python bench/sockets.py [--sockets 1000]

The API runs as `bankfeeds serve` with one process, the clients in this one, Postgres and Valkey
beside them, so two cores are shared by all. Every socket follows the same job.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from uuid import UUID

from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.dev_keys import create_development_key, sign_token
from api.streams import STREAMS_OF_USER_MAX
from bench.api_process import Server, api_process
from db.events import RedisEvents
from db.redis import connect as connect_redis
from schema.ids import encode
from tests.fixtures.api_server import KEYS
from tests.fixtures.database import cloned
from tests.fixtures.servers import MIGRATED, shared_servers
from tests.fixtures.world import Place, World, opened

OPENED_AT_ONCE = 50
IDLE_S = 10
CHANGES = 5
QUERY = """
subscription ($id: ID!) { ingestionJobUpdated(jobId: $id) { id state counts { processed } } }
"""


async def main(count: int) -> None:
    """Prints one line of JSON."""
    with (
        tempfile.TemporaryDirectory() as folder,
        shared_servers(Path(folder) / "servers", None) as servers,
    ):
        async with (
            cloned(servers, MIGRATED) as urls,
            opened(urls, Path(folder)) as world,
            Redis.from_url(servers.redis) as redis,
            connect_redis(servers.redis) as client,
        ):
            await redis.flushdb()
            place = await world.place()
            tokens = await _tokens(world, place, Path(folder), count)
            environ = {
                "DATABASE_URL": urls.login,
                "REDIS_URL": servers.redis,
                "BANKFEEDS_KEYS": KEYS,
                "BANKFEEDS_DATA_DIR": folder,
                "BANKFEEDS_DEMO": "true",
            }
            job_id = await world.job(place, b"01,A,B,261121,0800,1,80,1,2/\n")
            async with api_process(environ) as server:
                events = RedisEvents(client)
                figures = await _measured(world, place, job_id, server, tokens, events)
    sys.stdout.write(json.dumps(figures) + "\n")


async def _measured(
    world: World, place: Place, job_id: UUID, server: Server, tokens: list[str], events: RedisEvents
) -> dict[str, float]:
    before_mib, started = server.rss_mib(), time.perf_counter()
    sockets: list[ClientConnection] = []
    for start in range(0, len(tokens), OPENED_AT_ONCE):
        batch = [_following(server, token, job_id) for token in tokens[start:][:OPENED_AT_ONCE]]
        sockets += await asyncio.gather(*batch)
    opened_s = time.perf_counter() - started
    after_mib, idle_from = server.rss_mib(), server.cpu_s()
    await asyncio.sleep(IDLE_S)
    idle_cpu = (server.cpu_s() - idle_from) / IDLE_S
    all_told = []
    each_told: list[float] = []
    for number in range(CHANGES):
        waits = await _changed(world, place, job_id, sockets, events, processed=number + 1)
        all_told.append(max(waits))
        each_told += waits
    figures = {
        "sockets": len(sockets),
        "opened_s": opened_s,
        "rss_before_mib": before_mib,
        "kib_per_socket": (after_mib - before_mib) * 1024 / len(sockets),
        "idle_cpu_of_one_core": idle_cpu,
        "told_median_s": median(each_told),
        "told_p99_s": quantiles(each_told, n=100)[98],
        "all_told_s": median(all_told),
    }
    for one in sockets:
        one.transport.abort()
    return {name: round(value, 3) for name, value in figures.items()}


async def _following(server: Server, token: str, job_id: UUID) -> ClientConnection:
    """A socket that has heard the first state."""
    one = await connect(
        server.url.replace("http", "ws") + "/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=None,
        open_timeout=60,
    )
    await one.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
    assert json.loads(await one.recv())["type"] == "connection_ack"
    variables = {"id": encode("IngestionJob", job_id)}
    payload = {"query": QUERY, "variables": variables}
    await one.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
    assert json.loads(await one.recv())["type"] == "next"
    return one


async def _changed(
    world: World,
    place: Place,
    job_id: UUID,
    sockets: list[ClientConnection],
    events: RedisEvents,
    *,
    processed: int,
) -> list[float]:
    """How long after a change each socket heard of it."""
    await world.owner.execute(
        "update app.ingestion_jobs set processed = $1 where id = $2", processed, job_id
    )
    started = time.perf_counter()
    await events.publish(place.tenant_id, "job", job_id)

    async def told(one: ClientConnection) -> float:
        message = json.loads(await one.recv())
        counts = message["payload"]["data"]["ingestionJobUpdated"]["counts"]
        assert counts["processed"] == processed, message
        return time.perf_counter() - started

    return await asyncio.gather(*(told(one) for one in sockets))


async def _tokens(world: World, place: Place, folder: Path, count: int) -> list[str]:
    """A token for each socket, of as many members as may open them."""
    key = create_development_key(folder)
    users = await world.owner.fetch(
        "with u as (insert into auth.users (id, email, email_confirmed_at)"
        " select gen_random_uuid(), 'user' || n || '@example.com', now()"
        " from generate_series(1, $2::int) as n returning id, email)"
        " insert into app.tenant_members (tenant_id, user_id, email, role)"
        " select $1, id, email, 'viewer' from u returning user_id",
        place.tenant_id,
        -(-count // STREAMS_OF_USER_MAX),
    )
    signed = [
        sign_token(
            key,
            user_id=user["user_id"],
            email="user@example.com",
            tenant_id=place.tenant_id,
            lifetime=timedelta(hours=1),
            now=datetime.now(UTC),
        )
        for user in users
    ]
    return [signed[number % len(signed)] for number in range(count)]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sockets", type=int, default=1_000)
    asyncio.run(main(parser.parse_args().sockets))
