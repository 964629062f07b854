"""Answers that are written in one piece: the head and the only part of a body.

Uvicorn checks and writes each header by itself and the body after them, which takes it longer than
Postgres takes for a small answer. What is not plain is left to it.

Source: Uvicorn 0.54, `RequestResponseCycle.send` of `httptools_impl`; a test holds both side by
side.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.types import Message
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

# An extension of ASGI: a head may bring all of its body, which spares its way through all layers.
BODY: Final = "bankfeeds.body"
EXTENSIONS: Final[dict[str, dict[object, object]]] = {BODY: {}}

_IN_HEADERS: Final = bytes({*range(256)} - {*range(9), *range(10, 32), 127})


class Exchange(RequestResponseCycle):
    """One request and its answer.

    It becomes one of these when its work begins. An object beside it that sent for it would be in
    a circle with it, and the collector's to find, with all that a request holds.
    """

    _start: Message | None = None  # a head that waits for what follows it
    _is_received = False

    async def receive(self) -> Any:
        """The request; in one piece and at once where all of it is here, as it mostly is."""
        if (
            self._is_received
            or self.more_body
            or self.disconnected
            or self.response_complete
            or self.waiting_for_100_continue
            or self.flow.read_paused
        ):
            message = await super().receive()
            self._is_received = not message.get("more_body", False)
            return message
        self._is_received = True
        self.message_event.clear()
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        """Sends; a head waits for what follows it, unless it has its body with it."""
        start, self._start = self._start, None
        if start is None:
            if message["type"] != "http.response.start" or self.response_started:
                await super().send(message)
                return
            if BODY not in message:
                self._start = message
                return
            start, message = message, {"type": "http.response.body", "body": message[BODY]}
        whole = _whole(self, start, message)
        if whole is None:
            await super().send(start)  # type: ignore[arg-type]  # Uvicorn types messages closer
            await super().send(message)
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write(whole)
        self.message_event.set()
        self.on_response()


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
    if b"connection" in named or b"transfer-encoding" in named:
        return None
    pieces = [STATUS_LINE[start["status"]]]
    for name, value in headers:
        pieces += (name, b": ", value, b"\r\n")
    head = b"".join(pieces)
    if head.translate(None, _IN_HEADERS) != b"\r\n" * (len(headers) + 1):
        return None  # a header that holds more than a header: Uvicorn refuses it
    return b"".join((head, b"\r\n", body))
