"""Serve a sandbox on the loopback interface: while a context lasts, or until the process ends."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

HOST: Final = "127.0.0.1"
START_TIMEOUT_S: Final = 10


@contextmanager
def serving(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """The base URL, such as "http://127.0.0.1:49152", while a thread serves the application.

    Port 0 is a free one. Raises RuntimeError if it does not start within ten seconds.
    """
    server = uvicorn.Server(_config(app))
    with _listener(port) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            _wait_until_started(server)
            yield f"http://{HOST}:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(START_TIMEOUT_S)


def serve(app: ASGIApp, *, port: int) -> None:
    """Serve the application on this port until the process is told to end."""
    with _listener(port) as listener:
        uvicorn.Server(_config(app)).run(sockets=[listener])


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app, loop="asyncio", ws="none", lifespan="off", log_level="critical", access_log=False
    )


def _listener(port: int) -> socket.socket:
    listener = socket.create_server((HOST, port))
    # Inherited by every connection. Head and body of an answer are two writes, and without this
    # the second waits for the client to acknowledge the first, which takes it 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _wait_until_started(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started:
        if time.monotonic() > deadline:
            raise RuntimeError("the sandbox did not start")
        time.sleep(0.01)
