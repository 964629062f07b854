"""An authorization server, simulated: codes with PKCE, tokens that rotate, revocation.

    GET  /oauth/authorize   the person agrees at once, and is sent back with a code
    POST /oauth/token       authorization_code and refresh_token, the client by Basic
    POST /oauth/revoke      ends the grant

A refresh token is good for one use. Whoever uses it again is taken for a thief: the grant ends
(RFC 9700, §4.14.2). Sources: RFC 6749, 7009, 7636, 9207.
"""

from __future__ import annotations

import hmac
import threading
from base64 import b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final
from urllib.parse import parse_qs, unquote, urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CODE_LIFE: Final = timedelta(minutes=1)


@dataclass(slots=True, kw_only=True)
class Grant:
    """What one person agreed to. `subject` is the bank's id of them."""

    subject: str
    access_token: str = ""
    refresh_token: str = ""
    ends_at: datetime | None = None
    revoked: bool = False


@dataclass(slots=True, kw_only=True)
class _Code:
    grant: Grant
    redirect_uri: str
    challenge: str
    ends_at: datetime
    used: bool = False


class OAuth:
    """One server. Its attributes are levers of tests."""

    def __init__(
        self,
        *,
        seed: str,
        client_id: str,
        client_secret: str,
        now: Callable[[], datetime],
        life: timedelta = timedelta(minutes=30),
    ) -> None:
        self._seed = seed
        self._client = (client_id, client_secret)
        self._now = now
        self._codes: dict[str, _Code] = {}
        self._old: dict[str, Grant] = {}  # by refresh tokens that were used
        self._count = 0
        self._lock = threading.Lock()
        self.grants: list[Grant] = []
        self.life = life
        self.denies = False  # the person does not agree
        self.renewals = 0  # that were answered with new tokens
        self.subject: str | None = None  # who agrees next; None: somebody new

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            Route("/oauth/authorize", self._authorize, methods=["GET"]),
            Route("/oauth/token", self._token, methods=["POST"]),
            Route("/oauth/revoke", self._revoke, methods=["POST"]),
        ]

    def subject_of(self, request: Request) -> str | None:
        """Who the bearer of the request's access token is; None: nobody, or not any more."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        with self._lock:
            for grant in self.grants:
                fits = hmac.compare_digest(grant.access_token.encode(), token.encode())
                if scheme == "Bearer" and token and fits and not grant.revoked:
                    ends = grant.ends_at
                    return grant.subject if ends is None or self._now() < ends else None
        return None

    def end_access(self) -> None:
        """No access token is good any more; refresh tokens are."""
        with self._lock:
            for grant in self.grants:
                grant.ends_at = self._now()

    async def _authorize(self, request: Request) -> Response:
        asked = request.query_params
        if asked.get("client_id") != self._client[0] or asked.get("response_type") != "code":
            return JSONResponse({"error": "invalid_request"}, 400)
        if asked.get("code_challenge_method") != "S256" or not asked.get("redirect_uri"):
            return JSONResponse({"error": "invalid_request"}, 400)
        answer = {"state": asked.get("state", ""), "iss": str(request.base_url).rstrip("/")}
        if self.denies:
            answer["error"] = "access_denied"
        else:
            with self._lock:
                grant = Grant(subject=self.subject or self._made("person")[:12])
                code = self._made("code")
                self._codes[code] = _Code(
                    grant=grant,
                    redirect_uri=asked["redirect_uri"],
                    challenge=asked.get("code_challenge", ""),
                    ends_at=self._now() + CODE_LIFE,
                )
            answer["code"] = code
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}", 303)

    async def _token(self, request: Request) -> Response:
        if not self._is_client(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        form = await _form(request)
        with self._lock:
            match form.get("grant_type"):
                case "authorization_code":
                    return self._exchanged(form)
                case "refresh_token":
                    return self._renewed(form)
                case _:
                    return _refused("unsupported_grant_type")

    async def _revoke(self, request: Request) -> Response:
        if not self._is_client(request):
            return JSONResponse({"error": "invalid_client"}, 401)
        token = (await _form(request)).get("token", "")
        with self._lock:
            for grant in self.grants:
                if token and token in (grant.access_token, grant.refresh_token):
                    grant.revoked = True
        return Response(status_code=200)

    def _exchanged(self, form: dict[str, str]) -> Response:
        code = self._codes.get(form.get("code", ""))
        if code is None or self._now() >= code.ends_at:
            return _refused("invalid_grant")
        if code.used:  # somebody else has it too (RFC 6749, §4.1.2)
            code.grant.revoked = True
            return _refused("invalid_grant")
        code.used = True
        proof = sha256(form.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(proof).rstrip(b"=").decode()
        if challenge != code.challenge or form.get("redirect_uri") != code.redirect_uri:
            return _refused("invalid_grant")
        self.grants.append(code.grant)
        return self._issued(code.grant)

    def _renewed(self, form: dict[str, str]) -> Response:
        token = form.get("refresh_token", "")
        if token in self._old:
            self._old[token].revoked = True
            return _refused("invalid_grant")
        for grant in self.grants:
            if token and grant.refresh_token == token and not grant.revoked:
                self._old[token] = grant
                self.renewals += 1
                return self._issued(grant)
        return _refused("invalid_grant")

    def _issued(self, grant: Grant) -> Response:
        grant.access_token, grant.refresh_token = self._made("access"), self._made("refresh")
        grant.ends_at = self._now() + self.life
        return JSONResponse(
            {
                "access_token": grant.access_token,
                "refresh_token": grant.refresh_token,
                "token_type": "Bearer",
                "expires_in": int(self.life.total_seconds()),
            },
            headers={"cache-control": "no-store"},
        )

    def _is_client(self, request: Request) -> bool:
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        try:
            name, _, secret = b64decode(pair, validate=True).decode().partition(":")
        except (Base64Error, UnicodeDecodeError):
            return False
        return scheme == "Basic" and (unquote(name), unquote(secret)) == self._client

    def _made(self, kind: str) -> str:
        self._count += 1
        return sha256(f"{self._seed} {kind} {self._count}".encode()).hexdigest()


async def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}


def _refused(error: str) -> Response:
    return JSONResponse({"error": error}, 400)
