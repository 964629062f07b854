"""`/graphql` as a stream of results over HTTP: one operation a connection.

This module has server-sent events. Source: graphql-sse, PROTOCOL.md, "Distinct connections mode".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Final

import orjson
from graphql import OperationType
from starlette.types import Receive, Send

from api.body import ClientGone, gone
from api.callers import Caller
from api.documents import Rejected
from api.edge import Edge
from api.errors import AccessEnded, told
from api.operations import OperationRequest, Payload, Prepared, rejected
from api.rate_limits import Allowance
from resolvers.context import Context

HEARTBEAT_S: Final = 12
SEND_TIMEOUT_S: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How results are written one after the other."""

    content_type: bytes
    opening: bytes
    heartbeat: bytes
    heartbeat_s: float
    result: Callable[[Payload], bytes]
    failure: Callable[[dict[str, Any]], bytes]  # of the stream itself, not of the operation
    ending: bytes


def _next(payload: Payload) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(payload) + b"\n\n"


SERVER_SENT_EVENTS: Final = Framing(
    content_type=b"text/event-stream; charset=utf-8",
    opening=b"",
    heartbeat=b":\n\n",
    heartbeat_s=HEARTBEAT_S,
    result=_next,
    failure=lambda error: _next({"errors": [error]}),
    ending=b"event: complete\ndata:\n\n",
)


class EventStream:
    """One stream of one caller."""

    def __init__(
        self,
        edge: Edge,
        *,
        caller: Caller,
        allowance: Allowance,
        context: Context,
        framing: Framing,
    ) -> None:
        self._edge = edge
        self._caller = caller
        self._allowance = allowance
        self._context = context
        self._framing = framing

    async def serve(self, request: OperationRequest, receive: Receive, send: Send) -> None:
        """Streams until the operation ends, the client goes, or the access does.

        Raises Problem before anything is sent, where there are too many streams or no allowance.
        """
        with self._edge.streams.admitted(), self._edge.streams.of(self._caller):
            opened = await self._opened(request)
            await send(
                {
                    "type": "http.response.start",
                    "status": 200,
                    "headers": [
                        (b"content-type", self._framing.content_type),
                        (b"x-accel-buffering", b"no"),  # nginx would hold events back
                        *self._allowance.headers(),
                    ],
                }
            )
            last = await self._streamed(opened, receive, send)
            await _sent(send, last + self._framing.ending, more=False)

    async def _opened(self, request: OperationRequest) -> Prepared | Payload:
        """What is to run, or the only payload of an operation that may not."""
        try:
            prepared = await self._edge.admitted(request, self._caller, self._allowance)
        except Rejected as error:
            outcome = rejected(error, self._context.request_id)
            self._edge.metrics.ended("unknown", outcome.code)
            return outcome.payload
        self._edge.metrics.ended(prepared.kind, "OK")
        return prepared

    async def _streamed(self, opened: Prepared | Payload, receive: Receive, send: Send) -> bytes:
        """Sends the events; what is left to be said, if anything."""
        last, lost = b"", False
        try:
            async with asyncio.TaskGroup() as group:
                watchers = (
                    group.create_task(gone(receive)),
                    group.create_task(self._edge.callers.guard(self._caller)),
                )
                async with aclosing(self._pieces(self._payloads(opened))) as pieces:
                    async for piece in pieces:
                        await _sent(send, piece, more=True)
                for watcher in watchers:
                    watcher.cancel()
        except* AccessEnded as ended:
            error = ended.exceptions[0]
            assert isinstance(error, AccessEnded)
            last = self._framing.failure(told(error.code, str(error), self._context.request_id))
        except* (ClientGone, TimeoutError):
            lost = True
        if lost:
            raise ClientGone("the client went away, or reads too slowly")
        return last

    async def _payloads(self, opened: Prepared | Payload) -> AsyncGenerator[Payload, None]:
        operations = self._edge.operations
        if not isinstance(opened, Prepared):
            yield opened
            return
        if opened.type is not OperationType.SUBSCRIPTION:
            yield (await operations.run(opened, self._context)).payload
            return

        async def still_allowed() -> None:
            await self._allowance.afforded(opened.cost)
            await self._edge.callers.check(self._caller)

        async with aclosing(operations.stream(opened, self._context, still_allowed)) as payloads:
            async for payload in payloads:
                yield payload

    async def _pieces(self, payloads: AsyncGenerator[Payload, None]) -> AsyncGenerator[bytes, None]:
        """The results as bytes, with a heartbeat wherever nothing happens for a while."""
        framing = self._framing
        if framing.opening:
            yield framing.opening
        async with aclosing(payloads):
            while True:
                following = asyncio.ensure_future(anext(payloads, None))
                try:
                    while not (await asyncio.wait({following}, timeout=framing.heartbeat_s))[0]:
                        yield framing.heartbeat
                    payload = following.result()
                finally:
                    following.cancel()
                    await asyncio.wait({following})
                if payload is None:
                    return
                yield framing.result(payload)


async def _sent(send: Send, piece: bytes, *, more: bool) -> None:
    """Raises TimeoutError when the client does not read."""
    async with asyncio.timeout(SEND_TIMEOUT_S):
        await send({"type": "http.response.body", "body": piece, "more_body": more})
