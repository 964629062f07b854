"""Reconciling: all of a tenant's rows at once, by its rules.

    python bench/reconcile_speed.py [--quick]

100,000 rows of half a year of books, banks and processors that nobody vouched for: seconds, CPU
seconds of this process and of Postgres, the peak of this process's memory, and how many groups were
found, right and wrong. A group is right if it has all rows that belong together, and no others. It
ends with status 1 where a goal is missed.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
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
from bench.reconcile_rows import DAYS, FIRST, Made, made
from bench.reconcile_tenant import fill
from core.vault import Vault
from db import ledger
from db.binaries import postgres_binaries
from db.blobs import FolderBlobs
from db.embedded import embedded_postgres
from db.pool import connect
from pipeline.auto_reconcile import auto_reconcile
from pipeline.services import Services
from tests.fixtures.world import KEYS, HeardEvents
from workers.main import tune_interpreter

GOAL_S: Final = 60
GOAL_MIB: Final = 500
GOAL_FOUND: Final = 0.95  # of the groups
NAME: Final = "bench_reconciling"
TODAY: Final = datetime(FIRST.year, FIRST.month, FIRST.day, tzinfo=UTC) + timedelta(days=DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Groups that were found: right ones by what they are, and wrong ones."""

    there: int
    right: dict[str, int]
    wrong: int
    asked: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What one run took, and what it found."""

    rows: int
    seconds: float
    cpu_s: float
    postgres_s: float
    peak_mib: float
    found: Found


async def main(*, quick: bool) -> bool:
    """Prints the table; whether all goals are met."""
    tune_interpreter()
    rows = made(10_000 if quick else 100_000)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        async with embedded_postgres(folder / "postgres", postgres_binaries(None)) as postgres:
            bench = Bench(postgres=postgres, folder=folder)
            tenant, _ = await bench.database(NAME)
            await fill(postgres.url(database=NAME), tenant, rows)
            run = await _measured(bench, tenant, folder, rows)
    return _print(run)


async def _measured(bench: Bench, tenant: UUID, folder: Path, rows: Sequence[Made]) -> Run:
    async with connect(bench.login(NAME), size=2) as database:
        services = Services(
            database=database,
            vault=Vault(KEYS),
            blobs=FolderBlobs(folder),
            events=HeardEvents(),
            clock=lambda: TODAY,
            lease=timedelta(minutes=10),
        )
        job = await ledger.claim(database, tenant_id=tenant, job_id=tenant, lease=services.lease)
        assert job is not None
        started, cpu, postgres = time.perf_counter(), time.process_time(), postgres_s(NAME)
        await auto_reconcile(job, services)
        seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
        postgres = postgres_s(NAME) - postgres
        peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    admin = await asyncpg.connect(bench.owner(NAME))
    found = await _found(admin, rows)
    await admin.close()
    return Run(
        rows=len(rows),
        seconds=seconds,
        cpu_s=cpu,
        postgres_s=postgres,
        peak_mib=peak_mib,
        found=found,
    )


async def _found(admin: asyncpg.Connection[asyncpg.Record], rows: Sequence[Made]) -> Found:
    truth: dict[int, set[UUID]] = defaultdict(set)
    for row in rows:
        if row.group >= 0:
            truth[row.group].add(row.id)
    whole = {frozenset(ids) for ids in truth.values()}
    right: dict[str, int] = defaultdict(int)
    wrong = 0
    for group in await admin.fetch(
        "select r.rule, array_agg(m.transaction_id) as ids from app.reconciliations as r"
        " join app.reconciliation_members as m on m.reconciliation_id = r.id"
        " where m.active group by r.id, r.rule"
    ):
        if frozenset(group["ids"]) in whole:
            right[group["rule"]] += 1
        else:
            wrong += 1
    asked = await admin.fetchval("select count(*) from app.review_items")
    return Found(there=len(whole), right=dict(right), wrong=wrong, asked=asked)


def _print(run: Run) -> bool:
    found, right = run.found, sum(run.found.right.values())
    table = Table(title=f"{run.rows:,} rows, {found.there:,} groups")
    columns = {
        "seconds": f"{run.seconds:.1f}",
        "CPU s": f"{run.cpu_s:.1f}",
        "Postgres s": f"{run.postgres_s:.1f}",
        "peak MiB": f"{run.peak_mib:.0f}",
        "right": f"{right:,}",
        "wrong": f"{found.wrong:,}",
        "asked": f"{found.asked:,}",
    }
    for column in columns:
        table.add_column(column, justify="right")
    table.add_row(*columns.values())
    console = Console()
    console.print(table)
    for rule, groups in sorted(found.right.items()):
        console.print(f"{rule}: {groups:,}")
    goals = {
        f"{GOAL_S} CPU s": run.cpu_s + run.postgres_s <= GOAL_S,
        f"{GOAL_MIB} MiB": run.peak_mib <= GOAL_MIB,
        "nothing wrong in 1,000": found.wrong * 1_000 <= right,
        f"{GOAL_FOUND:.0%} of the groups": right >= GOAL_FOUND * found.there,
    }
    for text, is_met in goals.items():
        console.print(f"{text}: {'met' if is_met else 'missed'}")
    return all(goals.values())


if __name__ == "__main__":
    sys.exit(0 if asyncio.run(main(quick="--quick" in sys.argv[1:])) else 1)
