"""With everything given from outside, nothing embedded starts, and a file still comes in.

Supabase is simulated, and driven by the real client library; Postgres, Redis, API and worker are
real processes.
"""

from __future__ import annotations

import base64
import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.serving import serving
from sandbox.supabase_auth import auth_app
from sandbox.supabase_storage import storage_app
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.processes import children_of, eventually
from tests.fixtures.world import World

ROOT = Path(__file__).resolve().parents[2]
STATEMENT = ROOT / "docs" / "samples" / "northbank.bai"
SECRET_KEY = "sb_secret_sandbox"


def project() -> ASGIApp:
    """Storage and Auth under one address, as a Supabase project has them."""
    storage, auth = storage_app(secret_key=SECRET_KEY), auth_app()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        inner = storage if scope["path"].startswith("/storage/") else auth
        await inner(scope, receive, send)

    return app


@pytest.fixture
def supabase() -> Iterator[str]:
    with serving(project()) as url:
        yield url


@contextmanager
def running(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A command of ours, ended by SIGTERM at the end of the block."""
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "cli.main", *arguments], env=environment, cwd="/"
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def token(supabase: str, user_id: UUID) -> str:
    answer = httpx.post(
        f"{supabase}/_sandbox/tokens", json={"claims": {"sub": str(user_id)}}
    ).json()
    return str(answer["access_token"])


async def test_a_file_comes_in_through_supabase(
    world: World, database: DatabaseUrls, redis_url: str, supabase: str, tmp_path: Path
) -> None:
    place = await world.place()
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database.login,
        "REDIS_URL": redis_url,
        "SUPABASE_URL": supabase,
        "SUPABASE_SECRET_KEY": SECRET_KEY,
        "BANKFEEDS_KEYS": f"k1:{base64.b64encode(bytes(range(32))).decode()}",
        "BANKFEEDS_ENV": "production",
        "BANKFEEDS_DATA_DIR": str(tmp_path / "data"),
        "BANKFEEDS_PORT": str(port),
        "BANKFEEDS_LOG_LEVEL": "warning",
    }

    with running(environment, "serve") as api, running(environment, "worker") as worker:
        assert eventually(lambda: is_ready(url), within_s=30)
        connection = base64.b64encode(f"Connection:{place.connection_id}".encode()).decode()
        done = subprocess.run(
            [
                *(sys.executable, "-P", "-m", "cli.main", "import", str(STATEMENT), "--json"),
                *("--url", f"{url}/graphql", "--token", token(supabase, place.user_id)),
                *("--connection", connection),
            ],
            env={"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        grandchildren = {**children_of(api.pid), **children_of(worker.pid)}

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["new"] == len(await world.rows(place)) == 6
    assert not grandchildren, "nothing embedded may start"
    (document,) = await world.owner.fetch(
        "select blob_path, size_bytes from app.raw_ingestion_data"
    )
    assert document["blob_path"].split("/")[1] == "sealed"
    assert not (tmp_path / "data").exists(), "nothing is kept on this machine"
    listed = httpx.post(
        f"{supabase}/storage/v1/object/list/statements",
        headers={"authorization": f"Bearer {SECRET_KEY}", "apikey": SECRET_KEY},
        json={"prefix": f"{place.tenant_id}/raw"},
    ).json()
    assert listed == [], "what the client sent unsealed is gone"
