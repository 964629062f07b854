"""The bootstrap makes a bare Postgres look like Supabase; a login that is too strong is refused."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator

import asyncpg
import pytest

from db.bootstrap import LOGIN, bootstrap, scram_verifier
from db.direct import connected
from db.login import GrantRefused, UnsafeLogin, grant_login, login_name, refuse_unsafe_login
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.servers import PASSWORD

USER = "7b0f4e9c-9f7a-4f0e-8a3b-0a4f2a5f6c11"


async def test_the_bootstrap_may_be_repeated(every_database: DatabaseUrls) -> None:
    await bootstrap(every_database.superuser, owner_password=PASSWORD, login_password=PASSWORD)

    async with connected(every_database.login) as connection:
        await refuse_unsafe_login(connection)


async def test_a_real_supabase_is_left_alone(every_database: DatabaseUrls) -> None:
    async with connected(every_database.superuser) as connection:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("create role supabase_auth_admin; drop schema auth cascade")

        await connection.execute(_script())

        assert await connection.fetchval("select to_regnamespace('auth') is null")
        await transaction.rollback()


async def test_the_owner_has_the_rights_of_hosted_supabase(every_database: DatabaseUrls) -> None:
    async with connected(every_database.owner) as connection:
        role = await connection.fetchrow(
            "select rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles"
            " where rolname = current_user"
        )

        assert tuple(role or ()) == (False, True, True, True)


@pytest.mark.parametrize(
    ("claims", "uid", "role", "email"),
    [
        (f'{{"sub": "{USER}", "role": "authenticated", "email": "a@b.c"}}', USER,
         "authenticated", "a@b.c"),
        ("{}", None, None, None),
        ("", None, None, None),
    ],
)  # fmt: skip
async def test_the_functions_of_auth_read_the_claims(
    bare_database: DatabaseUrls, claims: str, uid: str | None, role: str | None, email: str | None
) -> None:
    async with connected(bare_database.login) as connection, connection.transaction():
        await connection.execute("set local role authenticated")
        await connection.execute("select set_config('request.jwt.claims', $1, true)", claims)

        found = await connection.fetchrow("select auth.uid()::text, auth.role(), auth.email()")

        assert tuple(found or ()) == (uid, role, email)


async def test_the_legacy_claim_wins_as_on_supabase(bare_database: DatabaseUrls) -> None:
    async with connected(bare_database.login) as connection, connection.transaction():
        await connection.execute("set local role authenticated")
        await connection.execute(f"set local request.jwt.claim.sub = '{USER}'")
        await connection.execute('set local request.jwt.claims = \'{"sub": "other"}\'')

        assert str(await connection.fetchval("select auth.uid()")) == USER


def test_a_verifier_is_what_postgres_would_store() -> None:
    salt = base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")

    # RFC 7677, section 3: password "pencil", with its salt and 4096 iterations.
    verifier = scram_verifier("pencil", salt)

    assert verifier == (
        "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"
        "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
    )


@pytest.fixture
async def strong(every_database: DatabaseUrls) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's connection that changes the login, and takes it all back."""
    async with connected(every_database.superuser) as connection:
        transaction = connection.transaction()
        await transaction.start()
        yield connection
        await transaction.rollback()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("alter role bankfeeds_login superuser", "is superuser"),
        ("alter role bankfeeds_login bypassrls", "has BYPASSRLS"),
        ("alter role bankfeeds_login createrole", "CREATEROLE"),
        ("alter role bankfeeds_login inherit", "inherits"),
        ("grant service_role to bankfeeds_login", "is a member of a role"),
        ("create table public.t (); alter table public.t owner to bankfeeds_login", "owns"),
        ("grant select on app.tenants to bankfeeds_login", "has grants of its own"),
    ],
)
async def test_a_login_that_is_too_strong_is_refused(
    strong: asyncpg.Connection, change: str, reason: str
) -> None:
    await strong.execute(change)
    await strong.execute(f"set session authorization {LOGIN}")

    with pytest.raises(UnsafeLogin, match=f"bankfeeds_login of DATABASE_URL .*{reason}"):
        await refuse_unsafe_login(strong)


async def test_granting_to_nobody_is_told(database: DatabaseUrls) -> None:
    with pytest.raises(GrantRefused, match=r"no_such_login.*make the login first"):
        await grant_login(database.owner, "no_such_login")


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("postgresql://bankfeeds_login:x@db/postgres", "bankfeeds_login"),
        ("postgresql://bankfeeds_login.project:x@pooler:6543/postgres", "bankfeeds_login"),
        ("postgresql://my%20login:x@/postgres?host=/run", "my login"),
    ],
)
def test_the_login_of_a_url_is_found(url: str, name: str) -> None:
    assert login_name(url) == name


def _script() -> str:
    from importlib.resources import files

    return (files("db") / "bootstrap.sql").read_text()
