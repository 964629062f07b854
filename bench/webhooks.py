"""How soon webhooks are acknowledged while the queue is down, and that none is lost.

    PYTHONPATH=. python bench/webhooks.py [--quick] [--rate 200] [--seconds 30] [--json FILE]

The API is one process of its own beside a Postgres that syncs its commits to disk; nothing listens
where its Redis should be. Requests go out at fixed moments, whether earlier ones are answered or
not, and a latency counts from the moment at which its request was due. One request in twenty is
one that was sent before. In the end the inbox must have every event once, and a pass of a worker's
must do each.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import sys
import tempfile
import time
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fixtures.own_postgres import own_postgres
from tests.fixtures.post_office import Box, Office, office_of
from tests.fixtures.postbox import Letter, told
from tests.fixtures.postbox_api import own_process
from tests.fixtures.raw_http import RawConnection, raw_connection
from tests.fixtures.world import opened

RATE_MAX = 2_000
SECONDS_MAX = 120
CONNECTIONS = 100  # so many requests wait at a time; later ones wait for one of these
REPEATED_EVERY = 20
TENANTS = 20
GOAL_P99_MS = 250
NOBODY = "redis://127.0.0.1:1"


@dataclass(slots=True)
class Run:
    """What came of the requests."""

    latencies_ms: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    late_ms: float = 0  # by how much the generator was behind at worst

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies_ms)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]


async def send(url: str, box: Box, letters: list[Letter], rate: int) -> Run:
    """Every letter at its moment."""
    run = Run()
    async with AsyncExitStack() as stack:
        free: asyncio.Queue[RawConnection] = asyncio.Queue()
        for _ in range(CONNECTIONS):
            free.put_nowait(await stack.enter_async_context(raw_connection(url)))
        began = time.perf_counter() + 0.1

        async def one(number: int, letter: Letter) -> None:
            connection = await free.get()
            status = await connection.post(box.path, letter.body, letter.headers)
            run.latencies_ms.append((time.perf_counter() - began - number / rate) * 1_000)
            run.statuses[status] += 1
            free.put_nowait(connection)

        async with asyncio.TaskGroup() as group:
            for number, letter in enumerate(letters):
                wait_s = began + number / rate - time.perf_counter()
                run.late_ms = max(run.late_ms, -wait_s * 1_000)
                await asyncio.sleep(max(wait_s, 0))
                group.create_task(one(number, letter))
    return run


def written(box: Box, count: int) -> list[Letter]:
    """Signed requests of one event each; some say again what an earlier one said."""
    letters: list[Letter] = []
    for number in range(count):
        if number % REPEATED_EVERY == REPEATED_EVERY - 1:
            letters.append(letters[number // 2])
        else:
            note = "what a provider tells beside it, " * 10
            event = told(item=f"item {number % TENANTS}", id=f"evt_{number}", note=note)
            letters.append(box.letter(event))
    return letters


async def measured(rate: int, seconds: int, folder: Path) -> dict[str, Any]:
    """The figures of one run."""
    async with own_postgres(folder / "postgres") as (_, urls):
        data_dir = folder / "data"
        data_dir.mkdir()
        async with opened(urls, data_dir) as world:
            office = office_of(world)
            for number in range(TENANTS):
                await office.linked(f"item {number}")
            box = await office.box()
            letters = written(box, rate * seconds)
            with own_process(
                "tests.fixtures.postbox_api",
                database_url=urls.login,
                redis_url=NOBODY,
                data_dir=data_dir,
            ) as (_, url):
                await send(url, box, written(box, rate // 4), rate)  # connections are opened
                await world.owner.execute("delete from private.webhook_inbox")
                run = await send(url, box, letters, rate)
            return await _figures(office, run, letters, rate=rate, seconds=seconds)


async def _figures(
    office: Office, run: Run, letters: list[Letter], *, rate: int, seconds: int
) -> dict[str, Any]:
    kept = await office.world.owner.fetchval("select count(*) from private.webhook_inbox")
    began = time.perf_counter()
    await office.process()
    took_s = time.perf_counter() - began
    done = await office.world.owner.fetchval(
        "select count(*) from app.webhook_events where state = 'done'"
    )
    told_of = len({letter.id for letter in letters})
    return {
        "rate": rate,
        "seconds": seconds,
        "requests": len(letters),
        "statuses": {str(status): count for status, count in sorted(run.statuses.items())},
        "p50_ms": round(run.percentile(0.50), 1),
        "p95_ms": round(run.percentile(0.95), 1),
        "p99_ms": round(run.percentile(0.99), 1),
        "max_ms": round(max(run.latencies_ms), 1),
        "generator_late_ms": round(run.late_ms, 1),
        "events": told_of,
        "kept": kept,
        "done": done,
        "lost": told_of - done,
        "processed_per_s": round(kept / took_s),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
    }


def met(figures: dict[str, Any]) -> bool:
    """Whether the goal is: each request answered with 200 and soon, each event kept once, done."""
    return bool(
        figures["statuses"] == {"200": figures["requests"]}
        and figures["kept"] == figures["done"] == figures["events"]
        and figures["p99_ms"] < GOAL_P99_MS
    )


def main() -> None:
    """Measures, prints, and ends with status 1 where anything was lost or the goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="5 seconds instead of 30")
    parser.add_argument("--rate", type=int, default=200, help="requests a second")
    parser.add_argument("--seconds", type=int, help="for how long")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    options = parser.parse_args()
    rate = min(options.rate, RATE_MAX)
    seconds = min(options.seconds or (5 if options.quick else 30), SECONDS_MAX)
    with tempfile.TemporaryDirectory(prefix="bf-", dir=None) as folder:
        Path(folder).chmod(0o755)  # the server may run as another user
        figures = asyncio.run(measured(rate, seconds, Path(folder)))
    for name, value in figures.items():
        print(f"{name:>18}  {value}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    is_met = met(figures)
    print(
        f"{'goal':>18}  p99 below {GOAL_P99_MS} ms, all answered with 200 and kept once, nothing "
        f"lost: {'met' if is_met else 'missed'}"
    )
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    main()
