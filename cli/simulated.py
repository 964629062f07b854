"""The simulated providers that `up` runs beside the demo, and the settings that lead to them."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from secrets import token_hex
from typing import Final

from cli.listener import PortTaken
from cli.probe import answers
from cli.sandbox import SECRET
from core.settings import PROVIDER_PREFIX
from db.supervisor import Command

PORTS_TRIED: Final = 50
# What a process of ours needs to run at all: neither databases nor keys are for a stranger's part.
KEPT: Final = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """Their process, and what the settings of API and worker say of them."""

    command: Command
    leads: Mapping[str, str]


def simulates(environ: Mapping[str, str]) -> bool:
    """Whether there are any: beside the demo; where others are set up, those are meant."""
    return environ.get("BANKFEEDS_DEMO") == "true" and not any(
        name.startswith(PROVIDER_PREFIX) and value for name, value in environ.items()
    )


def simulated(
    module: Sequence[str], environ: Mapping[str, str], *, webhooks: Mapping[str, str]
) -> Simulated:
    """All of them in one process. `webhooks` says where each sends events, by slug.

    Raises PortTaken.
    """
    # They take a moment to import, and are needed here alone.
    from providers.registry import variable
    from sandbox.registry import SANDBOXES

    secret, ports = token_hex(16), _free_ports(len(SANDBOXES))
    urls = [f"http://127.0.0.1:{port}" for port in ports]
    leads: dict[str, str] = {}
    for one, url in zip(SANDBOXES, urls, strict=True):
        fields = dict(one.settings(url, secret))
        if one.webhook_field is not None and one.slug in webhooks:
            fields[one.webhook_field] = webhooks[one.slug]
        leads |= {variable(one.slug, field): value for field, value in fields.items()}
    command = Command(
        name="sandbox",
        argv=(*module, "cli.main", "sandbox", "--port", str(ports[0])),
        env={
            **{name: environ[name] for name in KEPT if name in environ},
            SECRET: secret,
        },
        ready=answers(*urls, status=None),
        stop_within_s=2.0,
    )
    return Simulated(command=command, leads=leads)


def _free_ports(count: int, *, tries: int = PORTS_TRIED) -> Sequence[int]:
    """Neighbouring ports that nobody listens on now; somebody who comes first is told of later.

    Raises PortTaken.
    """
    for _ in range(tries):
        with ExitStack() as stack:
            first = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
            ports = range(first.getsockname()[1], first.getsockname()[1] + count)
            try:
                for port in ports[1:]:
                    stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except (OSError, OverflowError):
                continue
            return ports
    raise PortTaken(
        f"no {count} neighbouring ports are free for the simulated providers; end what listens on "
        "so many, or set up a provider of your own"
    )
