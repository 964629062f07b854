"""Syncs with the simulated Plaid, from the first request to committed rows.

    python bench/sync.py [--quick]

One connection with many transactions, in an engine of its own process: rows a second and the
engine's CPU seconds. Then many connections with few new transactions each, by two workers as users
run them. The simulation answers in this process and shares the machine's cores.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.import_speed import Bench
from core.scope import WorkerScope
from core.vault import Vault
from db import credentials
from db.binaries import postgres_binaries, valkey_binary
from db.embedded import embedded_postgres
from db.keys import HeldKeys
from db.pool import connect
from db.session import Database
from db.valkey import embedded_valkey
from providers.plaid.settings import PlaidCredentials
from sandbox.plaid import PlaidSandbox, create_app
from sandbox.serving import serving

ROOT: Final = Path(__file__).resolve().parents[1]
KEY: Final = bytes(range(32))
CLIENT_ID, SECRET = "client-of-bench", "secret-of-bench"
INSTITUTION: Final = "ins_109508"
BEST_OF: Final = 3
WORKERS: Final = 2
NEW: Final = 20  # transactions of each of many connections
WITHIN_S: Final = 600


@dataclass(frozen=True, slots=True, kw_only=True)
class Plaid:
    """The simulation, and how others reach it."""

    sandbox: PlaidSandbox
    url: str
    http: httpx.Client

    def link(self, number: int) -> PlaidCredentials:
        """A new Item with the history that is set."""
        token = self._post(
            "/sandbox/public_token/create",
            institution_id=INSTITUTION,
            initial_products=["transactions"],
            options={
                "override_username": f"user_no_investments_{number}",
                "override_password": "pass_good",
                "transactions": {"days_requested": 730},
            },
        )["public_token"]
        told = self._post("/item/public_token/exchange", public_token=token)
        return PlaidCredentials(
            access_token=SecretStr(told["access_token"]), item_id=told["item_id"]
        )

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        headers = {"PLAID-CLIENT-ID": CLIENT_ID, "PLAID-SECRET": SECRET}
        return dict(
            self.http.post(self.url + path, json=body, headers=headers).raise_for_status().json()
        )

    def answering_s(self) -> float:
        """How long the simulation was at work for others since it was asked last."""
        seen = self.sandbox.faults.requests()
        self.sandbox.faults.forget_requests()
        return sum((one.ended_s or one.started_s) - one.started_s for one in seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where everything is."""

    bench: Bench
    redis: str
    plaid: Plaid
    folder: Path

    def environ(self, name: str) -> dict[str, str]:
        """The variables of an engine on this database."""
        return {
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.bench.login(name),
            "REDIS_URL": self.redis,
            "BANKFEEDS_KEYS": f"bench:{b64encode(KEY).decode()}",
            "BANKFEEDS_STORAGE_DIR": str(self.folder / "blobs"),
            "BANKFEEDS_DATA_DIR": str(self.folder / "data"),
            "BANKFEEDS_LOG_LEVEL": "warning",
            "BANKFEEDS_PROVIDER_PLAID_URL": self.plaid.url,
            "BANKFEEDS_PROVIDER_PLAID_CLIENT_ID": CLIENT_ID,
            "BANKFEEDS_PROVIDER_PLAID_SECRET": SECRET,
        }


async def main(*, quick: bool) -> None:
    """Prints the table."""
    days, many = (100, 20) if quick else (500, 200)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        sandbox = create_app(
            seed=1, client_id=CLIENT_ID, secret=SECRET, now=lambda: datetime.now(UTC)
        )
        sandbox.control.set_pace(initial_s=0, historical_s=0)
        with serving(sandbox) as url, httpx.Client(timeout=60) as http:
            async with (
                embedded_postgres(folder / "postgres", postgres_binaries(None)) as postgres,
                embedded_valkey(folder / "valkey", valkey_binary(), durable=False) as valkey,
            ):
                place = Place(
                    bench=Bench(postgres=postgres, folder=folder),
                    redis=valkey.url(),
                    plaid=Plaid(sandbox=sandbox, url=url, http=http),
                    folder=folder,
                )
                one = [await _one(place, number, days=days) for number in range(BEST_OF)]
                all_s = await _many(place, many)
    _print(min(one, key=lambda run: float(run["seconds"])), many, all_s)


