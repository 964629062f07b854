"""The walk of the TypeScript client through a real server, which counts its SQL statements."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import asyncpg
import pytest

from api.app import create_app
from api.dev_keys import create_development_key, sign_token
from tests.clients.counting import Counts
from tests.clients.npm import CLIENT, ROOT, installed, run, tool
from tests.fixtures.api_server import KEYS, Api, serving, settings_of
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.postbox import OTHER_PROVIDER, RECEIVERS

WALKS_WITHIN_S: Final = 300
ENDS_WITHIN_S: Final = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the walk told."""

    steps: list[dict[str, Any]]
    walked: list[dict[str, Any]]
    said: str  # on standard error

    @property
    def failures(self) -> list[str]:
        """The steps that failed, each with why."""
        found = [f"{step['name']}\n{step['error']}" for step in self.steps if not step["ok"]]
        return found or ([self.said] if self.said else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Walker:
    """A server with a worker, and the compiled walk."""

    api: Api
    counts: Counts
    worker: int
    owner: asyncpg.Connection[asyncpg.Record]
    compiled: Path

    async def walk(self, *, accounts: int, rows: int) -> Report:
        """Walks in tenants of its own, with files of this size."""
        setting = {
            "url": f"{self.api.url}/graphql",
            "worker": self.worker,
            "size": {"accounts": accounts, "rows": rows},
            "people": {name: await self.identity(name) for name in ("anna", "ben", "olga")},
        }
        done = await self.node("walk/walk.js", json.dumps(setting))
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        return Report(
            steps=[line for line in lines if line["kind"] == "step"],
            walked=[line for line in lines if line["kind"] == "walked"],
            said=done.stderr if done.returncode else "",
        )

    async def identity(self, name: str) -> dict[str, str]:
        """A new user and their token."""
        user_id = uuid4()
        email = f"{name}-{user_id}@example.com"
        await self.owner.execute(
            "insert into auth.users (id, email, email_confirmed_at) values ($1, $2, now())",
            user_id,
            email,
        )
        token = sign_token(
            self.api.key,
            user_id=user_id,
            email=email,
            tenant_id=None,
            lifetime=timedelta(hours=1),
            now=datetime.now(UTC),
        )
        return {"email": email, "token": token}

    async def node(
        self, script: str, *arguments: str, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        """Runs a compiled script beside the server."""
        command = ("node", "--enable-source-maps", str(self.compiled / script), *arguments)
        return await asyncio.to_thread(
            subprocess.run,
            command,
            env={"PATH": os.environ["PATH"], **environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WALKS_WITHIN_S,
            check=False,
        )


@pytest.fixture
def compiled() -> Iterator[Path]:
    """The client, its example and its walk as JavaScript."""
    installed()
    folder = CLIENT / "build" / uuid4().hex  # beside node_modules, where imports look
    try:
        done = run(tool("tsc"), "--noCheck", "--sourceMap", "--outDir", str(folder))
        assert done.returncode == 0, done.stdout
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def walker(
    compiled: Path, database: DatabaseUrls, redis_url: str, tmp_path: Path
) -> AsyncIterator[Walker]:
    """A server on an empty, migrated database."""
    create_development_key(tmp_path)
    port = _free_port()
    settings = settings_of(database, redis_url, tmp_path, BANKFEEDS_PORT=str(port))
    counts = Counts()
    # So that a connection of files can have an endpoint; the worker does not know the provider.
    receivers = {"file": RECEIVERS[OTHER_PROVIDER]}
    app = create_app(settings, open_context=counts.open_context, receivers=receivers)
    owner = await asyncpg.connect(database.owner)
    try:
        async with serving(app, tmp_path, port=port) as api:
            with _worker(database, redis_url, tmp_path) as worker:
                yield Walker(api=api, counts=counts, worker=worker, owner=owner, compiled=compiled)
    finally:
        await owner.close()


@contextmanager
def _worker(database: DatabaseUrls, redis_url: str, data_dir: Path) -> Iterator[int]:
    """The process id of a worker."""
    environ = {
        "PATH": os.defpath,
        "PYTHONPATH": str(ROOT),
        "DATABASE_URL": database.login,
        "REDIS_URL": redis_url,
        "BANKFEEDS_KEYS": KEYS,
        "BANKFEEDS_DATA_DIR": str(data_dir),
        "BANKFEEDS_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "cli.main", "worker"], cwd=data_dir, env=environ
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        process.send_signal(signal.SIGCONT)  # a walk that broke off may have held it
        process.wait(ENDS_WITHIN_S)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
