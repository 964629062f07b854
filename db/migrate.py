"""Migrations: applies the files that are new, in order, in the history of the Supabase CLI."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import asyncpg

from core.errors import BankfeedsError
from db.direct import connected

LOCK_TIMEOUT: Final = "10s"  # a migration that waits for a table blocks all who come after it
_ADVISORY_LOCK: Final = 0x62616E6B66656564  # "bankfeed"; any number that nobody else uses
_NAME: Final = re.compile(r"(\d{14})_(\w+)\.sql", re.ASCII)
_OPAQUE: Final = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"[^\"]*\"|\$(\w*)\$.*?\$\1\$", re.DOTALL
)
_TRANSACTION: Final = re.compile(
    r"(?:^|;)\s*(begin|start\s+transaction|commit|end|rollback|abort)\b", re.IGNORECASE
)

# The Supabase CLI's own table, so that either tool may run first.
_HISTORY: Final = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (version text primary key);
alter table supabase_migrations.schema_migrations add column if not exists statements text[];
alter table supabase_migrations.schema_migrations add column if not exists name text;
"""


class MigrationError(BankfeedsError):
    """A migration cannot be applied; nothing of it was. The message names file and remedy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One migration file."""

    version: str  # 14 digits: the UTC time of its making
    name: str
    path: Path


async def migrate(owner_url: str, directory: Path) -> list[Migration]:
    """Apply what is pending in `directory`, each file as one transaction; return what was applied.

    Needs the owner's login over a direct or session connection, no superuser's. Several at
    once wait for each other. Raises `MigrationError`, after which the earlier files stay.
    """
    async with connected(owner_url) as connection:
        await _refuse_superuser(connection)
        await _lock(connection)
        await connection.execute(_HISTORY)
        todo = _pending(read(directory), await _applied(connection))
        for migration in todo:
            await _apply(connection, migration)
        return todo


async def pending(owner_url: str, directory: Path) -> list[Migration]:
    """The migrations in `directory` that the database lacks; changes nothing."""
    async with connected(owner_url) as connection:
        return _pending(read(directory), await _applied(connection))


def read(directory: Path) -> list[Migration]:
    """The migrations of a directory in order; raises `MigrationError` for a name out of form."""
    migrations = []
    for path in sorted(directory.glob("*.sql")):
        if (match := _NAME.fullmatch(path.name)) is None:
            raise MigrationError(f"{path.name}: name it <14 digits>_<name>.sql")
        migrations.append(Migration(version=match[1], name=match[2], path=path))
    for former, latter in pairwise(migrations):
        if former.version == latter.version:
            raise MigrationError(
                f"{latter.path.name}: has the version of {former.path.name}; give it a later one"
            )
    return migrations


def _pending(migrations: Sequence[Migration], applied: Sequence[str]) -> list[Migration]:
    known = {migration.version for migration in migrations}
    if unknown := [version for version in applied if version not in known]:
        raise MigrationError(
            f"the database has migration {unknown[0]}, which is not among the files: this program "
            "is older than the database; install the newer one"
        )
    newest = max(applied, default="")
    todo = [migration for migration in migrations if migration.version not in applied]
    if todo and todo[0].version < newest:
        raise MigrationError(
            f"{todo[0].path.name}: is older than migration {newest}, which is applied already; "
            "rename it to a later time"
        )
    return todo


async def _refuse_superuser(connection: asyncpg.Connection) -> None:
    if await connection.fetchval("select rolsuper from pg_roles where rolname = session_user"):
        raise MigrationError(
            "the login is superuser, and so would be every definer function of it; "
            "set MIGRATION_DATABASE_URL to the login of the owner"
        )


async def _lock(connection: asyncpg.Connection) -> None:
    await connection.execute("set lock_timeout = '60s'")
    try:
        await connection.execute("select pg_advisory_lock($1)", _ADVISORY_LOCK)
    except asyncpg.LockNotAvailableError as error:
        raise MigrationError(
            "another migration has been running for a minute; look at it"
        ) from error


async def _applied(connection: asyncpg.Connection) -> list[str]:
    if not await connection.fetchval(
        "select to_regclass('supabase_migrations.schema_migrations') is not null"
    ):
        return []
    rows = await connection.fetch(
        "select version from supabase_migrations.schema_migrations order by version"
    )
    return [row["version"] for row in rows]


async def _apply(connection: asyncpg.Connection, migration: Migration) -> None:
    """One simple query is one implicit transaction: the file and its entry, or neither."""
    sql = migration.path.read_text(encoding="utf-8")
    if match := _TRANSACTION.search(_OPAQUE.sub(" ", sql)):
        raise MigrationError(
            f"{migration.path.name}: remove `{match[1]}`; every file is one transaction already"
        )
    await connection.execute(f"reset all; reset role; set lock_timeout = '{LOCK_TIMEOUT}'")
    try:
        await connection.execute(f"{sql}\n;reset role;{_entry(migration, sql)}")
    except asyncpg.PostgresError as error:
        raise MigrationError(_explained(migration, sql, error)) from error


def _entry(migration: Migration, sql: str) -> str:
    tag = "$sql$"
    while tag in sql:
        tag = f"{tag[:-1]}_$"
    # Version and name are word characters, the text is quoted by a tag that it does not have.
    return (
        "insert into supabase_migrations.schema_migrations (version, name, statements) values "  # noqa: S608
        f"('{migration.version}', '{migration.name}', array[{tag}{sql}{tag}])"
    )


def _explained(migration: Migration, sql: str, error: asyncpg.PostgresError) -> str:
    """File, line, what the server says and its hint; no detail, for that quotes rows."""
    line = ""
    if error.position is not None:
        lines_before = sql.count("\n", 0, int(error.position) - 1)
        line = f":{lines_before + 1}"
    hint = f" ({error.hint})" if error.hint else ""
    where = f"; {error.context.splitlines()[0]}" if error.context else ""
    return f"{migration.path.name}{line}: {error.sqlstate} {error.args[0]}{hint}{where}"
