"""Quiltt, simulated: one environment with its Auth, REST and GraphQL APIs and its Connector.

What each part serves stands at the head of its file: `quiltt_rest`, `quiltt_graphql`,
`quiltt_connector`, and for making things happen `quiltt_control` and `faults`. Everything follows
from the seed and from what is asked in which order.

Sources: Quiltt's REST OpenAPI of 2026-04-01, its generated GraphQL types of 2025-04, its
documentation, and the source of @quiltt/core.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.faults import Faults
from sandbox.quiltt_answers import Refused, answer, problem, refused
from sandbox.quiltt_connector import Connector
from sandbox.quiltt_control import Control, ControlRoutes
from sandbox.quiltt_graphql import GraphQL
from sandbox.quiltt_movements import keep_moving
from sandbox.quiltt_rest import Rest
from sandbox.quiltt_world import Settings, World


class QuilttApp:
    """The service as an ASGI application, and the ways to control it from the same process."""

    def __init__(self, world: World) -> None:
        self.control = Control(world)
        self.faults = Faults(_routed(world, self.control), problem)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        await self.faults(scope, receive, send)


def create_app(
    *,
    seed: str = "quiltt",
    api_key: str,
    webhook_secret: str,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
    settings: Settings | None = None,
    webhook_backoff_s: float = 1.0,
    moves_every_s: float | None = None,
) -> QuilttApp:
    """An environment without profiles; equal seeds and clocks make equal ones.

    With `moves_every_s`, every connection that syncs has new transactions that often.
    """
    world = World(
        seed=seed,
        api_key=api_key,
        webhook_secret=webhook_secret,
        now=now,
        settings=settings or Settings(),
        webhook_backoff_s=webhook_backoff_s,
    )
    if moves_every_s is not None:
        keep_moving(world, every_s=moves_every_s)
    return QuilttApp(world)


def _routed(world: World, control: Control) -> Starlette:
    return Starlette(
        routes=[
            *Rest(world).routes(),
            Route("/v1/graphql", GraphQL(world).answered, methods=["POST"]),
            *Connector(world).routes(),
            *ControlRoutes(world, control).routes(),
        ],
        exception_handlers={Refused: _refusal, HTTPException: _unrouted},
    )


async def _refusal(_: Request, error: Exception) -> Response:
    assert isinstance(error, Refused)
    return answer(error.body, error.status)


async def _unrouted(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    body = refused(error.status_code, "Is the path right?").body
    return answer(body, error.status_code, dict(error.headers or {}))
