"""The door for WebSockets: who may open one, from which page."""

from __future__ import annotations

from contextlib import ExitStack
from urllib.parse import urlsplit

import orjson
from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from api.edge import Edge
from api.errors import Problem
from api.outermost import request_id
from api.subscriptions import PROTOCOL, Socket


class Sockets:
    """The endpoint, as an ASGI application. Browsers open sockets to any origin, so it asks."""

    def __init__(self, edge: Edge, *, allowed_origins: tuple[str, ...]) -> None:
        self._edge = edge
        self._allowed_origins = frozenset(allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One socket; one from a page that may not gets HTTP 403, one too many 429 or 503."""
        websocket = WebSocket(scope, receive, send)
        if not self._is_allowed(Headers(scope=scope)):
            await websocket.close()
            return
        try:
            with self._edge.streams.admitted(), ExitStack() as nameless:
                nameless.enter_context(self._edge.peers.nameless(scope))
                if PROTOCOL not in scope["subprotocols"]:
                    await websocket.accept()
                    await websocket.close(4406, "Subprotocol not acceptable")
                    return
                await websocket.accept(subprotocol=PROTOCOL)
                await Socket(self._edge, websocket).serve(named=nameless.close)
        except Problem as problem:
            await websocket.send_denial_response(
                Response(
                    orjson.dumps(problem.body(request_id(scope))),
                    status_code=problem.status,
                    headers=dict(problem.headers),
                    media_type="application/json; charset=utf-8",
                )
            )

    def _is_allowed(self, headers: Headers) -> bool:
        """A page of this host, of an allowed origin, or no page at all."""
        origin = headers.get("origin")
        if origin is None or origin in self._allowed_origins:
            return True
        try:
            page = urlsplit(origin).netloc
        except ValueError:  # such as "http://["
            return False
        return page != "" and page == headers.get("host")
