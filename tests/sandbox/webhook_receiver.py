"""A receiver of webhooks on this machine, which answers as it is told to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.serving import serving

WAIT_S = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One delivery."""

    body: bytes
    headers: dict[str, str]


@dataclass(slots=True, kw_only=True)
class Receiver:
    """What came, and what is answered next."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)  # then 200
    received: list[Received] = field(default_factory=list)

    def wait_for(self, count: int) -> list[Received]:
        """The deliveries, once there are so many."""
        wait_until(lambda: len(self.received) >= count)
        return self.received


def wait_until(true: Callable[[], bool], *, within_s: float = WAIT_S) -> None:
    """Return when it is so; fail after some seconds."""
    deadline = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@contextmanager
def post_office() -> Iterator[Callable[[], Receiver]]:
    """Makes receivers, all of them on one free port."""
    receivers: list[Receiver] = []

    async def hook(request: Request) -> Response:
        receiver = receivers[request.path_params["number"]]
        receiver.received.append(Received(body=await request.body(), headers=dict(request.headers)))
        return Response(status_code=receiver.statuses.pop(0) if receiver.statuses else 200)

    with serving(Starlette(routes=[Route("/{number:int}", hook, methods=["POST"])])) as url:

        def receiver() -> Receiver:
            made = Receiver(url=f"{url}/{len(receivers)}")
            receivers.append(made)
            return made

        yield receiver


@contextmanager
def receiving() -> Iterator[Receiver]:
    """One receiver on a free port."""
    with post_office() as receiver:
        yield receiver()
