"""`bankfeeds migrate`: brings the database's structure up to this version."""

from __future__ import annotations

import asyncio
import json as json_format
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.settings import Settings
    from db.migrate import Migration


def migrate(
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 where any is pending.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Apply what is pending, as the owner that MIGRATION_DATABASE_URL names.

    Then the login of DATABASE_URL is granted its roles. The Supabase CLI may be used instead.
    """
    from core.errors import BankfeedsError
    from core.settings import Settings

    try:
        migrations = asyncio.run(_migrations(Settings.load(), check=check))
    except BankfeedsError as error:
        typer.echo(f"bankfeeds: {error}", err=True)
        raise typer.Exit(1) from error
    typer.echo(_as_json(migrations, check=check) if json else _as_text(migrations, check=check))
    if check and migrations:
        raise typer.Exit(1)


async def _migrations(settings: Settings, *, check: bool) -> list[Migration]:
    from core.settings import SettingsError
    from db.files import migrations_directory
    from db.login import grant_login, login_name
    from db.migrate import migrate, pending

    if settings.migration_database_url is None or settings.database_url is None:
        raise SettingsError(("MIGRATION_DATABASE_URL: set it to the login of the owner",))
    owner_url = settings.migration_database_url.get_secret_value()
    if check:
        return await pending(owner_url, migrations_directory())
    applied = await migrate(owner_url, migrations_directory())
    await grant_login(owner_url, login_name(settings.database_url.get_secret_value()))
    return applied


def _as_json(migrations: list[Migration], *, check: bool) -> str:
    listed = [{"version": one.version, "name": one.name} for one in migrations]
    return json_format.dumps({"pending" if check else "applied": listed})


def _as_text(migrations: list[Migration], *, check: bool) -> str:
    if not migrations:
        return "No migration is pending."
    word = "Pending" if check else "Applied"
    return "\n".join(f"{word} {one.version} {one.name}" for one in migrations)
