"""The socket that the API serves: opened by `up`, so that a restart of the API loses no caller."""

from __future__ import annotations

import socket
from typing import Final

from core.errors import BankfeedsError

BACKLOG: Final = 1024
PORTS_TRIED: Final = 20


class PortTaken(BankfeedsError):
    """Something else listens on the port that was asked for."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket on exactly this port; raises `PortTaken`."""
    try:
        listener = socket.create_server((host, port), backlog=BACKLOG)
    except OSError as error:
        raise PortTaken(
            f"cannot listen on {host} port {port}: {error.strerror}; "
            "stop what listens there, or give another --port"
        ) from error
    # What is accepted inherits it: uvicorn takes a socket it is given for a Unix socket and would
    # leave Nagle's algorithm on, at 40 ms for each answer.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def listen_near(host: str, port: int) -> socket.socket:
    """A listening socket on this port or the next free one; raises `PortTaken`."""
    for candidate in range(port, min(port + PORTS_TRIED, 65_535)):
        try:
            return listen(host, candidate)
        except PortTaken:
            continue
    return listen(host, 0)


def base_url(listener: socket.socket) -> str:
    """How a browser on this machine reaches it."""
    host, port = listener.getsockname()[:2]
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "::1": "[::1]"}.get(host, host)  # noqa: S104
    return f"http://{name}:{port}"
