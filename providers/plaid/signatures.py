"""The signature of Plaid's webhooks: a JWT by ES256 over the hash of the body.

Source: Plaid's documentation of webhook verification; RFC 7515 and RFC 7518, section 3.4. Keys are
asked of Plaid by their id, which anybody may invent: what is not known is remembered, and only so
many are asked for.
"""

from __future__ import annotations

import asyncio
import binascii
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import OrderedDict, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from core.provider_error import Action, Postponed, ProviderError
from providers.http import Client, read_json
from providers.plaid.api import ask, is_code, told
from providers.webhooks import BadSignature, Incoming, Malformed

HEADER: Final = "plaid-verification"
ALGORITHM: Final = "ES256"
TOKEN_CHARACTERS_MAX: Final = 2_000
OLD: Final = timedelta(minutes=5)
EARLY: Final = timedelta(seconds=60)  # of clocks that differ
FRESH: Final = timedelta(days=1)  # then a key is asked for again: it may have been revoked
STALE: Final = timedelta(days=3)  # as long as Plaid cannot be asked, at most
UNKNOWN_FOR: Final = timedelta(minutes=10)
UNKNOWN_MAX: Final = 1_000
KEYS_MAX: Final = 50
ASKED_MAX: Final = 10  # unknown ids in a minute
MINUTE: Final = timedelta(minutes=1)

_KID: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says, before anybody has verified it."""

    kid: str
    at: datetime
    body_sha256: str
    token: str = field(repr=False)


def claims(request: Incoming) -> Claims:
    """What the request's token says. Raises Malformed and BadSignature."""
    token = request.headers.get(HEADER)
    if not token:
        raise Malformed("no-signature")
    parts = token.split(".")
    if len(token) > TOKEN_CHARACTERS_MAX or len(parts) != 3:
        raise BadSignature("token-unreadable")
    header, payload = _object(parts[0]), _object(parts[1])
    _decoded(parts[2])
    if header.get("alg") != ALGORITHM or "crit" in header:
        raise BadSignature("algorithm")
    kid, issued_at, digest = (
        header.get("kid"),
        payload.get("iat"),
        payload.get("request_body_sha256"),
    )
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise BadSignature("key-unknown")
    if type(issued_at) is not int or not 0 <= issued_at < 2**32:
        raise BadSignature("token-unreadable")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise BadSignature("token-unreadable")
    return Claims(
        kid=kid, at=datetime.fromtimestamp(issued_at, UTC), body_sha256=digest, token=token
    )


class KeyRing:
    """The keys that Plaid signs with, as far as they were met. One for each application."""

    def __init__(self) -> None:
        self._keys: dict[str, tuple[ECKey, datetime, datetime]] = {}  # read, and asked for, at
        self._unknown: OrderedDict[str, datetime] = OrderedDict()
        self._asked: deque[datetime] = deque()
        self._lock = asyncio.Lock()

    async def verify(self, request: Incoming, client: Client) -> None:
        """Returns where Plaid signed this body now. Raises BadSignature, Malformed, and where
        the key cannot be asked for ProviderError and Postponed."""
        said, now = claims(request), request.received_at
        # What needs no key comes first: nobody makes us ask for nothing.
        if now - said.at > OLD:
            raise BadSignature("too-old")
        if said.at - now > EARLY:
            raise BadSignature("too-early")
        if not hmac.compare_digest(sha256(request.body).hexdigest(), said.body_sha256):
            raise BadSignature("body")
        key = await self._key(said.kid, client, now)
        try:
            jws.deserialize_compact(said.token, key, algorithms=[ALGORITHM])
        except (JoseError, ValueError):
            raise BadSignature("signature") from None

    async def _key(self, kid: str, client: Client, now: datetime) -> ECKey:
        known = self._known(kid, now)
        if known is not None:
            return known
        async with self._lock:
            known = self._known(kid, now)  # another request may have asked meanwhile
            if known is not None:
                return known
            return await self._asked_for(kid, client, now)

    def _known(self, kid: str, now: datetime) -> ECKey | None:
        """The key, if it is fresh. Raises BadSignature where Plaid has none of that name."""
        refused = self._unknown.get(kid)
        if refused is not None and now - refused < UNKNOWN_FOR:
            raise BadSignature("key-unknown")
        held = self._keys.get(kid)
        return held[0] if held is not None and now - held[2] < FRESH else None

    async def _asked_for(self, kid: str, client: Client, now: datetime) -> ECKey:
        held = self._keys.get(kid)
        if held is None:
            self._count(now)
        try:
            answer = told(await ask(client, "/webhook_verification_key/get", {"key_id": kid}))
        except (ProviderError, Postponed) as error:
            if isinstance(error, ProviderError) and is_code(error, *_NO_SUCH_KEY):
                self._refuse(kid, now)
                raise BadSignature("key-unknown") from None
            is_outage = isinstance(error, Postponed) or error.action is Action.RETRY
            if held is not None and is_outage and now - held[1] < STALE:
                self._keys[kid] = (held[0], held[1], now - FRESH + MINUTE)  # ask in a minute
                return held[0]
            raise
        key = _usable(answer.get("key"), kid)
        if key is None:
            self._refuse(kid, now)
            raise BadSignature("key-unknown")
        if len(self._keys) >= KEYS_MAX:
            self._keys.pop(min(self._keys, key=lambda each: self._keys[each][1]))
        self._keys[kid] = (key, now, now)
        return key

    def _count(self, now: datetime) -> None:
        """Raises Postponed where too many unknown keys were asked for."""
        while self._asked and now - self._asked[0] >= MINUTE:
            self._asked.popleft()
        if len(self._asked) >= ASKED_MAX:
            raise Postponed(self._asked[0] + MINUTE - now)
        self._asked.append(now)

    def _refuse(self, kid: str, now: datetime) -> None:
        self._keys.pop(kid, None)
        self._unknown[kid] = now
        self._unknown.move_to_end(kid)
        while len(self._unknown) > UNKNOWN_MAX:
            self._unknown.popitem(last=False)


_NO_SUCH_KEY: Final = ("INVALID_WEBHOOK_VERIFICATION_KEY_ID", "INVALID_FIELD", "NOT_FOUND")


def _usable(value: Any, kid: str) -> ECKey | None:
    """A key that signs webhooks today; None for any other."""
    if not isinstance(value, dict) or value.get("expired_at") is not None:
        return None
    fixed = {"kid": kid, "alg": ALGORITHM, "kty": "EC", "crv": "P-256", "use": "sig"}
    if any(value.get(name) != text for name, text in fixed.items()):
        return None
    x, y = value.get("x"), value.get("y")
    if not isinstance(x, str) or not isinstance(y, str):
        return None
    try:
        return ECKey.import_key({"kty": "EC", "crv": "P-256", "x": x, "y": y})
    except (JoseError, ValueError):
        return None


def _object(part: str) -> dict[str, Any]:
    try:
        value = read_json(_decoded(part))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise BadSignature("token-unreadable")
    return value


def _decoded(part: str) -> bytes:
    """Base64url as RFC 7515 has it: without padding, and in the one way that it can be written."""
    try:
        data = urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        raise BadSignature("token-unreadable") from None
    if urlsafe_b64encode(data).rstrip(b"=") != part.encode():
        raise BadSignature("token-unreadable")
    return data
