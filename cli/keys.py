"""`bankfeeds keys`: for the operator, what key-encryption keys seal, and their rotation."""

from __future__ import annotations

import asyncio
import json as json_format
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from core.settings import Settings
    from resolvers.key_management import Progress, Usage

BATCH = 100
BATCH_MAX = 1_000

keys = typer.Typer(
    help="Key-encryption keys: what they seal, and their rotation.", no_args_is_help=True
)


@keys.command()
def status(*, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """Tell which keys are configured, which one seals, and how much each of them has sealed.

    Exit status 1 where something is sealed under a key that is not configured, or the one that
    seals does not work.
    """
    from cli.key_report import usage_as_json, usage_as_text
    from core.settings import Settings

    usage, problem = asyncio.run(_usage(Settings.load()))
    if json:
        typer.echo(json_format.dumps(usage_as_json(usage, problem)))
    else:
        typer.echo(usage_as_text(usage, problem))
    if usage.unknown or problem is not None:
        raise typer.Exit(1)


@keys.command()
def rotate(
    *,
    key: Annotated[
        str | None, typer.Option("--id", help="The new key's id; by default today's date.")
    ] = None,
) -> None:
    """Add a new key to the key file and make it the one that seals; the others stay, to open.

    Processes seal under it from their next start on, and open at once what others sealed under it.
    Where keys are not in a file, it says what to do instead, with exit status 1.
    """
    from cli.key_report import added, elsewhere, new_key_id
    from core.settings import Settings, SettingsError
    from db.keys import add_key, keys_from_file
    from resolvers.key_source import NO_KEY

    settings = Settings.load()
    if settings.key_source is None:
        raise SettingsError((NO_KEY,))
    if settings.key_source != "file" or settings.key_file is None:
        typer.echo(elsewhere(settings.key_source), err=True)
        raise typer.Exit(1)
    held = keys_from_file(settings.key_file)
    ring = add_key(settings.key_file, key or new_key_id(held.keys))
    typer.echo(added(ring.current_id, settings.key_file))


@keys.command()
def rewrap(
    *,
    batch: Annotated[
        int, typer.Option(help="How many records at a time.", min=1, max=BATCH_MAX)
    ] = BATCH,
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Wrap everything under the key that seals; what is sealed is not opened for it.

    It runs beside API and workers, may be broken off at any time, and does what is left when run
    again. Exit status 1 where something could not be wrapped anew.
    """
    from cli.key_report import progress_as_json, progress_as_text
    from core.settings import Settings

    progress = asyncio.run(_rewrapped(Settings.load(), batch))
    typer.echo(
        json_format.dumps(progress_as_json(progress)) if json else progress_as_text(progress)
    )
    if progress.failed or progress.changed:
        raise typer.Exit(1)


async def _usage(settings: Settings) -> tuple[Usage, str | None]:
    from resolvers.key_management import problem_of, usage
    from resolvers.services import open_sealed

    async with open_sealed(settings) as (database, vault):
        return await usage(database, vault), await problem_of(vault)


async def _rewrapped(settings: Settings, batch: int) -> Progress:
    from cli.key_report import line_of
    from resolvers.key_management import rewrap as wrap_anew
    from resolvers.services import open_sealed

    def notify(progress: Progress) -> None:
        typer.echo(line_of(progress), err=True)

    async with open_sealed(settings) as (database, vault):
        return await wrap_anew(database, vault, batch=batch, notify=notify)
