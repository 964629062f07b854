"""The processes of Bankfeeds itself that `up` runs beside the servers."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Final

import httpx

from cli.sandbox import SECRET
from cli.serve import HTTP, MESSAGE_BYTES_MAX, WEBSOCKET
from core.settings import PROVIDER_PREFIX
from db.supervisor import Command

CODE: Final = Path(__file__).resolve().parents[1]  # a checkout, or site-packages
PROBE_TIMEOUT_S: Final = 2.0


def children(environ: Mapping[str, str], *, listener: int, url: str) -> tuple[Command, ...]:
    """API and worker; the API serves the listening socket with the number `listener`."""
    # -P and PYTHONPATH: a folder `api` where the user happens to be is not ours.
    module = (sys.executable, "-P", "-m")
    env = {**environ, "PYTHONPATH": os.pathsep.join([str(CODE), environ.get("PYTHONPATH", "")])}
    simulated = _simulated(module, env)
    for sandbox in simulated:
        env |= sandbox.leads
    return (
        *(sandbox.command for sandbox in simulated),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """The process of the simulated providers, and the settings that lead to them."""

    command: Command
    leads: Mapping[str, str]


def _simulated(module: tuple[str, ...], env: Mapping[str, str]) -> tuple[Simulated, ...]:
    """Beside the demo, providers that one can link; where others are set up, those are meant."""
    if env.get("BANKFEEDS_DEMO") != "true" or any(name.startswith(PROVIDER_PREFIX) for name in env):
        return ()
    from sandbox.registry import SANDBOXES  # takes a moment, and is needed here alone

    secret, ports = token_hex(16), _free_ports(len(SANDBOXES))
    leads = {
        f"{PROVIDER_PREFIX}{one.slug}_{field}".upper(): value
        for one, port in zip(SANDBOXES, ports, strict=True)
        for field, value in one.settings(f"http://127.0.0.1:{port}", secret).items()
    }
    command = Command(
        name="sandbox",
        argv=(*module, "cli.main", "sandbox", "--port", str(ports[0])),
        env={**env, SECRET: secret},
        stop_within_s=2.0,
    )
    return (Simulated(command=command, leads=leads),)


def _free_ports(count: int) -> tuple[int, ...]:
    """Neighbouring ports that nobody listens on now; somebody who comes first is told of later."""
    while True:
        with ExitStack() as stack:
            first = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            ports = range(first.getsockname()[1], first.getsockname()[1] + count)
            try:
                for port in ports[1:]:
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except (OSError, OverflowError):
                continue
            return tuple(ports)


def _answers(url: str) -> Callable[[int], Awaitable[bool]]:
    async def ready(_pid: int) -> bool:
        try:
            async with httpx.AsyncClient(timeout=PROBE_TIMEOUT_S, trust_env=False) as client:
                return (await client.get(url)).status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    return ready