async def _one(place: Place, number: int, *, days: int) -> dict[str, Any]:
    """The first sync of a connection with twenty transactions a day."""
    name = f"bench_one_{number}"
    tenant, connection = await place.bench.database(name)
    place.plaid.sandbox.control.set_history(days=days, per_day=20)
    await _link(place, name, tenant, [connection], first=number)
    place.plaid.answering_s()
    done = await asyncio.to_thread(
        subprocess.run,
        [
            sys.executable,
            str(ROOT / "bench" / "sync_run.py"),
            str(tenant),
            str(connection),
        ],
        env=place.environ(name),
        cwd=place.folder,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    result = dict(json.loads(done.stdout))
    assert result["state"] == "completed", result
    assert result["imported"] == days * 20, result
    return {**result, "answering_s": place.plaid.answering_s()}


async def _many(place: Place, many: int) -> float:
    """Seconds until all connections have their new transactions."""
    name = "bench_many"
    tenant, first = await place.bench.database(name)
    connections = [first, *(uuid4() for _ in range(many - 1))]
    place.plaid.sandbox.control.set_history(days=5, per_day=1)
    owner = await asyncpg.connect(place.bench.owner(name))
    await owner.executemany(
        "insert into app.connections (tenant_id, id, name, provider) values ($1, $2, 'B', 'plaid')",
        [(tenant, connection) for connection in connections[1:]],
    )
    items = await _link(place, name, tenant, connections, first=1_000)
    with _workers(place, name):
        await _due(owner)
        await _until_done(owner, jobs=many)
        known = await owner.fetchval("select count(*) from app.transactions")
        for item in items:
            place.plaid.sandbox.control.advance(item, added=NEW, pending=0)
        await place.bench.vacuum(name)
        started = time.perf_counter()
        await _due(owner)
        await _until_done(owner, jobs=2 * many)
        took_s = time.perf_counter() - started
    rows = await owner.fetchval("select count(*) from app.transactions")
    await owner.close()
    assert rows == known + many * NEW, (rows, known)
    return took_s


async def _link(
    place: Place, name: str, tenant: UUID, connections: list[UUID], *, first: int
) -> list[str]:
    """Links an Item to each connection; the Items' ids."""
    items = []
    vault = Vault(HeldKeys.of("bench", KEY))
    async with connect(place.bench.login(name), size=2) as database:
        for number, connection in enumerate(connections, start=first):
            held = await asyncio.to_thread(place.plaid.link, number)
            await _keep(database, vault, tenant, connection, held)
            items.append(held.item_id)
    owner = await asyncpg.connect(place.bench.owner(name))
    await owner.executemany(
        "update app.connections set provider = 'plaid', status = 'active', external_id = $2"
        " where id = $1",
        list(zip(connections, items, strict=True)),
    )
    await owner.close()
    return items


async def _keep(
    database: Database, vault: Vault, tenant: UUID, connection: UUID, held: PlaidCredentials
) -> None:
    sealed = await vault.seal(held.to_bytes(), aad=credentials.aad(tenant, connection))
    async with database.as_(WorkerScope(tenant_id=tenant)) as tx:
        await credentials.put(
            tx, tenant_id=tenant, connection_id=connection, sealed=sealed, expires_at=None
        )


async def _due(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    await owner.execute("update app.connections set next_sync_at = now() where provider = 'plaid'")


async def _until_done(owner: asyncpg.Connection[asyncpg.Record], *, jobs: int) -> None:
    done = "select count(*) from app.ingestion_jobs where state = 'completed'"
    deadline = time.monotonic() + WITHIN_S
    while await owner.fetchval(done) < jobs:
        if time.monotonic() > deadline:
            states = await owner.fetch(
                "select state, error_code, count(*) from app.ingestion_jobs group by 1, 2"
            )
            raise RuntimeError(f"not done in {WITHIN_S} s: {[tuple(row) for row in states]}")
        await asyncio.sleep(0.1)


@contextmanager
def _workers(place: Place, name: str) -> Iterator[None]:
    """Workers as users run them, until the block ends."""
    with ExitStack() as stack:
        for _ in range(WORKERS):
            process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "worker"],
                env=place.environ(name),
                cwd=place.folder,
                stdin=subprocess.DEVNULL,
            )
            stack.callback(partial(process.wait, 30))
            stack.callback(process.terminate)
        yield


def _print(one: dict[str, Any], many: int, all_s: float) -> None:
    rows, seconds = int(one["imported"]), float(one["seconds"])
    table = Table(title="Syncs with the simulated Plaid")
    for column in ("what", "rows/s", "seconds", "engine CPU s", "Plaid's s", "goal"):
        table.add_column(column, justify="left" if column == "what" else "right")
    table.add_row(
        f"{rows:,} transactions of one connection",
        f"{rows / seconds:,.0f}",
        f"{seconds:.2f}",
        f"{float(one['cpu_seconds']):.2f}",
        f"{float(one['answering_s']):.2f}",
        "4,000/s",
    )
    table.add_row(
        f"{NEW} new ones of each of {many} connections, {WORKERS} workers",
        f"{many * NEW / all_s:,.0f}",
        f"{all_s:.2f}",
        "",
        "",
        "60 s for 200",
    )
    Console(width=120).print(table)


if __name__ == "__main__":
    asyncio.run(main(quick="--quick" in sys.argv[1:]))
