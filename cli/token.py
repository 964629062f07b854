"""`bankfeeds token`: signs a token for development, where no Supabase Auth does it."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Final
from uuid import UUID

import typer

_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def token(
    *,
    user: Annotated[
        str | None, typer.Option("--user", help="E-mail address of a user of the demo.")
    ] = None,
    sub: Annotated[UUID | None, typer.Option("--sub", help="Id of any other user.")] = None,
    tenant: Annotated[
        UUID | None, typer.Option("--tenant", help="Tenant to claim; else X-Tenant chooses.")
    ] = None,
    ttl: Annotated[str, typer.Option("--ttl", help="How long: 90s, 15m, 1h, 7d.")] = "1h",
    data_dir: Annotated[
        Path | None, typer.Option("--data-dir", help="Where `bankfeeds up` keeps its data.")
    ] = None,
) -> None:
    """Print a bearer token for the API of this machine, and nothing else, on standard output.

    Exit status 1 in production and where no development key exists.
    """
    from api.dev_keys import load_development_key, sign_token
    from core.errors import BankfeedsError

    user_id, email = _person(user, sub)
    lifetime = _lifetime(ttl)
    try:
        key = load_development_key(_development_dir(data_dir))
    except BankfeedsError as error:
        typer.echo(f"{error}\n`bankfeeds up` makes a development key.", err=True)
        raise typer.Exit(1) from None
    try:
        signed = sign_token(
            key,
            user_id=user_id,
            email=email,
            tenant_id=tenant,
            lifetime=lifetime,
            now=datetime.now(UTC),
        )
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--ttl") from None
    typer.echo(signed)


def _person(user: str | None, sub: UUID | None) -> tuple[UUID, str | None]:
    """The id and address that the token names; exactly one of both options says so."""
    from db.demo import USERS

    if (user is None) == (sub is None):
        raise typer.BadParameter("name the user with either --user or --sub")
    if sub is not None:
        return sub, None
    for one in USERS:
        if one.email == user:
            return one.id, one.email
    known = ", ".join(one.email for one in USERS)
    raise typer.BadParameter(f"the demo has {known}; use --sub for others", param_hint="--user")


def _lifetime(ttl: str) -> timedelta:
    given = re.fullmatch(r"([0-9]{1,7})([smhd])", ttl)
    if given is None:
        raise typer.BadParameter("write a number and s, m, h or d", param_hint="--ttl")
    return timedelta(**{_UNITS[given[2]]: int(given[1])})


def _development_dir(data_dir: Path | None) -> Path:
    """Where the key is. Raises SettingsError in production, whose tokens Supabase signs."""
    from core.settings import Settings, SettingsError

    settings = Settings.load()
    if settings.production:
        raise SettingsError(("BANKFEEDS_ENV: in production, Supabase Auth signs the tokens",))
    return data_dir or settings.data_dir
