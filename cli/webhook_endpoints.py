"""`bankfeeds webhooks endpoint`: where providers send events of the operator's applications."""

from __future__ import annotations

import asyncio
import json as json_format
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from core.webhooks import OVERLAP, OVERLAP_MAX

if TYPE_CHECKING:
    from db.webhook_endpoints import AnyEndpoint
    from providers.webhooks import Receiver
    from resolvers.webhook_operations import Made

_HOURS = int(OVERLAP.total_seconds()) // 3_600
SecretFile = Annotated[
    Path | None,
    typer.Option(
        "--secret-file",
        help="A file with the signing secret that the provider shows; - reads standard input.",
        allow_dash=True,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

endpoint = typer.Typer(
    help="Endpoints: where providers send events to, and their secrets.", no_args_is_help=True
)


@endpoint.command()
def create(
    provider: Annotated[str, typer.Argument(help="The slug of the provider.")],
    *,
    secret_file: SecretFile = None,
    json: Json = False,
) -> None:
    """Make an address that a provider sends events of all its customers to, and print it once.

    Where the provider makes the secret, it shows it after it was given the address: then `rotate`
    brings it here. Where it is made here, it is printed too, and kept sealed.
    """
    made = asyncio.run(_created(provider, _secret(secret_file)))
    _print(made, json=json)


@endpoint.command()
def rotate(
    id: Annotated[UUID, typer.Argument(help="The endpoint's id.")],
    *,
    secret_file: SecretFile = None,
    keep_hours: Annotated[
        int,
        typer.Option(
            "--keep-hours",
            help="How long the secret before stays valid.",
            min=0,
            max=OVERLAP_MAX.days * 24,
        ),
    ] = _HOURS,
    json: Json = False,
) -> None:
    """Sign with another secret from now on; for a while, both are valid."""
    made = asyncio.run(_rotated(id, _secret(secret_file), timedelta(hours=keep_hours)))
    _print(made, json=json)


@endpoint.command()
def disable(id: Annotated[UUID, typer.Argument(help="The endpoint's id.")]) -> None:
    """Take no more events at an address, for good, and forget its secrets."""
    asyncio.run(_disabled(id))
    typer.echo("Disabled.")


@endpoint.command(name="list")
def list_(*, json: Json = False) -> None:
    """List all endpoints, those of tenants' connections too; no address and no secret."""
    found = asyncio.run(_every())
    if json:
        typer.echo(json_format.dumps({"endpoints": [_as_json(one) for one in found]}))
        return
    for one in found:
        state = f"disabled {one.disabled_at:%Y-%m-%d}" if one.disabled_at else "takes events"
        until = f", two secrets until {one.previous_until:%Y-%m-%d %H:%M}Z"
        rotating = until if one.previous_until else ""
        whose = one.tenant_id or "the operator's"
        typer.echo(f"{one.id} {one.provider} {one.kind} {whose}: {state}{rotating}")


async def _created(provider: str, secret: str | None) -> Made:
    from core.settings import Settings
    from resolvers import webhook_operations
    from resolvers.services import open_sealed

    settings = Settings.load()
    async with open_sealed(settings) as (database, vault):
        return await webhook_operations.create_endpoint(
            database,
            vault,
            provider=provider,
            receiver=_receiver(provider),
            secret=secret,
            public_url=settings.public_url or f"http://{settings.host}:{settings.port}",
        )


async def _rotated(endpoint_id: UUID, secret: str | None, keep: timedelta) -> Made:
    from core.errors import BadInput
    from core.settings import Settings
    from resolvers import webhook_operations
    from resolvers.services import open_sealed

    async with open_sealed(Settings.load()) as (database, vault):
        known = {one.id: one for one in await webhook_operations.endpoints(database)}
        if endpoint_id not in known:
            raise BadInput("There is no such endpoint.")
        return await webhook_operations.rotate_endpoint(
            database,
            vault,
            endpoint=known[endpoint_id],
            receiver=_receiver(known[endpoint_id].provider),
            secret=secret,
            keep=keep,
        )


async def _disabled(endpoint_id: UUID) -> None:
    from core.settings import Settings
    from resolvers import webhook_operations
    from resolvers.services import open_sealed

    async with open_sealed(Settings.load()) as (database, _):
        await webhook_operations.disable_endpoint(database, endpoint_id=endpoint_id)


async def _every() -> list[AnyEndpoint]:
    from core.settings import Settings
    from resolvers import webhook_operations
    from resolvers.services import open_sealed

    async with open_sealed(Settings.load()) as (database, _):
        return list(await webhook_operations.endpoints(database))


def _receiver(provider: str) -> Receiver:
    """The provider's receiver. Raises BadInput."""
    from core.errors import BadInput
    from providers.registry import by_slug
    from providers.webhooks import Receiver

    connector = by_slug(provider)
    if not isinstance(connector, Receiver):
        raise BadInput(f"{provider} sends no webhooks.")
    return connector


def _secret(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        text = sys.stdin.read() if str(path) == "-" else path.read_text(encoding="utf-8")
    except OSError as error:
        raise typer.BadParameter(
            f"cannot be read: {error.strerror}; name a file, or - for standard input",
            param_hint="--secret-file",
        ) from None
    except UnicodeDecodeError:
        raise typer.BadParameter(
            "is no text in UTF-8: give the file with the secret alone", param_hint="--secret-file"
        ) from None
    return text.strip()


def _print(made: Made, *, json: bool) -> None:
    if json:
        told = {"id": str(made.id), "url": made.url, "secret": made.secret}
        typer.echo(json_format.dumps(told))
        return
    typer.echo(f"Endpoint {made.id}")
    if made.url is not None:
        typer.echo(f"Address, shown once: {made.url}")
    if made.secret is not None:
        typer.echo(f"Secret, shown once: {made.secret}")


def _as_json(one: AnyEndpoint) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "provider": one.provider,
        "kind": one.kind,
        "tenantId": None if one.tenant_id is None else str(one.tenant_id),
        "connectionId": None if one.connection_id is None else str(one.connection_id),
        "previousUntil": _instant(one.previous_until),
        "createdAt": _instant(one.created_at),
        "rotatedAt": _instant(one.rotated_at),
        "disabledAt": _instant(one.disabled_at),
    }


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
