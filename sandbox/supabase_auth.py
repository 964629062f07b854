"""Supabase Auth, simulated: its published signing keys, their rotation, and tokens.

    GET  /auth/v1/.well-known/jwks.json   public keys: standby, current and previously used
    GET  /auth/v1/user                    the user of a token
    POST /_sandbox/tokens                 {"key", "claims", "lifetime_s"} → {"access_token"}
    POST /_sandbox/rotate                 standby → current → previous, and a new standby
    POST /_sandbox/revoke                 the previous keys are published no longer
    POST /_sandbox/faults                 {"status", "body"}: the JWKS answers this, until {}

Source: Supabase documentation, "JWT signing keys" and "JWT claims reference".
"""

from __future__ import annotations

import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import uuid4

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.jose import base64url, from_base64url, part

LIFETIME_S: Final = 3600
KEYS_MAX_AGE_S: Final = 600

_ES256: Final = ec.ECDSA(SHA256())
_COORDINATE_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """One ES256 key pair of the project."""

    kid: str = field(default_factory=lambda: str(uuid4()))
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def jwk(self) -> dict[str, Any]:
        """The public half, as the service publishes it."""
        point = self.private.public_key().public_numbers()
        return {
            "alg": "ES256",
            "crv": "P-256",
            "ext": True,
            "key_ops": ["verify"],
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": base64url(point.x.to_bytes(_COORDINATE_BYTES, "big")),
            "y": base64url(point.y.to_bytes(_COORDINATE_BYTES, "big")),
        }

    def sign(self, claims: dict[str, Any]) -> str:
        """A JWT of these claims; RFC 7515, section 3.1, and RFC 7518, section 3.4."""
        header = {"alg": "ES256", "kid": self.kid, "typ": "JWT"}
        signed = f"{part(header)}.{part(claims)}"
        r, s = decode_dss_signature(self.private.sign(signed.encode(), _ES256))
        return f"{signed}.{base64url(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"

    def verifies(self, token: str) -> bool:
        """Whether this key signed the token."""
        signed, _, signature = token.rpartition(".")
        raw = from_base64url(signature)
        der = encode_dss_signature(
            int.from_bytes(raw[:_COORDINATE_BYTES], "big"),
            int.from_bytes(raw[_COORDINATE_BYTES:], "big"),
        )
        try:
            self.private.public_key().verify(der, signed.encode(), _ES256)
        except InvalidSignature:
            return False
        return True


@dataclass(slots=True)
class Project:
    """The project's keys, and what the JWKS endpoint shows instead while it is broken."""

    standby: SigningKey = field(default_factory=SigningKey)
    current: SigningKey = field(default_factory=SigningKey)
    previous: list[SigningKey] = field(default_factory=list)
    revoked: list[SigningKey] = field(default_factory=list)
    fault: dict[str, Any] = field(default_factory=dict)
    keys_served: int = 0

    def published(self) -> list[SigningKey]:
        """The keys in the order of their lives."""
        return [self.standby, self.current, *self.previous]

    def rotate(self) -> None:
        """The standby key signs from now on; the current one only verifies."""
        self.previous.append(self.current)
        self.current, self.standby = self.standby, SigningKey()

    def revoke(self) -> None:
        """The previous keys verify nothing any more."""
        self.revoked.extend(self.previous)
        self.previous.clear()

    def key(self, name: str) -> SigningKey:
        """The key called "standby", "current", "previous", "revoked" or, not ours, "foreign"."""
        match name:
            case "standby":
                return self.standby
            case "previous":
                return self.previous[-1]
            case "revoked":
                return self.revoked[-1]
            case "foreign":
                return SigningKey()
            case _:
                return self.current


def auth_app() -> Starlette:
    """The service, with a project of its own."""
    endpoints = _Endpoints(Project())
    return Starlette(
        routes=[
            Route("/auth/v1/.well-known/jwks.json", endpoints.jwks),
            Route("/auth/v1/user", endpoints.user),
            Route("/_sandbox/tokens", endpoints.mint, methods=["POST"]),
            Route("/_sandbox/rotate", endpoints.rotate, methods=["POST"]),
            Route("/_sandbox/revoke", endpoints.revoke, methods=["POST"]),
            Route("/_sandbox/faults", endpoints.break_down, methods=["POST"]),
            Route("/_sandbox/state", endpoints.state),
        ]
    )


class _Endpoints:
    def __init__(self, project: Project) -> None:
        self._project = project

    async def jwks(self, _: Request) -> Response:
        self._project.keys_served += 1
        if self._project.fault:
            return Response(self._project.fault["body"], self._project.fault["status"])
        keys = [key.jwk() for key in self._project.published()]
        headers = {"cache-control": f"public, max-age={KEYS_MAX_AGE_S}"}
        return JSONResponse({"keys": keys}, headers=headers)

    async def user(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not any(key.verifies(token) for key in self._project.published()):
            refusal = {"code": 403, "error_code": "bad_jwt", "msg": "invalid JWT"}
            return JSONResponse(refusal, status_code=403)
        claims = json.loads(from_base64url(token.split(".")[1]))
        return JSONResponse(
            {
                "id": claims["sub"],
                "aud": claims["aud"],
                "role": claims["role"],
                "email": claims["email"],
                "app_metadata": claims["app_metadata"],
                "user_metadata": claims["user_metadata"],
                "created_at": "2026-01-01T00:00:00Z",
            }
        )

    async def mint(self, request: Request) -> Response:
        wanted = await request.json()
        lifetime_s = wanted.get("lifetime_s", LIFETIME_S)
        issuer = f"{str(request.base_url).rstrip('/')}/auth/v1"
        claims = _claims(issuer, lifetime_s) | wanted.get("claims", {})
        present = {name: value for name, value in claims.items() if value is not None}
        token = self._project.key(wanted.get("key", "current")).sign(present)
        return JSONResponse({"access_token": token, "expires_in": lifetime_s})

    async def rotate(self, _: Request) -> Response:
        self._project.rotate()
        return JSONResponse({})

    async def revoke(self, _: Request) -> Response:
        self._project.revoke()
        return JSONResponse({})

    async def break_down(self, request: Request) -> Response:
        self._project.fault = await request.json()
        return JSONResponse({})

    async def state(self, _: Request) -> Response:
        return JSONResponse({"keys_served": self._project.keys_served})


def _claims(issuer: str, lifetime_s: int) -> dict[str, Any]:
    """What a signed-in user's token says; a claim that is asked for as null is left out."""
    now = int(time.time())
    return {
        "iss": issuer,
        "aud": "authenticated",
        "exp": now + lifetime_s,
        "iat": now,
        "sub": str(uuid4()),
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": now}],
        "session_id": str(uuid4()),
        "email": f"{secrets.token_hex(4)}@example.com",
        "phone": "",
        "is_anonymous": False,
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"email_verified": True},
    }
