"""Who is calling: verification of bearer tokens as Supabase Auth signs them.

Source: RFC 8725 (JWT best current practices); Supabase's claims reference. Legacy `anon` and
`service_role` keys are tokens too, of another issuer and without a subject: they do not pass.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal
from uuid import UUID

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.jwks import KID_CHARACTERS_MAX, Algorithm, KeySource, KeysUnavailable, VerificationKey
from core.errors import BankfeedsError

AUDIENCE: Final = "authenticated"
TOKEN_CHARACTERS_MAX: Final = 8 * 1024
LEEWAY: Final = timedelta(seconds=30)  # for a clock that is behind; an end is an end
REMEMBERED_FOR: Final = timedelta(seconds=60)
REMEMBERED_MAX: Final = 4096
KEYS_UNAVAILABLE: Final = "keys_unavailable"  # a reason that is none of the token's doing
SECRET_BYTES_MIN: Final = 32  # RFC 7518, section 3.2

_INSTANT_MAX: Final = 250_000_000_000  # seconds; the year 9892, what a datetime can hold


class InvalidToken(BankfeedsError):
    """The token proves nothing; `reason` is a code for the log, the message is for the caller."""

    def __init__(self, reason: str) -> None:
        super().__init__("invalid or expired token")
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A signed-in user, as the token says. What they may do is the database's to decide."""

    user_id: UUID
    email: str | None
    tenant_claim: UUID | None  # chosen by the token; the membership is checked elsewhere
    expires_at: datetime
    session_id: str | None


