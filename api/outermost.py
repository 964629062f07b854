"""The outermost frame of every exchange: request id, security headers, one log line, no leak."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Iterator
from http import HTTPStatus
from secrets import token_hex
from typing import Any, Final

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.body import ClientGone
from api.errors import Problem
from api.metrics import Metrics
from core.logs import bound

_log = logging.getLogger(__name__)
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{8,64}")
_ROUTES: Final = frozenset({"/graphql", "/exports/transactions", "/healthz", "/readyz", "/metrics"})
_QUIET: Final = frozenset({"/graphql", "/webhooks", "/healthz", "/readyz", "/metrics"})
PATH_CHARACTERS_MAX: Final = 200
_BELOW: Final = ("/uploads", "/webhooks", "/oauth/callback")  # routes that end in an id or a name
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "OPTIONS"})
_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
)
_NAMES: Final = frozenset(name for name, _ in _HEADERS)
_OK: Final = int(HTTPStatus.OK)
SLOW_S: Final = 1.0
IDS_AT_ONCE: Final = 256


def request_id(scope: Scope) -> str:
    """The id of the exchange that a scope belongs to."""
    return str(scope["bankfeeds.request_id"])


class Outermost:
    """Wraps the application. Neither query strings nor bodies nor headers are logged."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._ids = _random_ids()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One exchange."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        own_id = _chosen_id(scope, self._ids)
        scope["bankfeeds.request_id"] = own_id  # nobody outside has this scope any more
        with bound(request_id=own_id):
            if scope["type"] == "http":
                await self._http(scope, receive, send)
            else:
                await self._websocket(scope, receive, send)

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = _completed(message, request_id(scope))
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except ClientGone:
            status = status or 499  # as nginx writes it: closed by the client
        except Problem as problem:
            await _answer(send_with_headers, problem, request_id(scope))
        except HTTPException as error:  # of the router: no such path, no such method
            await _answer(send_with_headers, _as_problem(error), request_id(scope))
        except Exception:
            _log.exception("http.failed")
            if status == 0:
                await _answer(send_with_headers, _INTERNAL, request_id(scope))
        finally:
            self._note(scope, status, time.perf_counter() - started)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        try:
            await self._app(scope, receive, send)
        except Exception:
            _log.exception("websocket.failed")
        seconds = round(time.perf_counter() - started, 3)
        _log.info("websocket", extra={"path": scope["path"], "seconds": seconds})

    def _note(self, scope: Scope, status: int, seconds: float) -> None:
        method, path = scope["method"], scope["path"]
        route = path
        if path not in _ROUTES:
            route = next((one for one in _BELOW if path.startswith(f"{one}/")), path)
        known = route if route in _ROUTES or route in _BELOW else "other"
        method_label = method if method in _METHODS else "other"
        self._metrics.answered(method_label, known, status, seconds)
        # Thousands a second are asked of GraphQL: what went well is counted, not told.
        quiet = known in _QUIET and status == _OK and seconds < SLOW_S
        level = logging.DEBUG if quiet else logging.INFO
        if _log.isEnabledFor(level):
            _log.log(
                level,
                "http",
                extra={
                    "method": method,
                    # The rest of a webhook's path is known to its provider alone.
                    "path": route if route == "/webhooks" else path[:PATH_CHARACTERS_MAX],
                    "status": status,
                    "ms": round(seconds * 1000, 1),
                },
            )


_INTERNAL: Final = Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")


def _random_ids() -> Iterator[str]:
    """New ids without end; the system is asked for randomness once for many."""
    while True:
        digits = token_hex(16 * IDS_AT_ONCE)
        for start in range(0, len(digits), 32):
            yield digits[start : start + 32]


def _chosen_id(scope: Scope, ids: Iterator[str]) -> str:
    """The caller's X-Request-Id where it is harmless, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given: str = value.decode("latin-1")
            if _REQUEST_ID.fullmatch(given):
                return given
    return next(ids)


def _completed(message: Message, own_id: str) -> list[tuple[bytes, bytes]]:
    """The headers of an answer, and those of ours that it does not have."""
    given = list(message.get("headers", ()))
    names = dict(given)
    if names.keys().isdisjoint(_NAMES):
        given += _HEADERS
    else:
        given += [header for header in _HEADERS if header[0] not in names]
    given.append((b"x-request-id", own_id.encode()))
    return given


def _as_problem(error: HTTPException) -> Problem:
    status = HTTPStatus(error.status_code)
    code = "NOT_FOUND" if status is HTTPStatus.NOT_FOUND else "BAD_INPUT"
    return Problem(status, code, status.phrase, error.headers or {})


async def _answer(send: Any, problem: Problem, own_id: str) -> None:
    body = json.dumps(problem.body(own_id)).encode()
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(body)).encode()),
        *((name.encode(), value.encode()) for name, value in problem.headers.items()),
    ]
    await send({"type": "http.response.start", "status": int(problem.status), "headers": headers})
    await send({"type": "http.response.body", "body": body})
