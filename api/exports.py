"""`GET /exports/transactions`: streams what a filter finds as CSV or NDJSON, a page at a time.

Between two pages nothing of the database is held, however slowly the client reads. An export that
cannot go on is broken off: the connection closes without the last chunk of the body, so that no
client takes a part for the whole (RFC 9112, section 8).
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from api.body import gone
from api.callers import Caller
from api.edge import Edge
from api.errors import Problem
from api.export_delivery import Delivery
from api.export_request import parsed
from api.outermost import request_id
from api.rate_limits import Allowance

EXPORT_COST: Final = 1_000  # of what a caller may spend in a minute, however many rows it has
EXPORTS_MAX: Final = 16
EXPORTS_OF_USER_MAX: Final = 2
READS_AT_ONCE: Final = 2  # so that exports leave the connections of the pool to everybody else
RETRY_AFTER_S: Final = 10


class Running:
    """The exports that a process is sending."""

    def __init__(self) -> None:
        self._of_user: Counter[UUID] = Counter()

    @contextmanager
    def admitted(self, user_id: UUID) -> Iterator[None]:
        """Counts one more. Raises Problem (429, 503) where there are enough."""
        if self._of_user[user_id] >= EXPORTS_OF_USER_MAX:
            message = f"you have {EXPORTS_OF_USER_MAX} exports running; let one end first"
            raise _full(HTTPStatus.TOO_MANY_REQUESTS, message)
        if self._of_user.total() >= EXPORTS_MAX:
            raise _full(HTTPStatus.SERVICE_UNAVAILABLE, "too many exports are running")
        self._of_user[user_id] += 1
        try:
            yield
        finally:
            self._of_user[user_id] -= 1
            self._of_user += Counter()  # forgets those who have none


class Exports:
    """The endpoint, as an ASGI application."""

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._running = Running()
        self._reading = asyncio.Semaphore(READS_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One export, or the words why there is none, from within CORS: browsers may read them."""
        told = send
        try:
            _check_protocol(scope)
            caller = await self._caller(scope)
            allowance = self._edge.allowance(caller)
            told = _telling(allowance, send)
            await allowance.charged(EXPORT_COST)
            await self._serve(scope, receive, told, caller)
        except Problem as problem:  # none comes after the first byte
            answer = JSONResponse(
                problem.body(request_id(scope)),
                status_code=problem.status,
                headers=dict(problem.headers),
            )
            await answer(scope, receive, told)

    async def _caller(self, scope: Scope) -> Caller:
        headers = Headers(scope=scope)
        identity = await self._edge.identify(scope, headers.get("authorization"))
        return await self._edge.callers.choose(identity, headers.get("x-tenant"))

    async def _serve(self, scope: Scope, receive: Receive, send: Send, caller: Caller) -> None:
        export = parsed(scope["query_string"], Headers(scope=scope))
        delivery = Delivery(
            caller=caller,
            context=self._edge.context(caller, request_id(scope)),
            reading=self._reading,
            send=send,
        )
        with self._running.admitted(caller.user_id):
            await _while_there(receive, delivery.serve(export))


def _telling(allowance: Allowance, send: Send) -> Send:
    """Sends, and tells in the head what the caller may still spend."""

    async def told(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message["headers"], *allowance.headers()]}
        await send(message)

    return told


def _check_protocol(scope: Scope) -> None:
    """Raises Problem (405), and (505) where a part could not be told from the whole."""
    if scope["method"] != "GET":
        raise Problem(
            HTTPStatus.METHOD_NOT_ALLOWED, "BAD_INPUT", "export with GET", {"allow": "GET"}
        )
    if scope["http_version"] == "1.0":
        # Its body ends with the connection, also where that breaks.
        raise Problem(
            HTTPStatus.HTTP_VERSION_NOT_SUPPORTED,
            "BAD_INPUT",
            "exports need HTTP/1.1 or later; a proxy in between must speak it too",
        )


async def _while_there(receive: Receive, work: Coroutine[Any, Any, None]) -> None:
    """Does the work; cancels it and raises ClientGone when the client goes away."""
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(gone(receive))
            await work
            watch.cancel()
    except ExceptionGroup as group_error:
        raise group_error.exceptions[0] from None


def _full(status: HTTPStatus, message: str) -> Problem:
    return Problem(status, "LIMIT", message, {"retry-after": str(RETRY_AFTER_S)})
