"""Exports over HTTP, beside COPY by a superuser as the floor: one table.

    python bench/export_speed.py [--quick]

Our side does all that the product does: a token, row-level security, pages of a short transaction
each, an HTTP/1.1 answer to a client in another process. The floor is one COPY of the same columns
in one statement without policies, thrown away; its plain line copies the columns as they lie.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from api.dev_keys import create_development_key
from bench.api_process import Server, api_process
from db.binaries import postgres_binaries, valkey_binary
from db.bootstrap import LOGIN, OWNER, bootstrap
from db.embedded import PostgresServer, embedded_postgres
from db.exports import COLUMNS
from db.files import migrations_directory
from db.login import grant_login
from db.migrate import migrate
from db.valkey import embedded_valkey
from tests.fixtures.api_server import KEYS, Api
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.exporting import PATH, filled
from tests.fixtures.world import Place, opened

PASSWORD = "of-a-benchmark"  # noqa: S105 - of a server that lives for this run
BEST_OF = 3

_JOINS = """
from app.transactions as t
left join app.accounts as a on a.tenant_id = t.tenant_id and a.id = t.account_id
left join app.account_mappings as m on m.tenant_id = t.tenant_id and m.id = t.mapping_id
order by t.sort_date, t.id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One way to get the rows out, at its best."""

    what: str
    seconds: float
    megabytes: float
    api_cpu_s: float | None = None


async def main(*, quick: bool) -> None:
    """Prints the table."""
    rows = 50_000 if quick else 500_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        async with (
            embedded_postgres(folder / "postgres", postgres_binaries(None)) as postgres,
            embedded_valkey(folder / "valkey", valkey_binary(), durable=False) as valkey,
        ):
            urls = await _migrated(postgres)
            async with opened(urls, folder) as world:
                place = await filled(world, rows=rows)
            await _vacuum(urls)
            floors = [await _copy(urls, what, sql) for what, sql in _floors()]
            async with _served(urls, f"unix://{valkey.socket}", folder) as (api, server):
                ours = [await _export(api, server, place, form) for form in ("csv", "ndjson")]
    _print(rows, floors, ours)


async def _migrated(postgres: PostgresServer) -> DatabaseUrls:
    superuser = postgres.url(database="postgres")
    await bootstrap(superuser, owner_password=PASSWORD, login_password=PASSWORD)
    owner = postgres.url(user=OWNER, password=PASSWORD, database="postgres")
    await migrate(owner, migrations_directory())
    await grant_login(owner, LOGIN)
    login = postgres.url(user=LOGIN, password=PASSWORD, database="postgres")
    return DatabaseUrls(name="postgres", login=login, owner=owner, superuser=superuser)


async def _vacuum(urls: DatabaseUrls) -> None:
    """What autovacuum is about to do."""
    admin = await asyncpg.connect(urls.superuser)
    await admin.execute("vacuum (analyze)")
    await admin.close()


def _floors() -> list[tuple[str, str]]:
    columns = ", ".join(f'{sql} as "{name}"' for name, sql, _ in COLUMNS)
    return [
        ("COPY of the same columns", f"select {columns} {_JOINS}"),
        ("COPY of the bare table", "select t.* from app.transactions as t"),
    ]


async def _copy(urls: DatabaseUrls, what: str, sql: str) -> Run:
    size = 0

    async def throw_away(piece: bytes) -> None:
        nonlocal size
        size += len(piece)

    best = float("inf")
    admin = await asyncpg.connect(urls.superuser)
    for _ in range(BEST_OF):
        size = 0
        started = time.perf_counter()
        await admin.copy_from_query(sql, output=throw_away, format="csv")
        best = min(best, time.perf_counter() - started)
    await admin.close()
    return Run(what=what, seconds=best, megabytes=size / 1e6)


async def _export(api: Api, server: Server, place: Place, form: str) -> Run:
    runs = []
    for _ in range(BEST_OF):
        size = 0
        started, cpu = time.perf_counter(), server.cpu_s()
        async with api.http.stream(
            "GET", PATH, params={"format": form}, headers=api.headers(place.user_id)
        ) as response:
            response.raise_for_status()
            async for piece in response.aiter_raw():
                size += len(piece)
        runs.append(
            Run(
                what=f"export as {form}",
                seconds=time.perf_counter() - started,
                megabytes=size / 1e6,
                api_cpu_s=server.cpu_s() - cpu,
            )
        )
    return min(runs, key=lambda run: run.seconds)


@asynccontextmanager
async def _served(
    urls: DatabaseUrls, redis: str, folder: Path
) -> AsyncIterator[tuple[Api, Server]]:
    environ = {
        "DATABASE_URL": urls.login,
        "REDIS_URL": redis,
        "BANKFEEDS_KEYS": KEYS,
        "BANKFEEDS_DATA_DIR": str(folder),
        "BANKFEEDS_DEMO": "true",
    }
    key = create_development_key(folder)
    async with (
        api_process(environ) as server,
        httpx.AsyncClient(base_url=server.url, timeout=60, trust_env=False) as http,
    ):
        yield Api(url=server.url, http=http, key=key), server


def _print(rows: int, floors: list[Run], ours: list[Run]) -> None:
    table = Table(title=f"Export of {rows:,} transactions")
    for column in ("what", "rows/s", "seconds", "MB", "CPU of the API, s", "against"):
        table.add_column(column, justify="left" if column == "what" else "right")
    floor = floors[0]
    for run in (*floors, *ours):
        table.add_row(
            run.what,
            f"{rows / run.seconds:,.0f}",
            f"{run.seconds:.2f}",
            f"{run.megabytes:.0f}",
            "" if run.api_cpu_s is None else f"{run.api_cpu_s:.2f}",
            "" if run in floors else f"{floor.seconds / run.seconds:.2f} × COPY",
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    asyncio.run(main(quick="--quick" in sys.argv))
