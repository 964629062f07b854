"""Health: whether the process lives, and whether it can do its work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from redis.exceptions import RedisError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from db.failures import DatabaseUnavailable, TimedOut
from resolvers.services import Process

PROBE_TIMEOUT_S: Final = 2


async def healthz(_request: Request) -> Response:
    """The process runs."""
    return JSONResponse({"status": "ok"})


class Readiness:
    """Whether requests can be served. Without Postgres: no. Without Redis: yes, but slower news.

    Jobs are found by the workers' sweep and subscriptions look by themselves, so a lost Redis
    makes the answer "degraded", not 503: taking every instance out of service would help nobody.
    """

    def __init__(self, process: Process) -> None:
        self._process = process

    async def serve(self, _request: Request) -> Response:
        """The state as a whole and of each part."""
        async with asyncio.TaskGroup() as group:
            postgres = group.create_task(_state(self._process.services.database.ping))
            redis = group.create_task(_state(self._process.redis.ping))
        parts = {"postgres": postgres.result(), "redis": redis.result()}
        if parts["postgres"] != "ok":
            return JSONResponse({"status": "unavailable", **parts}, status_code=503)
        status = "ok" if parts["redis"] == "ok" else "degraded"
        return JSONResponse({"status": status, **parts})


async def _state(probe: Callable[[], Awaitable[object]]) -> str:
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            await probe()
    except (DatabaseUnavailable, TimedOut, RedisError, OSError, TimeoutError):
        return "unreachable"
    return "ok"