class TokenVerifier:
    """Verifies tokens of one issuer; remembers good ones for a minute, while their key stands.

    `legacy_secret` allows HS256 too, for tokens that name no published key.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        issuer: str,
        audience: str = AUDIENCE,
        legacy_secret: str | None = None,
    ) -> None:
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._legacy = _legacy_key(legacy_secret) if legacy_secret is not None else None
        self._remembered = _Remembered()

    async def verify(self, token: str, now: datetime) -> Identity:
        """Whose token it is. Raises InvalidToken, whatever is wrong."""
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise InvalidToken("too_long")
        if not token.isascii():
            raise InvalidToken("malformed")
        digest = hashlib.sha256(token.encode("ascii")).digest()
        entry = self._remembered.get(digest, now)
        header = _header(token) if entry is None else entry.header
        key = await self._key_for(header, now)
        if entry is not None and entry.thumbprint == key.thumbprint:
            return entry.identity
        identity = self._identity(_claims(token, key), now)
        self._remembered.put(digest, identity, header=header, key=key, now=now)
        return identity

    def remembers(self, token: str) -> bool:
        """Whether the token was good a moment ago; says nothing of whether it is now."""
        return hashlib.sha256(token.encode()).digest() in self._remembered

    async def _key_for(self, header: _Header, now: datetime) -> VerificationKey:
        if header.alg == "HS256" and self._legacy is None:
            raise InvalidToken("algorithm")
        if header.alg != "HS256" and header.kid is None:
            raise InvalidToken("no_key_id")
        published = await self._published(header.kid, now)
        key = self._legacy if header.alg == "HS256" and published is None else published
        if key is None:
            raise InvalidToken("unknown_key")
        if key.algorithm != header.alg:
            raise InvalidToken("algorithm")
        return key

    async def _published(self, kid: str | None, now: datetime) -> VerificationKey | None:
        if kid is None:
            return None
        try:
            return await self._keys.find(kid, now)
        except KeysUnavailable as error:
            raise InvalidToken(KEYS_UNAVAILABLE) from error

    def _identity(self, claims: _Claims, now: datetime) -> Identity:
        expires_at = datetime.fromtimestamp(claims.exp, UTC)
        begins_at = datetime.fromtimestamp(max(claims.iat, claims.nbf), UTC)
        audiences = [claims.aud] if isinstance(claims.aud, str) else claims.aud
        if claims.iss != self._issuer:
            raise InvalidToken("issuer")
        if self._audience not in audiences:
            raise InvalidToken("audience")
        if now >= expires_at:
            raise InvalidToken("expired")
        if now < begins_at - LEEWAY:
            raise InvalidToken("not_yet_valid")
        return Identity(
            user_id=claims.sub,
            email=claims.email or None,
            tenant_claim=claims.app_metadata.tenant_id if claims.app_metadata else None,
            expires_at=expires_at,
            session_id=claims.session_id,
        )


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True)


class _Header(_Strict):
    """Nothing but what Supabase sends: `crit`, `jwk`, `x5u` and their like are refused."""

    model_config = ConfigDict(extra="forbid")

    alg: Algorithm
    typ: Literal["JWT", "jwt"] = "JWT"
    kid: Annotated[str, Field(min_length=1, max_length=KID_CHARACTERS_MAX)] | None = None


_Instant = Annotated[int, Field(ge=0, le=_INSTANT_MAX)]


class _AppMetadata(_Strict):
    tenant_id: UUID | None = None


class _Claims(_Strict):
    iss: str
    aud: str | list[str]
    exp: _Instant
    iat: _Instant
    nbf: _Instant = 0
    sub: UUID
    role: Literal["authenticated"]
    is_anonymous: Literal[False] = False
    email: Annotated[str, Field(max_length=320)] | None = None
    session_id: Annotated[str, Field(max_length=128)] | None = None
    app_metadata: _AppMetadata | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    identity: Identity
    header: _Header
    thumbprint: str
    since: datetime
    until: datetime


class _Remembered:
    """Tokens that were verified a moment ago, by their hash; the least used one goes first."""

    def __init__(self) -> None:
        self._entries: OrderedDict[bytes, _Entry] = OrderedDict()

    def __contains__(self, digest: bytes) -> bool:
        return digest in self._entries

    def get(self, digest: bytes, now: datetime) -> _Entry | None:
        entry = self._entries.get(digest)
        if entry is None:
            return None
        if not entry.since <= now < entry.until:
            del self._entries[digest]
            return None
        self._entries.move_to_end(digest)
        return entry

    def put(
        self,
        digest: bytes,
        identity: Identity,
        *,
        header: _Header,
        key: VerificationKey,
        now: datetime,
    ) -> None:
        self._entries[digest] = _Entry(
            identity=identity,
            header=header,
            thumbprint=key.thumbprint,
            since=now,
            until=min(identity.expires_at, now + REMEMBERED_FOR),
        )
        if len(self._entries) > REMEMBERED_MAX:
            self._entries.popitem(last=False)


def _legacy_key(secret: str) -> VerificationKey:
    encoded = secret.encode()
    if len(encoded) < SECRET_BYTES_MIN:
        raise ValueError(f"the legacy secret has fewer than {SECRET_BYTES_MIN} bytes")
    key = OctKey.import_key(encoded)
    return VerificationKey(algorithm="HS256", key=key, thumbprint=key.thumbprint())


def _header(token: str) -> _Header:
    encoded, _, rest = token.partition(".")
    try:
        decoded = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        header = _Header.model_validate_json(decoded)
    except ValidationError as error:
        raise InvalidToken(_reason("header", error)) from None
    except ValueError:
        raise InvalidToken("malformed") from None
    if rest.count(".") != 1:
        raise InvalidToken("malformed")
    return header


def _claims(token: str, key: VerificationKey) -> _Claims:
    """The claims of a token that this key signed."""
    try:
        signed = jws.deserialize_compact(token, key.key, algorithms=[key.algorithm])
    except (JoseError, ValueError):
        raise InvalidToken("signature") from None
    try:
        return _Claims.model_validate_json(signed.payload or b"")
    except ValidationError as error:
        raise InvalidToken(_reason("claim", error)) from None


def _reason(part: str, error: ValidationError) -> str:
    """The part and the name at fault, which is one of ours; values stay out of the log."""
    place = error.errors(include_url=False, include_input=False)[0]["loc"]
    known = _Header.model_fields.keys() | _Claims.model_fields.keys()
    return f"{part}_{place[0]}" if place and place[0] in known else f"{part}_malformed"
