"""`/graphql` as server-sent events: one operation a connection.

Source: graphql-sse, PROTOCOL.md, "Distinct connections mode".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

import orjson
from graphql import OperationType
from starlette.types import Receive, Send

from api.body import ClientGone, gone
from api.callers import Caller
from api.documents import Rejected
from api.edge import Edge
from api.errors import AccessEnded, told
from api.operations import OperationRequest, Payload, rejected
from resolvers.context import Context

HEARTBEAT_S: Final = 12
SEND_TIMEOUT_S: Final = 10

_COMPLETE: Final = b"event: complete\ndata:\n\n"
_HEARTBEAT: Final = b":\n\n"


class EventStream:
    """One stream of one caller."""

    def __init__(self, edge: Edge, caller: Caller, context: Context) -> None:
        self._edge = edge
        self._caller = caller
        self._context = context

    async def serve(self, request: OperationRequest, receive: Receive, send: Send) -> None:
        """Streams until the operation ends, the client goes, or the access does.

        Raises Problem before anything is sent, where there are too many streams.
        """
        with self._edge.streams.admitted(), self._edge.streams.of_user(self._caller.user_id):
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [
                        (b"content-type", b"text/event-stream; charset=utf-8"),
                        (b"x-accel-buffering", b"no"),  # nginx would hold events back
                    ],
                }
            )
            last = await self._streamed(request, receive, send)
            await _sent(send, last + _COMPLETE, more=False)

    async def _streamed(self, request: OperationRequest, receive: Receive, send: Send) -> bytes:
        """Sends the events; what is left to be said, if anything."""
        last, lost = b"", False
        try:
            async with asyncio.TaskGroup() as group:
                watchers = (
                    group.create_task(gone(receive)),
                    group.create_task(self._edge.callers.guard(self._caller)),
                )
                async with aclosing(_with_heartbeats(self._payloads(request))) as pieces:
                    async for piece in pieces:
                        await _sent(send, piece, more=True)
                for watcher in watchers:
                    watcher.cancel()
        except* AccessEnded as ended:
            error = ended.exceptions[0]
            assert isinstance(error, AccessEnded)
            last = _next({"errors": [told(error.code, str(error), self._context.request_id)]})
        except* (ClientGone, TimeoutError):
            lost = True
        if lost:
            raise ClientGone("the client went away, or reads too slowly")
        return last

    async def _payloads(self, request: OperationRequest) -> AsyncGenerator[Payload, None]:
        operations = self._edge.operations
        try:
            prepared = operations.prepare(request)
        except Rejected as error:
            yield rejected(error, self._context.request_id).payload
            return
        if prepared.type is not OperationType.SUBSCRIPTION:
            yield (await operations.run(prepared, self._context)).payload
            return
        stream = operations.stream(prepared, self._context, self._still_allowed)
        async with aclosing(stream) as payloads:
            async for payload in payloads:
                yield payload

    async def _still_allowed(self) -> None:
        await self._edge.callers.check(self._caller)


async def _with_heartbeats(payloads: AsyncGenerator[Payload, None]) -> AsyncGenerator[bytes, None]:
    """The events as bytes, with a comment wherever nothing happens for a while."""
    async with aclosing(payloads):
        while True:
            following = asyncio.ensure_future(anext(payloads, None))
            try:
                while not (await asyncio.wait({following}, timeout=HEARTBEAT_S))[0]:
                    yield _HEARTBEAT
                payload = following.result()
            finally:
                following.cancel()
                await asyncio.wait({following})
            if payload is None:
                return
            yield _next(payload)


def _next(payload: Payload) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(payload) + b"\n\n"


async def _sent(send: Send, piece: bytes, *, more: bool) -> None:
    """Raises TimeoutError when the client does not read."""
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await send({"type": "http.response.body", "body": piece, "more_body": more})
