"""The API in a process of its own, as `bankfeeds serve` runs it: for benchmarks."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import httpx

ROOT: Final = Path(__file__).resolve().parents[1]
STARTS_WITHIN_S: Final = 30
ENDS_WITHIN_S: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running API."""

    url: str
    pid: int

    def rss_mib(self) -> float:
        status = Path(f"/proc/{self.pid}/status").read_text()
        line = next(one for one in status.splitlines() if one.startswith("VmRSS"))
        return int(line.split()[1]) / 1024

    def cpu_s(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@asynccontextmanager
async def api_process(environ: Mapping[str, str]) -> AsyncIterator[Server]:
    """Serves on a free port of this machine until the end of the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cli.main", "serve", "--port", str(port)),
        env={
            "PATH": os.defpath,
            "PYTHONPATH": str(ROOT),
            "BANKFEEDS_LOG_LEVEL": "warning",
            **environ,
        },
        cwd=environ["BANKFEEDS_DATA_DIR"],
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(STARTS_WITHIN_S), httpx.AsyncClient(trust_env=False) as http:
            while not await _answers(http, url):  # a server sends no event
                if process.returncode is not None:
                    raise RuntimeError(f"the API ended with status {process.returncode}")
                await asyncio.sleep(0.1)
        yield Server(url=url, pid=process.pid)
    finally:
        if process.returncode is None:
            process.terminate()
        try:
            async with asyncio.timeout(ENDS_WITHIN_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def _answers(http: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await http.get(f"{url}/readyz")).is_success
    except httpx.TransportError:
        return False
