"""Serve a sandbox on the loopback interface while a context lasts."""

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


class NotServed(Exception):
    """The port cannot be had, or nothing serves on it in time."""


@contextmanager
def serving(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """The base URL, such as "http://127.0.0.1:49152", while a thread serves the application.

    Port 0 is a free one. Raises NotServed, also if it does not start within ten seconds.
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


def _config(app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app, loop="asyncio", ws="none", lifespan="off", log_level="critical", access_log=False
    )


def _listener(port: int) -> socket.socket:
    try:
        listener = socket.create_server((HOST, port))
    except OSError as error:
        raise NotServed(f"cannot listen on {HOST} port {port}: {error.strerror}") from error
    # Inherited by every connection. Head and body of an answer are two writes, and without this
    # the second waits for the client to acknowledge the first, which takes it 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener


def _wait_until_started(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started:
        if time.monotonic() > deadline:
            raise NotServed("the sandbox did not start")
        time.sleep(0.01)
