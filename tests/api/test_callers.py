"""Callers are recalled for a moment, whatever their headers hold."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from api.auth import TOKEN_CHARACTERS_MAX, TokenVerifier
from api.callers import Caller, Callers
from api.jwks import StaticKeys
from db.pool import connect
from tests.fixtures.database import DatabaseUrls

NOW = datetime(2026, 11, 21, tzinfo=UTC)
CALLER = Caller(
    user_id=UUID(int=1), email=None, tenant_id=UUID(int=2), expires_at=NOW + timedelta(hours=1)
)


async def test_headers_are_recalled_unless_they_are_long(database: DatabaseUrls) -> None:
    verifier = TokenVerifier(StaticKeys({}), issuer="https://issuer.example")
    long = f"Bearer{' ' * TOKEN_CHARACTERS_MAX}token"
    async with connect(database.login, size=1) as opened:
        callers = Callers(verifier, opened, lambda: NOW)

        for authorization, wanted in [("Bearer token", "x"), (long, "x"), ("Bearer token", long)]:
            callers.recall(authorization, wanted, CALLER)

        assert callers.recalled("Bearer token", "x") == CALLER
        assert callers.recalled(long, "x") is None
        assert callers.recalled("Bearer token", long) is None
