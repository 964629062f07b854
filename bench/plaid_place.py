"""The simulated Plaid beside embedded servers, with linked connections and workers: for benchmarks.

The simulation answers in the benchmark's own process and shares the machine's cores.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import asyncpg
import httpx
from pydantic import SecretStr

from bench.import_speed import Bench
from core.scope import WorkerScope
from core.vault import Vault
from db import credentials, webhook_inbox
from db.binaries import postgres_binaries, valkey_binary
from db.embedded import embedded_postgres
from db.keys import HeldKeys
from db.pool import connect
from db.session import Database
from db.valkey import embedded_valkey
from providers.plaid.connector import PLAID
from providers.plaid.settings import PlaidCredentials
from sandbox.plaid import PlaidSandbox, create_app
from sandbox.serving import serving

ROOT: Final = Path(__file__).resolve().parents[1]
CLIENT_ID, SECRET = "client-of-bench", "secret-of-bench"
INSTITUTION: Final = "ins_109508"
ENDS_WITHIN_S: Final = 30
ASKED_WITHIN_S: Final = 60
_KEY: Final = bytes(range(32))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plaid:
    """The simulation, and how others reach it."""

    sandbox: PlaidSandbox
    url: str
    http: httpx.Client

    def link(self, number: int, *, webhook: str | None = None) -> PlaidCredentials:
        """A new Item with the history that is set."""
        options: dict[str, Any] = {
            "override_username": f"user_no_investments_{number}",
            "override_password": "pass_good",
            "transactions": {"days_requested": 730},
        }
        if webhook is not None:
            options["webhook"] = webhook
        token = self._post(
            "/sandbox/public_token/create",
            institution_id=INSTITUTION,
            initial_products=["transactions"],
            options=options,
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

    @property
    def vault(self) -> Vault:
        """What seals as the engine does."""
        return Vault(HeldKeys.of("bench", _KEY))

    def environ(self, name: str) -> dict[str, str]:
        """The variables of an engine on this database."""
        return {
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "DATABASE_URL": self.bench.login(name),
            "REDIS_URL": self.redis,
            "BANKFEEDS_KEYS": f"bench:{b64encode(_KEY).decode()}",
            "BANKFEEDS_STORAGE_DIR": str(self.folder / "blobs"),
            "BANKFEEDS_DATA_DIR": str(self.folder / "data"),
            "BANKFEEDS_LOG_LEVEL": "warning",
            "BANKFEEDS_PROVIDER_PLAID_URL": self.plaid.url,
            "BANKFEEDS_PROVIDER_PLAID_CLIENT_ID": CLIENT_ID,
            "BANKFEEDS_PROVIDER_PLAID_SECRET": SECRET,
        }

    async def connections(self, name: str, tenant: UUID, first: UUID, count: int) -> list[UUID]:
        """So many connections of the tenant, the one that there is among them."""
        connections = [first, *(uuid4() for _ in range(count - 1))]
        owner = await asyncpg.connect(self.bench.owner(name))
        await owner.executemany(
            "insert into app.connections (tenant_id, id, name, provider)"
            " values ($1, $2, 'B', 'plaid')",
            [(tenant, connection) for connection in connections[1:]],
        )
        await owner.close()
        return connections

    async def link(
        self,
        name: str,
        tenant: UUID,
        connections: Sequence[UUID],
        *,
        first: int,
        webhook: str | None = None,
    ) -> list[str]:
        """Links an Item to each connection; the Items' ids."""
        items = []
        async with connect(self.bench.login(name), size=2) as database:
            for number, connection in enumerate(connections, start=first):
                held = await asyncio.to_thread(self.plaid.link, number, webhook=webhook)
                await _keep(database, self.vault, tenant, connection, held)
                items.append(held.item_id)
        owner = await asyncpg.connect(self.bench.owner(name))
        await owner.executemany(
            "update app.connections set provider = 'plaid', status = 'active', external_id = $2"
            " where id = $1",
            list(zip(connections, items, strict=True)),
        )
        await owner.close()
        return items


@asynccontextmanager
async def opened() -> AsyncIterator[Place]:
    """A place of its own, gone at the end."""
    with tempfile.TemporaryDirectory(prefix="bf-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # Postgres may run as another user
        sandbox = create_app(
            seed=1, client_id=CLIENT_ID, secret=SECRET, now=lambda: datetime.now(UTC)
        )
        sandbox.control.set_pace(initial_s=0, historical_s=0)
        with serving(sandbox) as url, httpx.Client(timeout=ASKED_WITHIN_S) as http:
            async with (
                embedded_postgres(folder / "postgres", postgres_binaries(None)) as postgres,
                embedded_valkey(folder / "valkey", valkey_binary(), durable=False) as valkey,
            ):
                yield Place(
                    bench=Bench(postgres=postgres, folder=folder),
                    redis=valkey.url(),
                    plaid=Plaid(sandbox=sandbox, url=url, http=http),
                    folder=folder,
                )


@contextmanager
def workers(place: Place, name: str, *, count: int) -> Iterator[None]:
    """Workers as users run them, until the block ends."""
    with ExitStack() as stack:
        for _ in range(count):
            process = subprocess.Popen(
                [sys.executable, "-m", "cli.main", "worker"],
                env=place.environ(name),
                cwd=place.folder,
                stdin=subprocess.DEVNULL,
            )
            stack.callback(partial(_ended, process))
            stack.callback(process.terminate)
        yield


async def due(owner: asyncpg.Connection[asyncpg.Record]) -> None:
    """All connections are due for a sync now."""
    await owner.execute("update app.connections set next_sync_at = now() where provider = 'plaid'")


async def until_done(
    owner: asyncpg.Connection[asyncpg.Record], *, jobs: int, within_s: float
) -> None:
    """Waits until so many jobs are completed. Raises RuntimeError with the states there are."""
    done = "select count(*) from app.ingestion_jobs where state = 'completed'"
    deadline = asyncio.get_running_loop().time() + within_s
    while await owner.fetchval(done) < jobs:
        if asyncio.get_running_loop().time() > deadline:
            states = await owner.fetch(
                "select state, error_code, count(*) from app.ingestion_jobs group by 1, 2"
            )
            raise RuntimeError(f"not done in {within_s} s: {[tuple(row) for row in states]}")
        await asyncio.sleep(0.1)


def _ended(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(ENDS_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


async def _keep(
    database: Database, vault: Vault, tenant: UUID, connection: UUID, held: PlaidCredentials
) -> None:
    sealed = await vault.seal(held.to_bytes(), aad=credentials.aad(tenant, connection))
    async with database.as_(WorkerScope(tenant_id=tenant)) as tx:
        await credentials.put(
            tx, tenant_id=tenant, connection_id=connection, sealed=sealed, expires_at=None
        )
        await webhook_inbox.put_route(
            tx, connection_id=connection, provider=PLAID.facts.slug, item=held.item_id
        )
