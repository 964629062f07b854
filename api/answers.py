"""Answers that are written in one piece: the head and the only part of a body.

Uvicorn checks and writes each header by itself and the body after them, which takes it longer than
Postgres takes for a small answer. What is not plain is left to it.

Source: Uvicorn 0.54, `RequestResponseCycle.send` of `httptools_impl`; a test holds both side by
side.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.types import Message, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

_IN_HEADERS: Final = bytes({*range(256)} - {*range(9), *range(10, 32), 127})
_LEFT_TO_UVICORN: Final = (b"connection", b"transfer-encoding")


class Answers:
    """The `send` of one exchange."""

    __slots__ = ("_cycle", "_send", "_start")

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._send: Send = cycle.send  # type: ignore[assignment]  # Uvicorn types messages closer
        self._start: Message | None = None

    async def send(self, message: Message) -> None:
        """Sends; a head waits for what follows it."""
        if self._start is None:
            if message["type"] == "http.response.start" and not self._cycle.response_started:
                self._start = message
            else:
                await self._send(message)
            return
        start, self._start = self._start, None
        whole = _whole(self._cycle, start, message)
        if whole is None:
            await self._send(start)
            await self._send(message)
            return
        cycle = self._cycle
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.transport.write(whole)
        cycle.message_event.set()
        cycle.on_response()


def _whole(cycle: Any, start: Message, part: Message) -> bytes | None:
    """The answer's bytes; None where Uvicorn knows better what they are, or what is wrong."""
    body: bytes = part.get("body", b"")
    if part["type"] != "http.response.body" or part.get("more_body", False):
        return None
    if not cycle.keep_alive or cycle.disconnected or cycle.flow.write_paused:
        return None
    headers = [*cycle.default_headers, *start.get("headers", ())]
    named = dict(headers)
    if named.get(b"content-length") != b"%d" % len(body) or cycle.scope["method"] == "HEAD":
        return None
    if any(name in named for name in _LEFT_TO_UVICORN):
        return None
    pieces = [STATUS_LINE[start["status"]]]
    for name, value in headers:
        pieces += (name, b": ", value, b"\r\n")
    head = b"".join(pieces)
    if head.translate(None, _IN_HEADERS) != b"\r\n" * (len(headers) + 1):
        return None  # a header that holds more than a header: Uvicorn refuses it
    return b"".join((head, b"\r\n", body))
