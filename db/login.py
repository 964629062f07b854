"""The application's login role: what it is granted, and why a stronger one is refused."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

import asyncpg

from core.errors import BankfeedsError
from db.direct import connected

ROLES = ("authenticated", "worker", "webhook")

# Ownership and grants in any database stand in pg_shdepend; CONNECT to a database is no harm.
_FAULTS = """
select
  me.rolsuper as superuser,
  me.rolbypassrls as bypasses_rls,
  me.rolcreaterole or me.rolreplication as may_make_itself_more,
  me.rolinherit or exists (
    select from pg_roles other
    where other.oid <> me.oid and pg_has_role(me.oid, other.oid, 'usage')
  ) as inherits,
  exists (
    select from pg_roles strong
    where (strong.rolsuper or strong.rolbypassrls)
      and strong.oid <> me.oid and pg_has_role(me.oid, strong.oid, 'member')
  ) as may_become_stronger,
  exists (
    select from pg_shdepend
    where refclassid = 'pg_authid'::regclass and refobjid = me.oid and deptype = 'o'
  ) as owns,
  exists (
    select from pg_shdepend
    where refclassid = 'pg_authid'::regclass and refobjid = me.oid and deptype = 'a'
      and classid <> 'pg_database'::regclass
  ) as has_grants
from pg_roles me
where me.rolname = session_user
"""
_MEANINGS = {
    "superuser": "is superuser",
    "bypasses_rls": "has BYPASSRLS",
    "may_make_itself_more": "has CREATEROLE or REPLICATION",
    "inherits": "inherits the rights of its roles (make it NOINHERIT)",
    "may_become_stronger": "is a member of a role that is superuser or has BYPASSRLS",
    "owns": "owns tables or other objects",
    "has_grants": "has grants of its own",
}


class UnsafeLogin(BankfeedsError):
    """The login of DATABASE_URL could read across tenants; the message says by what."""


class GrantRefused(BankfeedsError):
    """The owner may not give the login its roles; the message has the server's reason."""


async def refuse_unsafe_login(connection: asyncpg.Connection) -> None:
    """Raise `UnsafeLogin` unless a forgotten scope would be "permission denied".

    The login must own nothing, inherit nothing and have no way around row-level security.
    """
    faults = await connection.fetchrow(_FAULTS)
    assert faults is not None
    found = [meaning for name, meaning in _MEANINGS.items() if faults[name]]
    if found:
        login = await connection.fetchval("select session_user")
        raise UnsafeLogin(
            f"the login {login} of DATABASE_URL {'; '.join(found)}. Use a role that is only "
            f"granted {', '.join(ROLES)}: create role bankfeeds_login login noinherit"
        )


def login_name(url: str) -> str:
    """The role that a connection URL logs in as; Supabase's pooler appends the project to it."""
    user = unquote(urlsplit(url).username or "")
    return user.partition(".")[0]


async def grant_login(owner_url: str, login: str) -> None:
    """Grant `ROLES` to the login, as the owner, after the migrations; may be repeated.

    Raises `GrantRefused`.
    """
    async with connected(owner_url) as connection:
        statement = await connection.fetchval(
            "select format('grant %s to %I', string_agg(quote_ident(name), ', '), $2::text)"
            " from unnest($1::text[]) as name where exists"
            " (select from pg_roles where rolname = name)",
            ROLES,
            login,
        )
        try:
            await connection.execute(statement)
        except asyncpg.PostgresError as error:
            raise GrantRefused(
                f"{statement}: {error}; run it as a role that may, or make the login first"
            ) from error
