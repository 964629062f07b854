"""The token in an upload's URL: proof that we gave the URL out, for this upload, until then.

It is the moment of expiry, sealed for the tenant and the upload, behind the tenant's id:
whoever changes any of the three holds something that does not open. It needs no database.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from typing import Final
from uuid import UUID

from core.errors import Forbidden, SealBroken, UnknownKey
from core.vault import Aad, Vault

TOKEN_CHARACTERS_MAX: Final = 1_000
PURPOSE: Final = "upload-url"

_ID_BYTES: Final = 16


async def sign(vault: Vault, *, tenant_id: UUID, upload_id: UUID, expires: int) -> str:
    """The token of an upload until `expires`, in seconds of Unix time; safe in a URL."""
    sealed = await vault.seal(str(expires).encode(), aad=_aad(tenant_id, upload_id))
    return urlsafe_b64encode(tenant_id.bytes + sealed).decode().rstrip("=")


async def tenant_of(
    vault: Vault, token: str, *, upload_id: UUID, expires: int, now: datetime
) -> UUID:
    """The tenant that a token was made for.

    Raises Forbidden where it was made for something else, or its time is over.
    """
    if len(token) > TOKEN_CHARACTERS_MAX or now.timestamp() >= expires:
        raise Forbidden("not found")
    try:
        content = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        tenant_id = UUID(bytes=content[:_ID_BYTES])
        promised = await vault.open(content[_ID_BYTES:], aad=_aad(tenant_id, upload_id))
    except (ValueError, SealBroken, UnknownKey) as error:
        raise Forbidden("not found") from error
    if promised != str(expires).encode():
        raise Forbidden("not found")
    return tenant_id


def _aad(tenant_id: UUID, upload_id: UUID) -> Aad:
    return Aad(tenant_id=tenant_id, purpose=PURPOSE, record_id=upload_id)
