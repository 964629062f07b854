"""Serve a sandbox on a port of the loopback interface, for as long as a context lasts."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import uvicorn
from starlette.types import ASGIApp

START_TIMEOUT_S: Final = 10


@contextmanager
def serving(app: ASGIApp, *, port: int = 0) -> Iterator[str]:
    """The base URL, such as "http://127.0.0.1:49152", while a thread serves the application.

    Port nought is any that is free.

    Raises RuntimeError if it does not start within ten seconds.
    """
    config = uvicorn.Config(app, loop="asyncio", ws="none", lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", port)) as listener:
        # Connections inherit it. Else each answer, two packets long, waits 40 ms for the client.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            _wait_until_started(server)
            yield address
        finally:
            server.should_exit = True
            thread.join(START_TIMEOUT_S)


def _wait_until_started(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not server.started:
        if time.monotonic() > deadline:
            raise RuntimeError("the sandbox did not start")
        time.sleep(0.01)
