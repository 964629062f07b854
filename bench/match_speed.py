"""Matching: new rows of statements against what a feed has brought before.

    python bench/match_speed.py [--quick]

100,000 rows that nobody compared yet, in accounts that hold 1,000,000: seconds, CPU seconds of this
process and of Postgres, the peak of this process's memory, and how many of the pairs were found and
right. The peer is Kresus, which publishes 280 ms for 4,592 rows of one account, by a search whose
steps grow with the square of the rows. It ends with status 1 where a goal is missed.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.import_speed import Bench
from bench.postgres_cpu import postgres_s
from core.vault import Vault
from db import ledger
from db.binaries import postgres_binaries
from db.blobs import FolderBlobs
from db.embedded import embedded_postgres
from db.pool import connect
from pipeline.match import match
from pipeline.services import Services
from tests.fixtures.world import KEYS, HeardEvents
from workers.main import tune_interpreter

GOAL_S: Final = 60
GOAL_MIB: Final = 500
PEER_ROWS_A_SECOND: Final = 4_592 / 0.280
NAME: Final = "bench_matching"
# A pair is right with the row that was made for it, or with one that says the same in all that is
# compared: nobody could tell which of such twins is meant.
_PAIRS: Final = """
select count(*) filter (where p.is_right) as right, count(*) filter (where not p.is_right) as wrong
from (
  select
    (o.account_id, o.amount, o.sort_date, o.description)
    is not distinct from (x.account_id, x.amount, x.sort_date, x.description) as is_right
  from app.transactions as t
  join app.transactions as o on o.id = t.duplicate_of
  join app.transactions as x on x.mapping_id = o.mapping_id and x.raw_line = t.raw_line
) as p
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run took, and what it found."""

    rows: int
    seconds: float
    cpu_s: float
    postgres_s: float
    peak_mib: float
    right: int
    wrong: int
    asked: int


async def main(*, quick: bool) -> bool:
    """Prints the table; whether all goals are met."""
    tune_interpreter()
    feed, statements = (100_000, 10_000) if quick else (1_000_000, 100_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        async with embedded_postgres(folder / "postgres", postgres_binaries(None)) as postgres:
            bench = Bench(postgres=postgres, folder=folder)
            tenant, _ = await bench.database(NAME)
            await _fill(postgres.url(database=NAME), tenant, feed=feed, statements=statements)
            await bench.vacuum(NAME)
            run = await _measured(bench, tenant, folder, rows=statements)
    return _print(run, feed)


async def _fill(dsn: str, tenant: UUID, *, feed: int, statements: int) -> None:
    script = Path(__file__).with_name("matching.sql").read_text(encoding="utf-8")
    values = {":tenant": f"'{tenant}'::uuid", ":feed": str(feed), ":statements": str(statements)}
    for name, value in values.items():
        script = script.replace(name, value)
    admin = await asyncpg.connect(dsn)
    await admin.execute(script)
    await admin.close()


async def _measured(bench: Bench, tenant: UUID, folder: Path, *, rows: int) -> Run:
    async with connect(bench.login(NAME), size=2) as database:
        services = Services(
            database=database,
            vault=Vault(KEYS),
            blobs=FolderBlobs(folder),
            events=HeardEvents(),
            clock=lambda: datetime.now(UTC),
            lease=timedelta(minutes=10),
        )
        job = await ledger.claim(database, tenant_id=tenant, job_id=tenant, lease=services.lease)
        assert job is not None
        started, cpu, postgres = time.perf_counter(), time.process_time(), postgres_s(NAME)
        await match(job, services)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        postgres = postgres_s(NAME) - postgres
    admin = await asyncpg.connect(bench.owner(NAME))
    await admin.execute("set enable_nestloop = off")  # what has just grown is thought to be small
    pairs = await admin.fetchrow(_PAIRS)
    assert pairs is not None
    asked = await admin.fetchval("select count(*) from app.review_items")
    await admin.close()
    return Run(
        rows=rows,
        seconds=seconds,
        cpu_s=cpu,
        postgres_s=postgres,
        peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        right=pairs["right"],
        wrong=pairs["wrong"],
        asked=asked,
    )


def _print(run: Run, feed: int) -> bool:
    table = Table(title=f"{run.rows:,} new rows against {feed:,}")
    for column in (
        "seconds",
        "CPU s",
        "Postgres s",
        "peak MiB",
        "right",
        "wrong",
        "asked",
        "× peer",
    ):
        table.add_column(column, justify="right")
    ratio = run.rows / run.seconds / PEER_ROWS_A_SECOND
    table.add_row(
        f"{run.seconds:.1f}",
        f"{run.cpu_s:.1f}",
        f"{run.postgres_s:.1f}",
        f"{run.peak_mib:.0f}",
        f"{run.right:,}",
        f"{run.wrong:,}",
        f"{run.asked:,}",
        f"{ratio:.2f}",
    )
    console = Console()
    console.print(table)
    goals = {
        f"{GOAL_S} s": run.seconds <= GOAL_S,
        f"{GOAL_MIB} MiB": run.peak_mib <= GOAL_MIB,
        "nothing wrong in 1,000": run.wrong * 1_000 <= run.right,
    }
    for text, is_met in goals.items():
        console.print(f"{text}: {'met' if is_met else 'missed'}")
    return all(goals.values())


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main(quick="--quick" in sys.argv[1:])) else 1)
