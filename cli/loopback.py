"""A page on this machine's loopback interface that a browser comes back to, once."""

from __future__ import annotations

import time
from collections.abc import Callable
from hmac import compare_digest
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from secrets import token_urlsafe
from types import TracebackType
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

POLL_S: Final = 0.5
PARTS_MAX: Final = 20
_PAGE: Final = (
    b'<!doctype html><html lang="en"><meta charset="utf-8"><title>Done</title>'
    b"<p>You can close this page and go back to the terminal.</p></html>"
)

Fits = Callable[[dict[str, str]], bool]


class Loopback:
    """Listens while it is entered, under an address that nobody guesses."""

    def __init__(self) -> None:
        self._path = f"/linked/{token_urlsafe(16)}"
        self._answers: dict[str, str] | None = None
        self._fits: Fits = bool
        self._server = HTTPServer(("127.0.0.1", 0), self._handler())
        self._server.timeout = POLL_S

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.server_close()

    @property
    def url(self) -> str:
        """The page."""
        return f"http://127.0.0.1:{self._server.server_address[1]}{self._path}"

    def wait(self, within_s: float, *, fits: Fits) -> dict[str, str] | None:
        """The query that a browser came with and that fits; None: none came in time."""
        self._fits = fits
        deadline = time.monotonic() + within_s
        while self._answers is None and time.monotonic() < deadline:
            self._server.handle_request()
        return self._answers

    def _came(self, target: str) -> HTTPStatus:
        parts = urlsplit(target)
        if not compare_digest(parts.path.encode(), self._path.encode()):
            return HTTPStatus.NOT_FOUND
        try:
            answers = dict(parse_qsl(parts.query, max_num_fields=PARTS_MAX))
        except ValueError:
            return HTTPStatus.BAD_REQUEST
        if not self._fits(answers):
            return HTTPStatus.BAD_REQUEST
        self._answers = answers
        return HTTPStatus.OK

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        came = self._came

        class Handler(BaseHTTPRequestHandler):
            timeout = POLL_S * 10  # of a client that connects and says nothing

            def do_GET(self) -> None:
                status = came(self.path)
                self.send_response(status)
                self.send_header("content-type", "text/html; charset=utf-8")
                self.send_header("cache-control", "no-store")
                self.send_header("referrer-policy", "no-referrer")
                self.send_header("content-security-policy", "default-src 'none'")
                self.end_headers()
                if status is HTTPStatus.OK:
                    self.wfile.write(_PAGE)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing: what the browser brings is secret."""

        return Handler
