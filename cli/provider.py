"""`bankfeeds provider`: connectors of a checkout, and what the operator sets for them."""

from __future__ import annotations

import asyncio
import json as json_format
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from core.settings import Settings
    from db.provider_states import ProviderPolicy

CALLS_MAX = 1_000_000
ATTEMPTS_MAX = 50

provider = typer.Typer(
    help="Providers: which there are, what is set for them, and new ones.", no_args_is_help=True
)


@provider.command()
def new(
    name: Annotated[str, typer.Argument(help='What it is called, such as "Acme Bank".')],
    *,
    into: Annotated[Path, typer.Option(help="The checkout to write to.")] = Path(),
) -> None:
    """Write the beginning of a connector: with OAuth, its simulation, and its contract.

    Two lists are added to, and three files written; nothing is overwritten. See
    docs/providers/README.md for what comes next.
    """
    from cli.scaffold import scaffold

    for path in scaffold(name, into=into):
        typer.echo(f"wrote {path}")
    typer.echo("Next: `ruff check --fix .`, `ruff format .`, `make generate`, and the suite:")
    typer.echo("`pytest tests/contracts`. See docs/providers/README.md.")


@provider.command(name="list")
def list_providers(
    *, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Tell which providers there are, and what holds for them unless a tenant has it otherwise."""
    from cli.provider_table import as_rows, as_text
    from core.settings import Settings

    offered, policies = asyncio.run(_policies(Settings.load()))
    rows = as_rows(offered, policies)
    typer.echo(json_format.dumps(rows) if json else as_text(rows))


@provider.command(name="set")
def set_provider(
    slug: Annotated[str, typer.Argument(help="Which; see `bankfeeds provider list`.")],
    *,
    enabled: Annotated[
        bool | None, typer.Option("--enabled/--disabled", help="Whether it is offered.")
    ] = None,
    tenant: Annotated[
        UUID | None, typer.Option(help="To this tenant alone; by default to all.")
    ] = None,
    app_calls: Annotated[
        int | None,
        typer.Option(help="Calls a minute, all tenants together.", min=1, max=CALLS_MAX),
    ] = None,
    connection_calls: Annotated[
        int | None, typer.Option(help="Calls a minute of a connection.", min=1, max=CALLS_MAX)
    ] = None,
    attempts: Annotated[
        int | None,
        typer.Option(help="How often a sync is tried.", min=1, max=ATTEMPTS_MAX),
    ] = None,
) -> None:
    """Offer a provider or keep it back, and set its limits; what is not named stays as it is."""
    from core.errors import BadInput
    from core.settings import Settings
    from providers.registry import by_slug

    by_slug(slug)
    limits = (app_calls, connection_calls, attempts)
    if enabled is None and limits == (None, None, None):
        raise BadInput("Say what is to be set: --enabled, --disabled or a limit.")
    if tenant is not None and (enabled is None or limits != (None, None, None)):
        raise BadInput("Of one tenant, --enabled or --disabled is set, and no limits.")
    asyncio.run(_set(Settings.load(), slug, tenant=tenant, enabled=enabled, limits=limits))
    typer.echo(f"Set for {slug}.")


async def _policies(settings: Settings) -> tuple[frozenset[str], Mapping[str, ProviderPolicy]]:
    from core.scope import WorkerScope
    from db import provider_states
    from providers.registry import configured, every
    from resolvers.services import open_database

    slugs = sorted(every())
    async with (
        open_database(settings) as database,
        database.as_(WorkerScope(tenant_id=None), read_only=True) as tx,
    ):
        policies = await provider_states.policies(tx, tenant_id=None, providers=slugs)
    return frozenset(configured(settings.provider_values)), policies


async def _set(
    settings: Settings,
    slug: str,
    *,
    tenant: UUID | None,
    enabled: bool | None,
    limits: tuple[int | None, int | None, int | None],
) -> None:
    from core.scope import WorkerScope
    from db import provider_states
    from resolvers.services import open_database

    async with (
        open_database(settings) as database,
        database.as_(WorkerScope(tenant_id=tenant)) as tx,
    ):
        if tenant is not None:
            await provider_states.set_flag(tx, tenant_id=tenant, provider=slug, enabled=enabled)
            return
        await provider_states.set_policy(
            tx,
            provider=slug,
            enabled=enabled,
            app_calls=limits[0],
            connection_calls=limits[1],
            attempts_max=limits[2],
        )
