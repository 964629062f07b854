"""`/graphql` as a WebSocket: the graphql-transport-ws protocol, for subscriptions and the rest.

Source: graphql-ws, PROTOCOL.md; its close codes are used as it defines them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from http import HTTPStatus
from typing import Any, Final

import orjson
from starlette.websockets import WebSocket, WebSocketDisconnect

from api.callers import Caller
from api.documents import Rejected
from api.edge import Edge
from api.errors import AccessEnded, Problem
from api.operations import OperationRequest, rejected
from api.outermost import request_id
from api.rate_limits import RateLimited
from api.request import operation_of

PROTOCOL: Final = "graphql-transport-ws"
INIT_TIMEOUT_S: Final = 10
SEND_TIMEOUT_S: Final = 10
CLOSE_TIMEOUT_S: Final = 5
MESSAGE_BYTES_MAX: Final = 128 * 1024
OPERATIONS_MAX: Final = 50
ID_CHARACTERS_MAX: Final = 100
REASON_BYTES_MAX: Final = 120  # a close frame holds 123


class Closed(Exception):
    """The socket is to be closed; without a code, it is closed already."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Socket:
    """One accepted WebSocket."""

    def __init__(self, edge: Edge, websocket: WebSocket) -> None:
        self._edge = edge
        self._websocket = websocket
        self._operations: dict[str, asyncio.Task[None]] = {}

    async def serve(self, *, named: Callable[[], None]) -> None:
        """Serves until either side ends it, and tells why where we do.

        Calls `named` as soon as it is known whose socket it is.
        """
        closed = Closed(None)
        try:
            caller = await self._initialised()
            named()
            with self._edge.streams.of(caller):
                await self._send({"type": "connection_ack"})
                closed = await self._served(caller)
        except Closed as error:
            closed = error
        except Problem as problem:
            closed = _as_closed(problem)
        if closed.code is not None:
            await self._close(closed)

    async def _initialised(self) -> Caller:
        """Waits for connection_init. Raises Closed and Problem."""
        try:
            async with asyncio.timeout(INIT_TIMEOUT_S):
                while True:
                    message = await self._receive()
                    match message["type"]:
                        case "connection_init":
                            return await self._recognised(message.get("payload"))
                        case "ping":
                            await self._send({"type": "pong"})
                        case "pong":
                            continue
                        case _:
                            raise Closed(4401, "Unauthorized")
        except TimeoutError:
            raise Closed(4408, "Connection initialisation timeout") from None

    async def _recognised(self, payload: object) -> Caller:
        if payload is not None and not isinstance(payload, dict):
            raise Closed(4400, "Invalid connection_init payload")
        given = {
            str(name).lower(): value for name, value in (payload or {}).items() if value is not None
        }
        authorization, token = given.get("authorization"), given.get("token")
        if authorization is None and isinstance(token, str):
            authorization = f"Bearer {token}"
        wanted = given.get("tenant", given.get("x-tenant"))
        if wanted is not None and not isinstance(wanted, str):
            raise Closed(4400, "The tenant must be a text")
        scope = self._websocket.scope
        known = authorization if isinstance(authorization, str) else None
        identity = await self._edge.identify(scope, known)
        return await self._edge.callers.choose(identity, wanted)

    async def _served(self, caller: Caller) -> Closed:
        """Takes messages and runs operations; why it ended."""
        closed = Closed(None)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._edge.callers.guard(caller))
                while True:
                    await self._take(await self._receive(), caller, group)
        except* Closed as ended:
            closed = next(e for e in ended.exceptions if isinstance(e, Closed))
        except* AccessEnded as ended:
            error = next(e for e in ended.exceptions if isinstance(e, AccessEnded))
            closed = Closed(error.close_code, str(error))
        return closed

    async def _take(
        self, message: dict[str, Any], caller: Caller, group: asyncio.TaskGroup
    ) -> None:
        match message["type"]:
            case "subscribe":
                await self._subscribe(message, caller, group)
            case "complete":
                operation = self._operations.pop(_operation_id(message), None)
                if operation is not None:
                    operation.cancel()
            case "ping":
                await self._send({"type": "pong"})
            case "pong":
                return
            case "connection_init":
                raise Closed(4429, "Too many initialisation requests")
            case _:
                raise Closed(4400, "Unknown message type")

    async def _subscribe(
        self, message: dict[str, Any], caller: Caller, group: asyncio.TaskGroup
    ) -> None:
        own_id = _operation_id(message)
        if own_id in self._operations:
            raise Closed(4409, f"Subscriber for {own_id} already exists")
        try:
            request = operation_of(message.get("payload"))
        except Problem as problem:
            raise Closed(4400, str(problem)) from problem
        if len(self._operations) >= OPERATIONS_MAX:
            await self._refuse(own_id, f"a socket runs {OPERATIONS_MAX} operations at most")
            return
        running = self._run(own_id, request, caller)
        self._operations[own_id] = group.create_task(running)

    async def _run(self, own_id: str, request: OperationRequest, caller: Caller) -> None:
        """One operation, to its end; its id is free again before the client hears of that."""
        this = asyncio.current_task()
        try:
            last = await self._executed(own_id, request, caller)
        finally:
            if self._operations.get(own_id) is this:
                del self._operations[own_id]
        await self._send({"id": own_id, **last})

    async def _executed(
        self, own_id: str, request: OperationRequest, caller: Caller
    ) -> dict[str, Any]:
        """Sends the results of an operation; the message that ends it."""
        operations, metrics = self._edge.operations, self._edge.metrics
        context = self._edge.context(caller, request_id(self._websocket.scope))
        allowance = self._edge.allowance(caller)
        try:
            prepared = await self._edge.admitted(request, caller, allowance)
        except Rejected as error:
            outcome = rejected(error, context.request_id)
            metrics.ended("unknown", outcome.code)
            return {"type": "error", "payload": outcome.payload["errors"]}
        except RateLimited as error:
            metrics.ended("unknown", error.code)
            return {"type": "error", "payload": error.body(context.request_id)["errors"]}
        if prepared.kind != "subscription":
            outcome = await operations.run(prepared, context)
            metrics.ended(prepared.kind, outcome.code)
            await self._send({"id": own_id, "type": "next", "payload": outcome.payload})
            return {"type": "complete"}
        metrics.ended(prepared.kind, "OK")

        async def still_allowed() -> None:
            await allowance.afforded(prepared.cost)
            await self._edge.callers.check(caller)

        async with aclosing(operations.stream(prepared, context, still_allowed)) as payloads:
            async for payload in payloads:
                await self._send({"id": own_id, "type": "next", "payload": payload})
        return {"type": "complete"}

    async def _refuse(self, own_id: str, reason: str) -> None:
        error = {
            "message": reason,
            "extensions": {"code": "LIMIT", "requestId": request_id(self._websocket.scope)},
        }
        await self._send({"id": own_id, "type": "error", "payload": [error]})

    async def _receive(self) -> dict[str, Any]:
        """The next message, an object with a type. Raises Closed."""
        message = await self._websocket.receive()
        if message["type"] == "websocket.disconnect":
            raise Closed(None)
        text = message.get("text")
        if text is None:
            raise Closed(4400, "Messages must be text")
        if len(text) > MESSAGE_BYTES_MAX or len(text.encode()) > MESSAGE_BYTES_MAX:
            raise Closed(1009, f"A message has {MESSAGE_BYTES_MAX} bytes at most")
        try:
            content = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise Closed(4400, "Messages must be JSON") from None
        if not isinstance(content, dict) or not isinstance(content.get("type"), str):
            raise Closed(4400, "Messages must be objects with a type")
        return content

    async def _send(self, message: dict[str, Any]) -> None:
        """Waits for a client that reads slowly, and gives up on one that does not read."""
        text = orjson.dumps(message).decode()
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._websocket.send_text(text)
        except TimeoutError:
            raise Closed(1013, "You read too slowly") from None
        except WebSocketDisconnect:
            raise Closed(None) from None

    async def _close(self, closed: Closed) -> None:
        assert closed.code is not None
        reason = closed.reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._websocket.close(closed.code, reason)
        except (TimeoutError, WebSocketDisconnect):
            return


def _operation_id(message: dict[str, Any]) -> str:
    own_id = message.get("id")
    if not isinstance(own_id, str) or not 0 < len(own_id) <= ID_CHARACTERS_MAX:
        raise Closed(4400, "The id must be a text that is not empty")
    return own_id


def _as_closed(problem: Problem) -> Closed:
    """Clients may come back after 1013; what is wrong with their token or tenant stays wrong."""
    if problem.status is HTTPStatus.SERVICE_UNAVAILABLE:
        return Closed(1013, problem.message)
    if problem.status is HTTPStatus.TOO_MANY_REQUESTS:
        return Closed(4429, problem.message)
    return Closed(4403, problem.message)
