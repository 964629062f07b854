"""Secrets of webhook endpoints: the token of an address, and what events are signed with."""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b32encode, b64encode
from typing import Final
from uuid import UUID

from core.vault import Aad
from core.webhooks import ENDPOINT_PURPOSE, NO_TENANT

TOKEN_BYTES: Final = 16
SECRET_BYTES: Final = 32
SECRET_CHARACTERS_MAX: Final = 1_000

_TOKEN: Final = re.compile(r"[a-z2-7]{26}")


def new_token() -> str:
    """The last part of a new address: base32 of 128 random bits. Only its hash is kept."""
    return b32encode(secrets.token_bytes(TOKEN_BYTES)).decode().rstrip("=").lower()


def is_token(text: str) -> bool:
    """Whether it has the form of a token."""
    return _TOKEN.fullmatch(text) is not None


def token_hash(token: str) -> bytes:
    """What is kept of a token. It has 128 random bits, so that a plain hash is enough."""
    return hashlib.sha256(token.encode()).digest()


def new_secret() -> str:
    """A new signing secret, written as Standard Webhooks writes them."""
    return "whsec_" + b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_aad(*, tenant_id: UUID | None, endpoint_id: UUID) -> Aad:
    """What an endpoint's secrets are bound to; the operator's are of no tenant."""
    return Aad(tenant_id=tenant_id or NO_TENANT, purpose=ENDPOINT_PURPOSE, record_id=endpoint_id)


def address(public_url: str, provider: str, token: str) -> str:
    """Where a provider sends events to."""
    return f"{public_url}/webhooks/{provider}/{token}"
