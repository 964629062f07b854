"""An embedded Valkey (a Redis): for `bankfeeds up` and the tests, never for production."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from db.directory import ServerDirectory, claimed, end_leftover
from db.identity import Identity
from db.supervisor import Command, Supervised

DATABASES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class ValkeyServer:
    """A running embedded Valkey."""

    supervised: Supervised
    socket: Path

    def url(self, *, database: int = 0) -> str:
        """A connection URL over the Unix socket, which redis-py and arq understand."""
        return f"unix://{self.socket}?db={database}"


@contextlib.asynccontextmanager
async def embedded_valkey(
    path: Path,
    program: Path,
    *,
    durable: bool = True,
    notify: Callable[[str], None] | None = None,
) -> AsyncIterator[ValkeyServer]:
    """Run Valkey on the directory `path`, on a Unix socket only, restarting it when it dies.

    `durable=False` keeps nothing on disk, for tests. Raises `DirectoryInUse` or `ChildFailed`.
    """
    with claimed(path, Identity()) as directory:
        directory.data.mkdir(mode=0o700, exist_ok=True)
        command = _server(directory, program, durable=durable)
        async with Supervised(command, notify=notify) as supervised:
            yield ValkeyServer(supervised=supervised, socket=_socket(directory))


def _server(directory: ServerDirectory, program: Path, *, durable: bool) -> Command:
    pid_file = directory.run / "valkey.pid"
    options = {
        "port": "0",
        "unixsocket": str(_socket(directory)),
        "unixsocketperm": "700",
        "pidfile": str(pid_file),
        "dir": str(directory.data),
        "databases": str(DATABASES),
        "save": "",
        "appendonly": "yes" if durable else "no",
        "maxmemory-policy": "noeviction",  # an evicted job would be a lost wake-up
        "loglevel": "notice",
        "logfile": "",
    }

    async def before() -> None:
        await end_leftover(pid_file, directory.data)

    async def ready(_pid: int) -> bool:
        return await _pongs(_socket(directory))

    return Command(
        name="valkey",
        argv=(program, *(part for name, text in options.items() for part in (f"--{name}", text))),
        env={"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"},
        before=before,
        ready=ready,
        cwd=Path("/"),
        log=directory.log,
        death_signal=signal.SIGTERM,
        stop_within_s=2.0,
    )


def _socket(directory: ServerDirectory) -> Path:
    return directory.run / "valkey.sock"


async def _pongs(socket: Path) -> bool:
    """Whether it answers, and not that it is still loading its data."""
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    try:
        writer.write(b"PING\r\n")
        return await reader.readline() == b"+PONG\r\n"
    except ConnectionResetError:
        return False
    finally:
        writer.close()
