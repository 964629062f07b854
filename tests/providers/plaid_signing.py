"""Signs webhooks as Plaid documents it, without code of the connector or its sandbox."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from providers.webhooks import Incoming


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


@dataclass(kw_only=True)
class Signer:
    """A key pair with an id."""

    kid: str
    private: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def jwk(self, **others: Any) -> dict[str, Any]:
        point = self.private.public_key().public_numbers()
        return {
            "alg": "ES256",
            "created_at": 1_560_466_150,
            "crv": "P-256",
            "expired_at": None,
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": encoded(point.x.to_bytes(32, "big")),
            "y": encoded(point.y.to_bytes(32, "big")),
            **others,
        }

    def token(
        self,
        body: bytes,
        at: datetime,
        *,
        header: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
    ) -> str:
        head = {"alg": "ES256", "kid": self.kid, "typ": "JWT", **(header or {})}
        said = {
            "iat": int(at.timestamp()),
            "request_body_sha256": hashlib.sha256(body).hexdigest(),
            **(claims or {}),
        }
        signed = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(said).encode())}"
        r, s = decode_dss_signature(self.private.sign(signed.encode(), ec.ECDSA(SHA256())))
        return f"{signed}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def incoming(body: bytes, token: str | None, at: datetime) -> Incoming:
    headers = {"content-type": "application/json"}
    if token is not None:
        headers["plaid-verification"] = token
    return Incoming(headers=headers, body=body, received_at=at, url="https://feeds.test/w")
