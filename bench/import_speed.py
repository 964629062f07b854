"""Imports of BAI2 files, from sealed bytes to committed rows, beside dlt: one table.

    python bench/import_speed.py [--quick]

Our side does all that the product does: unseal, scan, parse, identify, categorise, COPY, merge, as
the worker role under forced row-level security, with every index and foreign key. dlt merges the
same rows, already parsed, into a bare table without policies, as the superuser. What follows once
rows are committed, such as matching, dlt has nothing of: how long it takes stands beside.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.bai2_file import write_bai2
from bench.peers import peer_python
from core.records import TransactionRecord
from db.binaries import postgres_binaries
from db.bootstrap import LOGIN, OWNER, bootstrap
from db.embedded import SUPERUSER, PostgresServer, embedded_postgres
from db.files import migrations_directory
from db.login import grant_login
from db.migrate import migrate
from pipeline.normalize import fingerprint
from pipeline.ordinals import Ordinals
from statements.bai2 import BAI2
from statements.base import ParseOptions

ROOT = Path(__file__).resolve().parents[1]
PASSWORD = "of-a-benchmark"  # noqa: S105 - of a server that lives for this run
BEST_OF = 3
PEER = "dlt[postgres]==1.31.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One server with one database for each series."""

    postgres: PostgresServer
    folder: Path

    async def database(self, name: str) -> tuple[UUID, UUID]:
        """A migrated database with one tenant and one connection."""
        admin = await asyncpg.connect(self.postgres.url(database="postgres"))
        await admin.execute(f"create database {name}")
        await admin.close()
        url = self.postgres.url(database=name)
        await bootstrap(url, owner_password=PASSWORD, login_password=PASSWORD)
        owner = self.owner(name)
        await migrate(owner, migrations_directory())
        await grant_login(owner, LOGIN)
        tenant, connection = uuid4(), uuid4()
        seed = await asyncpg.connect(owner)
        await seed.execute("insert into app.tenants (id, name) values ($1, 'Bench')", tenant)
        await seed.execute(
            "insert into app.connections (tenant_id, id, name, provider)"
            " values ($1, $2, 'Bench', 'file')",
            tenant,
            connection,
        )
        await seed.close()
        return tenant, connection

    async def vacuum(self, name: str) -> None:
        """What autovacuum is about to do."""
        admin = await asyncpg.connect(self.postgres.url(database=name))
        await admin.execute("vacuum (analyze)")
        await admin.close()

    def owner(self, name: str) -> str:
        return self.postgres.url(user=OWNER, password=PASSWORD, database=name)

    def login(self, name: str) -> str:
        return self.postgres.url(user=LOGIN, password=PASSWORD, database=name)

    def run(self, name: str, tenant: UUID, connection: UUID, file: Path) -> dict[str, Any]:
        """One import in a process of its own."""
        done = subprocess.run(
            [
                sys.executable,
                str(ROOT / "bench" / "import_run.py"),
                self.login(name),
                str(self.folder / "blobs"),
                str(file),
                str(tenant),
                str(connection),
                self.owner(name),
            ],
            env={"PYTHONPATH": str(ROOT), "PATH": ""},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return dict(json.loads(done.stdout))

    def dlt(self, rows: Path, number: int) -> dict[str, Any]:
        """The peer, into a database of its own."""
        done = subprocess.run(
            [
                str(peer_python(PEER)),
                str(ROOT / "bench" / "dlt_merge.py"),
                str(rows),
                str(self.postgres.socket_dir),
                SUPERUSER,
                self.postgres.superuser_password,
                f"dlt_{number}",
                str(self.folder / f"dlt-{number}"),
            ],
            env={
                "PATH": "",
                "HOME": str(self.folder),
                "RUNTIME__DLTHUB_TELEMETRY": "false",
            },
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return dict(json.loads(done.stdout.splitlines()[-1]))


async def main(*, quick: bool) -> None:
    """Prints the table."""
    size = 20_000 if quick else 100_000
    full = 100_000 if quick else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        file, large = folder / "file.bai", folder / "large.bai"
        others = [folder / f"other-{number}.bai" for number in range(BEST_OF)]
        write_bai2(file, size, seed=1)
        write_bai2(large, full, seed=2)
        for seed, other in enumerate(others, start=3):
            write_bai2(other, size, seed=seed)
        _write_rows(file, folder / "rows.ndjson")
        async with embedded_postgres(folder / "postgres", postgres_binaries(None)) as postgres:
            bench = Bench(postgres=postgres, folder=folder)
            results = await _measure(bench, file, others, large, folder / "rows.ndjson")
    _print(results, size, full)


async def _measure(
    bench: Bench, file: Path, others: list[Path], large: Path, rows: Path
) -> dict[str, dict[str, Any]]:
    firsts, seconds, peers = [], [], []
    for number in range(BEST_OF):
        tenant, connection = await bench.database(f"bench_{number}")
        firsts.append(bench.run(f"bench_{number}", tenant, connection, file))
        seconds.append(bench.run(f"bench_{number}", tenant, connection, file))
        admin = await asyncpg.connect(bench.postgres.url(database="postgres"))
        await admin.execute(f"create database dlt_{number}")
        await admin.close()
        peers.append(bench.dlt(rows, number))
    tenant, connection = await bench.database("bench_full")
    filled = bench.run("bench_full", tenant, connection, large)
    # Vacuum follows a large import by itself; it is no part of the next one.
    await bench.vacuum("bench_full")
    onto = [bench.run("bench_full", tenant, connection, other) for other in others]
    return {
        "first": _best(firsts),
        "again": _best(seconds),
        "dlt": _best(peers),
        "large": filled,
        "onto": _best(onto),
    }


def _best(runs: list[dict[str, Any]]) -> dict[str, Any]:
    return min(runs, key=lambda run: float(run["seconds"]))


def _write_rows(file: Path, rows: Path) -> None:
    """The same rows as dlt gets them: parsed and identified already."""
    with file.open("rb") as stream, rows.open("w") as out, Ordinals() as ordinals:
        for record in BAI2.parse(iter(lambda: stream.read(1 << 18), b""), ParseOptions()):
            if isinstance(record, TransactionRecord) and record.posted_date is not None:
                mark = fingerprint(record)
                (ordinal,) = ordinals.assign([(record.account, record.posted_date, mark)])
                row = {
                    "account": record.account,
                    "fingerprint": mark.hex(),
                    "occurrence": ordinal,
                    "amount": str(record.amount),
                    "currency": record.currency,
                    "posted_date": record.posted_date.isoformat(),
                    "status": record.status,
                    "description": record.description,
                    "description_raw": record.description_raw,
                    "reference": record.reference,
                    "customer_reference": record.customer_reference,
                    "type_code": record.type_code,
                    "line": record.line,
                }
                out.write(json.dumps(row) + "\n")


def _print(results: dict[str, dict[str, Any]], size: int, full: int) -> None:
    rate = {name: size / float(run["seconds"]) for name, run in results.items()}
    rate["large"] = full / float(results["large"]["seconds"])
    table = Table(title=f"Import of {size:,} BAI2 transactions")
    for column in ("what", "rows/s", "seconds", "settled", "peak MiB", "against"):
        table.add_column(column, justify="left" if column == "what" else "right")
    lines = (
        ("first import, empty table", "first", f"{rate['first'] / rate['dlt']:.2f} × dlt"),
        ("same file again", "again", f"{rate['again'] / rate['first']:.2f} × first"),
        (f"{full:,} rows in one file", "large", f"{rate['large'] / rate['first']:.2f} × first"),
        (f"first import onto {full:,} rows", "onto", f"{rate['onto'] / rate['first']:.2f} × first"),
        ("dlt merge, bare table", "dlt", ""),
    )
    for label, name, against in lines:
        run = results[name]
        table.add_row(
            label,
            f"{rate[name]:,.0f}",
            f"{float(run['seconds']):.2f}",
            f"{float(run['settled_seconds']):.2f}" if "settled_seconds" in run else "",
            f"{float(run['peak_mib']):.0f}",
            against,
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    asyncio.run(main(quick="--quick" in sys.argv))
