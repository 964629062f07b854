"""A development key signs tokens for this machine, and for nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from api.auth import InvalidToken, TokenVerifier
from api.dev_keys import (
    DevelopmentKey,
    create_development_key,
    load_development_key,
    sign_token,
)
from api.jwks import JwksKeys
from core.settings import DEVELOPMENT_ISSUER
from db.keys import InvalidKeys
from sandbox.supabase_auth import auth_app

NOW = datetime.now(UTC).replace(microsecond=0)
USER, TENANT = UUID(int=1), UUID(int=2)


def test_a_development_key_is_made_once_and_private(tmp_path: Path) -> None:
    first, second = create_development_key(tmp_path), load_development_key(tmp_path)

    assert first.kid == second.kid
    assert (tmp_path / "signing-key.json").stat().st_mode & 0o777 == 0o600
    assert str(first.private.as_dict(private=True)["d"]) not in repr(first)


def test_an_unusable_development_key_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "signing-key.json"
    with pytest.raises(InvalidKeys, match="cannot be read"):
        load_development_key(tmp_path)
    path.write_text('{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"}')
    path.chmod(0o600)

    with pytest.raises(InvalidKeys, match=f"{path} is no signing key"):
        load_development_key(tmp_path)


def development_token(key: DevelopmentKey, lifetime: timedelta = timedelta(hours=1)) -> str:
    return sign_token(
        key, user_id=USER, email="ada@example.com", tenant_id=TENANT, lifetime=lifetime, now=NOW
    )


async def test_a_development_token_passes_where_its_key_counts(tmp_path: Path) -> None:
    key = create_development_key(tmp_path)
    by = TokenVerifier(key.public, issuer=DEVELOPMENT_ISSUER)

    identity = await by.verify(development_token(key), NOW)

    assert (identity.user_id, identity.tenant_claim) == (USER, TENANT)
    assert identity.expires_at == NOW + timedelta(hours=1)


async def test_a_development_token_is_nothing_to_a_real_project(tmp_path: Path) -> None:
    token = development_token(create_development_key(tmp_path))
    transport = httpx.ASGITransport(app=auth_app())

    async with httpx.AsyncClient(transport=transport) as http:
        keys = JwksKeys("http://project/auth/v1/.well-known/jwks.json", http)
        project = TokenVerifier(keys, issuer=DEVELOPMENT_ISSUER)
        with pytest.raises(InvalidToken) as refused:
            await project.verify(token, NOW)

    assert refused.value.reason == "unknown_key"


@pytest.mark.parametrize("lifetime", [timedelta(), timedelta(seconds=-1), timedelta(days=32)])
def test_a_development_token_does_not_last_for_ever(tmp_path: Path, lifetime: timedelta) -> None:
    with pytest.raises(ValueError, match="at most 31 days"):
        development_token(create_development_key(tmp_path), lifetime)
