"""The processes of Bankfeeds itself that `up` runs beside the servers."""

from __future__ import annotations

import os
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Final

import httpx

from cli.serve import HTTP, MESSAGE_BYTES_MAX, WEBSOCKET
from db.supervisor import Command

CODE: Final = Path(__file__).resolve().parents[1]  # a checkout, or site-packages
PROBE_TIMEOUT_S: Final = 2.0


def children(environ: Mapping[str, str], *, listener: int, url: str) -> tuple[Command, ...]:
    """API and worker; the API serves the listening socket with the number `listener`."""
    # -P and PYTHONPATH: a folder `api` where the user happens to be is not ours.
    module = (sys.executable, "-P", "-m")
    env = {**environ, "PYTHONPATH": os.pathsep.join([str(CODE), environ.get("PYTHONPATH", "")])}
    return (
        Command(
            name="api",
            argv=(
                *(*module, "uvicorn", "api.app:app", "--app-dir", str(CODE)),
                *("--fd", str(listener), "--timeout-graceful-shutdown", "1"),
                *("--no-access-log", "--log-level", "warning"),
                *("--http", HTTP, "--ws", WEBSOCKET, "--ws-per-message-deflate", "false"),
                *("--ws-max-size", str(MESSAGE_BYTES_MAX), "--no-server-header"),
            ),
            env=env,
            pass_fds=(listener,),
            ready=_answers(f"{url}/readyz"),
            stop_within_s=2.0,
        ),
        Command(
            name="worker",
            argv=(*module, "cli.main", "worker"),
            env=env,
            stop_within_s=2.0,
        ),
    )


def _answers(url: str) -> Callable[[int], Awaitable[bool]]:
    async def ready(_pid: int) -> bool:
        try:
            async with httpx.AsyncClient(timeout=PROBE_TIMEOUT_S, trust_env=False) as client:
                return (await client.get(url)).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    return ready
