"""The processes of Bankfeeds itself that `up` runs beside the servers."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli.probe import answers
from cli.serve import HTTP, MESSAGE_BYTES_MAX, WEBSOCKET
from cli.simulated import simulated, simulates
from db.supervisor import Command

CODE: Final = Path(__file__).resolve().parents[1]  # a checkout, or site-packages


def children(
    environ: Mapping[str, str], *, listener: int, url: str, webhooks: Mapping[str, str]
) -> tuple[Command, ...]:
    """API and worker; the API serves the listening socket with the number `listener`.

    Before them the simulated providers, where there are any; `webhooks` says where those send
    events, by slug. Raises PortTaken.
    """
    # -P and PYTHONPATH: a folder `api` where the user happens to be is not ours.
    module = (sys.executable, "-P", "-m")
    env = {**environ, "PYTHONPATH": os.pathsep.join([str(CODE), environ.get("PYTHONPATH", "")])}
    beside = (simulated(module, env, webhooks=webhooks),) if simulates(env) else ()
    for one in beside:
        env |= one.leads
    return (
        *(one.command for one in beside),
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
            ready=answers(f"{url}/readyz"),
            stop_within_s=2.0,
        ),
        Command(
            name="worker",
            argv=(*module, "cli.main", "worker"),
            env=env,
            stop_within_s=2.0,
        ),
    )
