"""Memory of an export: bounded by the page, whatever the number of rows and the reader's pace."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from api.dev_keys import DevelopmentKey, create_development_key
from tests.fixtures.api_server import KEYS, Api
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.exporting import exporting, filled
from tests.fixtures.world import World

ROOT = Path(__file__).resolve().parents[2]
FEW, MANY = 5_000, 100_000
GROWTH_MIB_MAX = 16
STALLED = 8
STALLED_MIB_MAX = 48  # for eight who do not read: a page and a socket's buffer each


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An API in a process of its own."""

    pid: int
    api: Api

    def peak_mib(self) -> float:
        """The most memory that the process ever had."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        found = re.search(r"^VmHWM:\s+(\d+) kB", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) / 1024


@pytest.fixture
async def server(database: DatabaseUrls, redis_url: str, tmp_path: Path) -> AsyncIterator[Server]:
    variables = {
        "DATABASE_URL": database.login,
        "REDIS_URL": redis_url,
        "BANKFEEDS_KEYS": KEYS,
        "BANKFEEDS_DATA_DIR": str(tmp_path),
        "BANKFEEDS_DEMO": "true",
    }
    async with _served(variables, create_development_key(tmp_path)) as server:
        yield server


async def test_twenty_times_the_rows_need_the_same_memory(world: World, server: Server) -> None:
    few, many = await filled(world, rows=FEW), await filled(world, rows=MANY)
    lines = []
    peaks = []
    for place in (few, many, few, many):
        async with exporting(
            server.api, server.api.headers(place.user_id), format="ndjson"
        ) as pieces:
            lines.append(sum([piece.count(b"\n") async for piece in pieces]))
        peaks.append(server.peak_mib())

    assert lines == [FEW, MANY, FEW, MANY]
    assert peaks[-1] - peaks[0] < GROWTH_MIB_MAX


async def test_readers_that_stall_cost_a_page_each(world: World, server: Server) -> None:
    places = [await filled(world, rows=40_000) for _ in range(STALLED // 2)]
    async with exporting(server.api, server.api.headers(places[0].user_id)) as pieces:
        await anext(pieces)
    before = server.peak_mib()

    async with AsyncExitStack() as stack:
        for place in places * 2:
            headers = server.api.headers(place.user_id)
            pieces = await stack.enter_async_context(exporting(server.api, headers))
            await anext(pieces)
        await asyncio.sleep(1)
        grown = server.peak_mib() - before
        ready = await server.api.http.get("/readyz")

    assert grown < STALLED_MIB_MAX
    assert ready.status_code == 200


@asynccontextmanager
async def _served(variables: dict[str, str], key: DevelopmentKey) -> AsyncIterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    process = _started(variables, port)
    url = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
            await _ready(http, process)
            yield Server(pid=process.pid, api=Api(url=url, http=http, key=key))
    finally:
        process.terminate()
        await asyncio.to_thread(process.wait, timeout=20)


def _started(variables: dict[str, str], port: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", "--port", str(port)],
        cwd=variables["BANKFEEDS_DATA_DIR"],
        env={**variables, "PATH": os.defpath, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


async def _ready(http: httpx.AsyncClient, process: subprocess.Popen[bytes]) -> None:
    async with asyncio.timeout(30):
        while True:
            assert process.poll() is None
            try:
                (await http.get("/readyz")).raise_for_status()
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
            else:
                return
