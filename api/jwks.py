"""Public signing keys: fixed ones, or those of a JWKS endpoint that is asked rarely.

Source: RFC 7517 (JWK), RFC 7518 section 6; Supabase Auth publishes ES256 and RS256 keys with a
`kid` and `Cache-Control: max-age=600`, each before its first use.
"""

from __future__ import annotations

import asyncio
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal, Protocol

import httpx
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, OctKey, RSAKey
from pydantic import BaseModel, Field, ValidationError

from core.errors import BankfeedsError

Algorithm = Literal["ES256", "RS256", "HS256"]

BODY_BYTES_MAX: Final = 64 * 1024
KEYS_MAX: Final = 16
KID_CHARACTERS_MAX: Final = 128
RSA_BITS: Final = range(2048, 4096 + 1)
FETCH_TIMEOUT_S: Final = 5
FRESH: Final = timedelta(minutes=10)
FRESH_RANGE: Final = (timedelta(seconds=30), timedelta(hours=1))
UNKNOWN_KEY_RETRY: Final = timedelta(seconds=30)
OUTAGE_RETRY: Final = timedelta(seconds=5)

_PRIVATE: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class KeysUnavailable(BankfeedsError):
    """No keys were ever received, so nothing can be said about a token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationKey:
    """A key and the one algorithm that it verifies."""

    algorithm: Algorithm
    key: ECKey | RSAKey | OctKey
    thumbprint: str  # RFC 7638: tells another key under the same id


class KeySource(Protocol):
    """Where a token's key is looked up."""

    async def find(self, kid: str, now: datetime) -> VerificationKey | None:
        """The key with this id, if it is published now. Raises KeysUnavailable."""
        ...


class StaticKeys:
    """Keys that are known from the start, by their ids; perhaps none."""

    def __init__(self, keys: Mapping[str, VerificationKey]) -> None:
        self._keys = dict(keys)

    async def find(self, kid: str, now: datetime) -> VerificationKey | None:
        """See `KeySource.find`."""
        return self._keys.get(kid)


class JwksKeys:
    """The keys of an endpoint, kept for as long as it says and for as long as it is down.

    An unknown id asks again at most every 30 seconds, a failure every 5, callers at the same
    time ask once. An answer that is no JWKS, too long or too many counts as a failure.
    """

    def __init__(self, url: str, http: httpx.AsyncClient) -> None:
        self._url = url
        self._http = http
        self._keys: dict[str, VerificationKey] = {}
        self._fresh_until: datetime | None = None  # nothing was ever received
        self._ask_after: datetime | None = None  # nothing was ever asked
        self._asking = asyncio.Lock()

    async def find(self, kid: str, now: datetime) -> VerificationKey | None:
        """See `KeySource.find`."""
        if self._is_due(kid, now) and not (kid in self._keys and self._asking.locked()):
            async with self._asking:
                if self._is_due(kid, now):
                    await self._refresh(now)
        if self._fresh_until is None:
            raise KeysUnavailable("no signing keys were received yet")
        return self._keys.get(kid)

    def _is_due(self, kid: str, now: datetime) -> bool:
        stale = self._fresh_until is None or now >= self._fresh_until or kid not in self._keys
        return stale and (self._ask_after is None or now >= self._ask_after)

    async def _refresh(self, now: datetime) -> None:
        self._ask_after = now + OUTAGE_RETRY
        try:
            async with asyncio.timeout(FETCH_TIMEOUT_S):
                body, fresh = await self._fetched()
            keys = published_keys(body)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError, ValueError):
            return
        self._keys = keys
        self._fresh_until = now + fresh
        self._ask_after = now + UNKNOWN_KEY_RETRY

    async def _fetched(self) -> tuple[bytes, timedelta]:
        """The body as sent, as a compressed one has no bound, and for how long it is fresh."""
        headers = {"accept": "application/json", "accept-encoding": "identity"}
        body = bytearray()
        async with self._http.stream("GET", self._url, headers=headers) as response:
            if response.status_code != httpx.codes.OK:
                raise ValueError(f"status {response.status_code}")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > BODY_BYTES_MAX:
                    raise ValueError(f"more than {BODY_BYTES_MAX} bytes")
        return bytes(body), _fresh_for(response.headers.get("cache-control", ""))


class _Jwk(BaseModel):
    kty: Literal["EC", "RSA"]
    kid: Annotated[str, Field(min_length=1, max_length=KID_CHARACTERS_MAX)]
    use: Literal["sig"] = "sig"
    alg: Literal["ES256", "RS256"] | None = None
    key_ops: list[str] = ["verify"]
    crv: Literal["P-256"] | None = None


class _Jwks(BaseModel):
    keys: list[dict[str, Any]] = Field(max_length=KEYS_MAX)


def published_keys(body: bytes) -> dict[str, VerificationKey]:
    """The usable keys of a JWKS document by id; ValueError if it is none or has over 16 keys.

    Symmetric, private, encryption and unknown keys are left out, and so are other curves and
    RSA keys outside 2048 to 4096 bits.
    """
    document = _Jwks.model_validate_json(body)
    usable = ((each.get("kid"), verification_key(each)) for each in document.keys)
    return {str(kid): key for kid, key in usable if key is not None}


def verification_key(jwk: Mapping[str, Any]) -> VerificationKey | None:
    """The key of a public JWK; None for one that no token here may be verified with."""
    try:
        checked = _Jwk.model_validate(jwk)
    except ValidationError:
        return None
    algorithm: Algorithm = "ES256" if checked.kty == "EC" else "RS256"
    if checked.alg not in (None, algorithm) or "verify" not in checked.key_ops:
        return None
    if _PRIVATE & jwk.keys() or (checked.kty == "EC" and checked.crv is None):
        return None
    return _imported(jwk, algorithm)


def _imported(jwk: Mapping[str, Any], algorithm: Algorithm) -> VerificationKey | None:
    names = ("x", "y") if algorithm == "ES256" else ("n", "e")
    parameters = {name: str(jwk.get(name)) for name in names}
    key: ECKey | RSAKey
    try:
        if algorithm == "ES256":
            key = ECKey.import_key({"kty": "EC", "crv": "P-256", **parameters})
        elif _bits(parameters["n"]) in RSA_BITS:
            key = RSAKey.import_key({"kty": "RSA", **parameters})
        else:
            return None
    except (JoseError, ValueError):
        return None
    return VerificationKey(algorithm=algorithm, key=key, thumbprint=key.thumbprint())


def _bits(encoded: str) -> int:
    number = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
    return int.from_bytes(number, "big").bit_length()


def _fresh_for(cache_control: str) -> timedelta:
    shortest, longest = FRESH_RANGE
    given = re.search(r"\bmax-age=(\d{1,9})\b", cache_control)
    return min(max(timedelta(seconds=int(given[1])), shortest), longest) if given else FRESH
