"""A signing key of this machine, for development and the demo, where no Supabase Auth is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from pydantic import BaseModel, ConfigDict, ValidationError

from api.auth import AUDIENCE
from api.jwks import StaticKeys, VerificationKey
from core.settings import DEVELOPMENT_ISSUER
from db.keys import InvalidKeys, create_private, read_private

FILE_NAME: Final = "signing-key.json"
LIFETIME_MAX: Final = timedelta(days=31)


@dataclass(frozen=True, slots=True, kw_only=True)
class DevelopmentKey:
    """An ES256 key pair; whoever reads its file can be anyone."""

    kid: str
    private: ECKey = field(repr=False)

    @property
    def public(self) -> StaticKeys:
        """The source of its public half, for a `TokenVerifier`."""
        key = ECKey.import_key(self.private.as_dict(private=False))
        return StaticKeys(
            {self.kid: VerificationKey(algorithm="ES256", key=key, thumbprint=key.thumbprint())}
        )


def create_development_key(data_dir: Path) -> DevelopmentKey:
    """The key in the data directory, made where there is none."""
    path = data_dir / FILE_NAME
    if not path.exists():
        key = ECKey.generate_key("P-256", private=True)
        document = _KeyFile.model_validate(key.as_dict(private=True))
        create_private(path, document.model_dump_json().encode() + b"\n")
    return load_development_key(data_dir)


def load_development_key(data_dir: Path) -> DevelopmentKey:
    """The key in the data directory. Raises InvalidKeys where there is no usable one."""
    path = data_dir / FILE_NAME
    content = read_private(path)
    try:
        document = _KeyFile.model_validate_json(content)
        key = ECKey.import_key(document.model_dump())
    except (ValidationError, JoseError, ValueError):
        # Without its cause, which quotes the input.
        raise InvalidKeys(f"{path} is no signing key: remove it and start again") from None
    return DevelopmentKey(kid=key.thumbprint(), private=key)


def sign_token(
    key: DevelopmentKey,
    *,
    user_id: UUID,
    email: str | None,
    tenant_id: UUID | None,
    lifetime: timedelta,
    now: datetime,
    issuer: str = DEVELOPMENT_ISSUER,
) -> str:
    """A token with the claims of Supabase Auth, good from `now` on for at most 31 days."""
    if not timedelta() < lifetime <= LIFETIME_MAX:
        raise ValueError(f"a token lasts more than nothing and at most {LIFETIME_MAX.days} days")
    issued = int(now.timestamp())
    claims = {
        "iss": issuer,
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + int(lifetime.total_seconds()),
        "sub": str(user_id),
        "role": "authenticated",
        "aal": "aal1",
        "session_id": str(uuid4()),
        "email": email or "",
        "phone": "",
        "is_anonymous": False,
        "app_metadata": {"tenant_id": str(tenant_id)} if tenant_id else {},
        "user_metadata": {},
    }
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key.private, algorithms=["ES256"])


class _KeyFile(BaseModel):
    """A private JWK, RFC 7518 section 6.2."""

    model_config = ConfigDict(extra="ignore")

    kty: str
    crv: str
    x: str
    y: str
    d: str
