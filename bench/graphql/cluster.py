"""The database that the reads are measured on: made once, kept until something of it changes."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg

from db.binaries import postgres_binaries
from db.bootstrap import LOGIN, OWNER, bootstrap
from db.embedded import PostgresServer, embedded_postgres
from db.files import migrations_directory
from db.login import grant_login
from db.migrate import migrate

HERE: Final = Path(__file__).resolve().parent
DATABASE: Final = "bench"
PASSWORD: Final = "of-the-benchmark"  # noqa: S105  # of a socket that only this user can reach
# pgbench has all of a pipeline parsed before any of it runs, so its login inherits.
FLOOR_LOGIN: Final = "bench_floor"
ACCOUNTS_EACH: Final = 20
DATASET: Final = HERE / "dataset.sql"
PEER_SETTINGS: Final = HERE / "postgraphile" / "database.sql"

# The server is the same for all systems: counting is switched on only while nothing is timed.
_SETTINGS: Final = {
    "shared_preload_libraries": "'pg_stat_statements'",
    "pg_stat_statements.track": "'none'",
    "autovacuum": "off",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much there is to read: `transactions` over all tenants, 20 accounts each."""

    tenants: int
    transactions: int

    @property
    def per_account(self) -> int:
        """Transactions of one account."""
        return self.transactions // (self.tenants * ACCOUNTS_EACH)


FULL: Final = Size(tenants=100, transactions=1_000_000)
QUICK: Final = Size(tenants=5, transactions=2_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """The running server and its one database."""

    postgres: PostgresServer
    tenants: int

    @property
    def pid(self) -> int:
        """The process id of the postmaster."""
        return self.postgres.supervised.pid

    @property
    def socket_dir(self) -> Path:
        """Where clients connect."""
        return self.postgres.socket_dir

    @property
    def log(self) -> Path:
        """What the server says."""
        log = self.postgres.supervised.command.log
        assert log is not None
        return log

    @property
    def login_url(self) -> str:
        """As the application logs in."""
        return self.postgres.url(user=LOGIN, password=PASSWORD, database=DATABASE)

    @property
    def owner_url(self) -> str:
        """As the migrations log in."""
        return self.postgres.url(user=OWNER, password=PASSWORD, database=DATABASE)

    @property
    def superuser_url(self) -> str:
        """As nobody else does."""
        return self.postgres.url(database=DATABASE)


def key(kind: str, number: int) -> UUID:
    """The id of a thing of the data set: see `bench.id` in dataset.sql."""
    return UUID(hashlib.md5(f"{kind}-{number}".encode(), usedforsecurity=False).hexdigest())


@asynccontextmanager
async def running(place: Path, size: Size) -> AsyncIterator[Cluster]:
    """The server on the directory `place`, filled first where it is not what is needed now."""
    home = place / f"graphql-{size.transactions}-{_mark(size)}"
    if not (home / "filled").exists():
        for stale in place.glob(f"graphql-{size.transactions}-*"):
            shutil.rmtree(stale)
        async with embedded_postgres(home / "postgres", postgres_binaries(None)) as postgres:
            await _fill(Cluster(postgres=postgres, tenants=size.tenants), size)
        (home / "filled").touch()
    async with embedded_postgres(home / "postgres", postgres_binaries(None)) as postgres:
        cluster = Cluster(postgres=postgres, tenants=size.tenants)
        await _warm(cluster)
        yield cluster


def _mark(size: Size) -> str:
    """Changes with whatever the content of the database depends on."""
    files = [*sorted(migrations_directory().glob("*.sql")), DATASET, PEER_SETTINGS, Path(__file__)]
    content = b"".join(file.read_bytes() for file in files)
    return hashlib.sha256(content + repr(size).encode()).hexdigest()[:12]


async def _fill(cluster: Cluster, size: Size) -> None:
    admin = await asyncpg.connect(cluster.postgres.url(database="postgres"))
    await admin.execute(f"create database {DATABASE}")
    for name, value in _SETTINGS.items():
        await admin.execute(f"alter system set {name} = {value}")
    await admin.close()
    await bootstrap(cluster.superuser_url, owner_password=PASSWORD, login_password=PASSWORD)
    await migrate(cluster.owner_url, migrations_directory())
    await grant_login(cluster.owner_url, LOGIN)
    filler = await asyncpg.connect(cluster.superuser_url)
    await filler.execute(f"create role {FLOOR_LOGIN} login password '{PASSWORD}'")
    await filler.execute(f"grant authenticated to {FLOOR_LOGIN}")
    await filler.execute("create extension pg_stat_statements")
    await filler.execute("select set_config('bench.tenants', $1, false)", str(size.tenants))
    await filler.execute("select set_config('bench.per_account', $1, false)", str(size.per_account))
    await filler.execute(DATASET.read_text())
    await filler.execute(PEER_SETTINGS.read_text())
    await filler.execute("vacuum (analyze, freeze)")
    await filler.execute("checkpoint")  # the server is given two seconds to end
    await filler.close()


async def _warm(cluster: Cluster) -> None:
    """Reads every page once, so that all of it is in memory."""
    reader = await asyncpg.connect(cluster.superuser_url)
    await reader.execute("select count(t.*) from app.transactions as t")
    await reader.close()
