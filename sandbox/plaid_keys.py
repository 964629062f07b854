"""The keys that sign Plaid's webhooks: ES256, one of them current, all of them on request."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

from sandbox.jose import base64url, part
from sandbox.plaid_ids import Ids

_COORDINATE_BYTES: Final = 32
# NIST P-256, FIPS 186-4, D.1.2.3: how many private keys there are.
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(slots=True, kw_only=True)
class Key:
    """One key pair."""

    kid: str
    private: ec.EllipticCurvePrivateKey
    created_at: datetime
    expired_at: datetime | None = None  # still valid

    def jwk(self) -> dict[str, Any]:
        """The public half, as Plaid answers it."""
        point = self.private.public_key().public_numbers()
        return {
            "alg": "ES256",
            "created_at": int(self.created_at.timestamp()),
            "crv": "P-256",
            "expired_at": None if self.expired_at is None else int(self.expired_at.timestamp()),
            "kid": self.kid,
            "kty": "EC",
            "use": "sig",
            "x": base64url(point.x.to_bytes(_COORDINATE_BYTES, "big")),
            "y": base64url(point.y.to_bytes(_COORDINATE_BYTES, "big")),
        }

    def sign(
        self, body: bytes, *, issued_at: datetime, kid: str | None = None, alg: str = "ES256"
    ) -> str:
        """The JWT that goes with a body; RFC 7515, section 3.1, and RFC 7518, section 3.4."""
        header = {"alg": alg, "kid": kid or self.kid, "typ": "JWT"}
        claims = {
            "iat": int(issued_at.timestamp()),
            "request_body_sha256": hashlib.sha256(body).hexdigest(),
        }
        signed = f"{part(header)}.{part(claims)}"
        if alg == "none":
            return f"{signed}."
        # The same seed signs the same bytes alike: RFC 6979.
        method = ec.ECDSA(SHA256(), deterministic_signing=True)
        r, s = decode_dss_signature(self.private.sign(signed.encode(), method))
        raw = r.to_bytes(_COORDINATE_BYTES, "big") + s.to_bytes(_COORDINATE_BYTES, "big")
        return f"{signed}.{base64url(raw)}"


class Keys:
    """All keys that ever signed, and the one that signs now."""

    def __init__(self, ids: Ids, created_at: datetime) -> None:
        self._ids = ids
        self._keys: dict[str, Key] = {}
        self.current = self._add(created_at)
        self.foreign = self._made("foreign", created_at)  # never published

    def rotate(self, now: datetime, *, expire: bool) -> Key:
        """Another key signs from now on; the one before it expires at once, or lives on."""
        if expire:
            self.current.expired_at = now
        self.current = self._add(now)
        return self.current

    def find(self, kid: str) -> Key | None:
        """The published key of this id."""
        return self._keys.get(kid)

    def _add(self, now: datetime) -> Key:
        key = self._made(len(self._keys), now)
        self._keys[key.kid] = key
        return key

    def _made(self, name: object, now: datetime) -> Key:
        secret = int.from_bytes(self._ids.digest("key", name), "big") % (_ORDER - 1) + 1
        return Key(
            kid=str(UUID(bytes=self._ids.digest("kid", name)[:16], version=4)),
            private=ec.derive_private_key(secret, ec.SECP256R1()),
            created_at=now,
        )
