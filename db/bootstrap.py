"""The local bootstrap: makes a bare Postgres look like Supabase, and gives its roles passwords."""

from __future__ import annotations

from base64 import b64encode
from hashlib import pbkdf2_hmac, sha256
from hmac import digest
from pathlib import Path
from secrets import token_bytes
from typing import Final

import asyncpg

from db.direct import connected

OWNER: Final = "postgres"
LOGIN: Final = "bankfeeds_login"
_ITERATIONS: Final = 4096  # the server's own default; the passwords here are random
_SCRIPT: Final = Path(__file__).with_name("bootstrap.sql")


async def bootstrap(superuser_url: str, *, owner_password: str, login_password: str) -> None:
    """Prepare the database of `superuser_url`, on an embedded server, for the migrations.

    May be repeated. Only verifiers of the passwords travel to the server, so that no log can
    hold a password. Other bare servers get `bootstrap.sql` and their passwords by hand.
    """
    async with connected(superuser_url) as connection, connection.transaction():
        await connection.execute(_SCRIPT.read_text())
        for role, password in ((OWNER, owner_password), (LOGIN, login_password)):
            await _set_password(connection, role, password)


def scram_verifier(password: str, salt: bytes) -> str:
    """What Postgres stores for `password` (RFC 5803, SCRAM-SHA-256); printable ASCII alone."""
    assert password.isascii()  # SASLprep changes nothing in ASCII
    salted = pbkdf2_hmac("sha256", password.encode(), salt, _ITERATIONS)
    stored = sha256(digest(salted, b"Client Key", "sha256")).digest()
    server = digest(salted, b"Server Key", "sha256")
    encoded = [b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{encoded[0]}${encoded[1]}:{encoded[2]}"


async def _set_password(connection: asyncpg.Connection, role: str, password: str) -> None:
    verifier = scram_verifier(password, token_bytes(16))
    statement = await connection.fetchval(
        "select format('alter role %I password %L', $1::text, $2::text)", role, verifier
    )
    await connection.execute(statement)
