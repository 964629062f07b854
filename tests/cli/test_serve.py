"""`bankfeeds serve` serves on loopback, and says in a sentence what it lacks."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx

from api.dev_keys import create_development_key
from tests.fixtures.api_server import KEYS
from tests.fixtures.database import DatabaseUrls

ROOT = Path(__file__).resolve().parents[2]


async def test_it_serves_until_it_is_told_to_stop(
    database: DatabaseUrls, redis_url: str, tmp_path: Path
) -> None:
    create_development_key(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    served = _serve(
        port,
        tmp_path,
        DATABASE_URL=database.login,
        REDIS_URL=redis_url,
        BANKFEEDS_KEYS=KEYS,
        BANKFEEDS_DATA_DIR=str(tmp_path),
        BANKFEEDS_DEMO="true",
    )
    try:
        answer = await _answer(f"http://127.0.0.1:{port}/readyz", served)
    finally:
        served.terminate()
        await asyncio.to_thread(served.communicate, timeout=20)

    assert answer.json()["status"] == "ok"
    assert "server" not in answer.headers
    assert served.returncode in (0, -15)


async def test_without_a_database_it_says_so(tmp_path: Path) -> None:
    served = _serve(1, tmp_path)

    _, errors = await asyncio.to_thread(served.communicate, timeout=30)

    assert served.returncode == 1
    assert "DATABASE_URL" in errors
    assert "Traceback" not in errors


async def test_wrong_operations_are_told_in_a_sentence(
    database: DatabaseUrls, redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "operations.json").write_text("[]")
    served = _serve(
        1,
        tmp_path,
        DATABASE_URL=database.login,
        REDIS_URL=redis_url,
        BANKFEEDS_KEYS=KEYS,
        BANKFEEDS_OPERATIONS_FILE=str(tmp_path / "operations.json"),
    )

    _, errors = await asyncio.to_thread(served.communicate, timeout=30)

    assert served.returncode == 1
    assert "BANKFEEDS_OPERATIONS_FILE: operations.json must hold an object" in errors
    assert "Traceback" not in errors


def _serve(port: int, folder: Path, **variables: str) -> subprocess.Popen[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "cli.main", "serve", "--port", str(port)],
        cwd=folder,
        env={**kept, **variables, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


async def _answer(url: str, served: subprocess.Popen[str]) -> httpx.Response:
    async with asyncio.timeout(30), httpx.AsyncClient(trust_env=False) as http:
        while True:
            assert served.poll() is None, served.stderr and served.stderr.read()
            try:
                return await http.get(url)
            except httpx.TransportError:
                await asyncio.sleep(0.1)
