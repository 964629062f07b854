"""`GET /oauth/callback/{provider}`: where a person's browser comes back to from a provider.

What the provider answered is in the query. It is given to the operator's app, which completes the
link as the person who began it, or left in the address bar of the page: nothing of it is shown,
kept or logged here.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from providers import registry

QUERY_BYTES_MAX: Final = 16_384
_KEPT: Final = "%&=+-._~!$'()*,;:@/?"  # what a query may hold as it is (RFC 3986, §3.4)
_HEADERS: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
}
_PAGE: Final = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Go back to the app</title></head>
<body>
<h1>Go back to the app</h1>
<p>You are back from your bank. Go back to the app where you began, to finish there. This page can
be closed then.</p>
</body>
</html>
"""


class Callback:
    """The endpoint. `app_url` is the operator's page that completes links; None: there is none."""

    def __init__(self, app_url: str | None) -> None:
        self._app_url = app_url

    async def serve(self, request: Request) -> Response:
        """A page for the person, or the way to the app."""
        query = request.scope["query_string"]
        if request.path_params["provider"] not in registry.every():
            raise HTTPException(HTTPStatus.NOT_FOUND)
        if len(query) > QUERY_BYTES_MAX:
            raise HTTPException(HTTPStatus.REQUEST_URI_TOO_LONG)
        if self._app_url is None:
            return HTMLResponse(_PAGE, headers=_HEADERS)
        joint = "&" if "?" in self._app_url else "?"
        there = f"{self._app_url}{joint}{quote(query, safe=_KEPT)}" if query else self._app_url
        return RedirectResponse(there, HTTPStatus.SEE_OTHER, headers=_HEADERS)
