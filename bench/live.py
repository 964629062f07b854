"""How soon after a webhook of Plaid's a subscription tells of the transactions that it is about.

    python bench/live.py [--quick] [--rate 2] [--seconds 60] [--connections 20] [--json FILE]

API and worker are processes of their own, as users run them; the simulated Plaid answers in this
process and signs its webhooks. Transactions happen at fixed moments at one connection after the
other, and each latency counts from the moment at which its transaction was due, which is before
the webhook is sent, to the message on a WebSocket. Postgres syncs its commits to disk.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from api.dev_keys import create_development_key, sign_token
from bench.api_process import api_process
from bench.plaid_place import Place, due, opened, until_done, workers
from db.pool import connect as connect_database
from providers.plaid.connector import PLAID
from resolvers.webhook_operations import create_endpoint
from schema.ids import encode

RATE_MAX: Final = 50.0
SECONDS_MAX: Final = 600
CONNECTIONS_MAX: Final = 200
HEARD_WITHIN_S: Final = 60
SYNCED_WITHIN_S: Final = 300
SETTLED_S: Final = 1.0
GOAL_P95_S: Final = 2.0
DATABASE: Final = "bench_live"
QUERY: Final = "subscription { transactionsChanged { addedCount job { id } connection { id } } }"


@dataclass(slots=True, kw_only=True)
class Heard:
    """What a socket tells, by connection: how many transactions have come, and when."""

    added: dict[str, list[float]] = field(default_factory=dict)
    of_jobs: dict[str, int] = field(default_factory=dict)  # a job is told of more than once
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def listen(self, socket: ClientConnection) -> None:
        """Until the socket ends."""
        async for text in socket:
            at = time.perf_counter()
            message = json.loads(text)
            if message["type"] == "ping":
                await socket.send(json.dumps({"type": "pong"}))
                continue
            if message["type"] != "next" or "errors" in message["payload"]:
                raise RuntimeError(f"the subscription failed: {message}")
            told = message["payload"]["data"]["transactionsChanged"]
            async with self.changed:
                if told["job"] is not None:
                    job, count = told["job"]["id"], int(told["addedCount"])
                    times = self.added.setdefault(told["connection"]["id"], [])
                    times += [at] * (count - self.of_jobs.get(job, 0))
                    self.of_jobs[job] = count
                self.changed.notify_all()

    async def nth(self, connection: str, number: int) -> float:
        """When the connection had so many new ones. Raises TimeoutError."""
        async with asyncio.timeout(HEARD_WITHIN_S), self.changed:
            await self.changed.wait_for(lambda: len(self.added.get(connection, ())) >= number)
        return self.added[connection][number - 1]


async def measured(*, rate: float, seconds: int, connections: int) -> dict[str, Any]:
    """The figures of one run."""
    async with opened() as place:
        place.plaid.sandbox.control.set_history(days=5, per_day=1)
        tenant, first = await place.bench.database(DATABASE)
        all_ids = await place.connections(DATABASE, tenant, first, connections)
        token = await _member(place, tenant)
        environ = place.environ(DATABASE) | {"BANKFEEDS_DEMO": "true"}
        async with api_process(environ) as api:
            address = await _endpoint(place, api.url)
            items = await place.link(DATABASE, tenant, all_ids, first=1, webhook=address)
            owner = await asyncpg.connect(place.bench.owner(DATABASE))
            with workers(place, DATABASE, count=1):
                await due(owner)
                await until_done(owner, jobs=connections, within_s=SYNCED_WITHIN_S)
                await _quiet(owner)
                known = await _rows(owner)
                async with _following(api.url, token) as heard:
                    ids = [encode("Connection", one) for one in all_ids]
                    waits = await _moved(
                        place, heard, list(zip(items, ids, strict=True)), rate, seconds
                    )
                new = await _rows(owner) - known
            await owner.close()
    return _figures(waits, new, rate=rate, seconds=seconds, connections=connections)


async def _moved(
    place: Place, heard: Heard, pairs: Sequence[tuple[str, str]], rate: float, seconds: int
) -> list[float | None]:
    """How long each transaction took, in seconds; None where nobody heard of it in time."""
    began = time.perf_counter() + 0.5
    count = max(round(rate * seconds), 1)

    async def at_one(index: int, item: str, connection: str) -> list[float | None]:
        waits: list[float | None] = []
        for number, turn in enumerate(range(index, count, len(pairs)), start=1):
            moment = began + turn / rate
            await asyncio.sleep(max(moment - time.perf_counter(), 0))
            await asyncio.to_thread(
                place.plaid.sandbox.control.advance, item, post=False, added=1, pending=0
            )
            try:
                waits.append(await heard.nth(connection, number) - moment)
            except TimeoutError:
                waits.append(None)
                break  # what comes later would be taken for this one
        return waits

    all_waits = await asyncio.gather(
        *(at_one(index, item, connection) for index, (item, connection) in enumerate(pairs))
    )
    return [wait for waits in all_waits for wait in waits]


def _figures(
    waits: Sequence[float | None], new: int, *, rate: float, seconds: int, connections: int
) -> dict[str, Any]:
    ordered = sorted(wait for wait in waits if wait is not None)

    def percentile(share: float) -> float | None:
        if not ordered:
            return None
        return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 3)

    return {
        "rate": rate,
        "seconds": seconds,
        "connections": connections,
        "transactions": len(waits),
        "unheard": len(waits) - len(ordered),
        "rows": new,
        "least_s": percentile(0),
        "p50_s": percentile(0.50),
        "p95_s": percentile(0.95),
        "max_s": percentile(1),
        "load_1_min": round(os.getloadavg()[0], 1),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def met(figures: dict[str, Any]) -> bool:
    """Whether the goal is: everything is there, was heard of, and soon enough."""
    p95 = figures["p95_s"]
    whole = figures["unheard"] == 0 and figures["rows"] == figures["transactions"]
    return bool(whole and p95 is not None and p95 < GOAL_P95_S)


async def _member(place: Place, tenant: UUID) -> str:
    """A token of somebody who may read."""
    data_dir = place.folder / "data"
    data_dir.mkdir()
    user, email = uuid4(), "reader@example.com"
    owner = await asyncpg.connect(place.bench.owner(DATABASE))
    await owner.execute(
        "insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now())", user, email
    )
    await owner.execute(
        "insert into app.tenant_members (tenant_id, user_id, email, role)"
        " values ($1, $2, $3, 'viewer')",
        tenant,
        user,
        email,
    )
    await owner.close()
    return sign_token(
        create_development_key(data_dir),
        user_id=user,
        email=email,
        tenant_id=tenant,
        lifetime=timedelta(hours=1),
        now=datetime.now(UTC),
    )


async def _endpoint(place: Place, url: str) -> str:
    """The address of the application's endpoint, as the operator's command makes it."""
    async with connect_database(place.bench.login(DATABASE), size=1) as database:
        made = await create_endpoint(
            database,
            place.vault,
            provider=PLAID.facts.slug,
            receiver=PLAID,
            secret=None,
            public_url=url,
        )
    assert made.url is not None
    return made.url


@asynccontextmanager
async def _following(url: str, token: str) -> AsyncIterator[Heard]:
    """What a socket hears, from its first message on."""
    async with connect(
        url.replace("http", "ws", 1) + "/graphql",
        subprotocols=[Subprotocol("graphql-transport-ws")],
        proxy=None,
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"token": token}}))
        assert json.loads(await socket.recv())["type"] == "connection_ack"
        subscribe = {"id": "1", "type": "subscribe", "payload": {"query": QUERY}}
        await socket.send(json.dumps(subscribe))
        first = json.loads(await socket.recv())
        assert first["type"] == "next", first
        heard = Heard()
        listening = asyncio.create_task(heard.listen(socket))
        try:
            await asyncio.sleep(SETTLED_S)
            heard.added.clear()  # of the first syncs, told after they were done
            yield heard
        finally:
            if listening.done():
                listening.result()  # why it ended: what failed should be told
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)


async def _quiet(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    """Waits until what linking has asked for is done."""
    waiting = (
        "select count(*) from app.ingestion_jobs"
        " where state not in ('completed', 'failed', 'cancelled')"
    )
    async with asyncio.timeout(SYNCED_WITHIN_S):
        while await owner.fetchval(waiting):  # noqa: ASYNC110  # processes send no events
            await asyncio.sleep(0.2)


async def _rows(owner: asyncpg.Connection[asyncpg.Record]) -> int:
    return int(await owner.fetchval("select count(*) from app.transactions"))


def main() -> None:
    """Measures, prints, and ends with status 1 where the goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="10 seconds instead of 60")
    parser.add_argument("--rate", type=float, default=2.0, help="transactions a second")
    parser.add_argument("--seconds", type=int, help="for how long")
    parser.add_argument("--connections", type=int, default=20, help="at how many connections")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    figures = asyncio.run(
        measured(
            rate=min(max(options.rate, 0.1), RATE_MAX),
            seconds=min(options.seconds or (10 if options.quick else 60), SECONDS_MAX),
            connections=min(max(options.connections, 1), CONNECTIONS_MAX),
        )
    )
    for name, value in figures.items():
        print(f"{name:>14}  {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    is_met = met(figures)
    print(
        f"{'goal':>14}  p95 below {GOAL_P95_S:g} s, everything heard of: "
        f"{'met' if is_met else 'missed'}"
    )
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()
