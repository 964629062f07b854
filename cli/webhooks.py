"""`bankfeeds webhooks`: for the operator, events of all tenants and their replay."""

from __future__ import annotations

import asyncio
import json as json_format
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeVar
from uuid import UUID

import typer

from cli.webhook_endpoints import endpoint

if TYPE_CHECKING:
    from db.webhook_endpoints import AnyEvent, EventSearch

LISTED: Final = 100
LISTED_MOST: Final = 10_000
DEAD: Final = "dead"

Answer = TypeVar("Answer")
State = Annotated[
    str | None,
    typer.Option(
        "--state",
        help="received, processing, done, ignored, failed, dead; of what is nobody's also parked.",
    ),
]
Provider = Annotated[str | None, typer.Option("--provider", help="Of this provider.")]
Since = Annotated[
    str | None, typer.Option("--since", help="Received then or later: ISO 8601, else in UTC.")
]
Until = Annotated[str | None, typer.Option("--until", help="Received before then.")]
Most = Annotated[int, typer.Option("--most", help="How many at most.", min=1, max=LISTED_MOST)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]

webhooks = typer.Typer(
    help="Webhooks: events that providers sent, and where they send them to.",
    no_args_is_help=True,
)
webhooks.add_typer(endpoint, name="endpoint")


@webhooks.command(name="list")
def list_(
    *,
    state: State = None,
    provider: Provider = None,
    since: Since = None,
    until: Until = None,
    most: Most = LISTED,
    json: Json = False,
) -> None:
    """List events of all tenants and of none, newest first. What they say is never shown."""
    wanted = _search(state=state, provider=provider, since=since, until=until, most=most)
    _print(_found(wanted), json=json)


@webhooks.command()
def dead(*, provider: Provider = None, most: Most = LISTED, json: Json = False) -> None:
    """List what was given up. Exit status 1 where there is anything: for an alarm."""
    found = _found(_search(state=DEAD, provider=provider, most=most))
    _print(found, json=json)
    if found:
        raise typer.Exit(1)


@webhooks.command()
def replay(
    ids: Annotated[
        list[UUID] | None, typer.Argument(help="Ids of events; none: all that the options find.")
    ] = None,
    *,
    state: State = None,
    provider: Provider = None,
    since: Since = None,
    until: Until = None,
    most: Most = LISTED_MOST,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only list what would be replayed.")
    ] = False,
    json: Json = False,
) -> None:
    """Have events processed again: those named, or else those found, which are dead by default.

    What it asks for is done once more, which changes nothing where it was done. It is noted in the
    audit log of each tenant. Events that wait to be processed are left alone. Exit status 1 where
    not all of those named were replayed.
    """
    wanted = _search(
        ids=ids,
        state=state if ids else state or DEAD,
        provider=provider,
        since=since,
        until=until,
        most=most,
    )
    if dry_run:
        _print(_found(wanted), json=json)
        return
    count = asyncio.run(_replayed(wanted))
    typer.echo(json_format.dumps({"replayed": count}) if json else f"Replayed {count}.")
    if count < len(set(ids or ())):
        raise typer.Exit(1)


def _search(
    *,
    state: str | None,
    provider: str | None,
    most: int,
    ids: list[UUID] | None = None,
    since: str | None = None,
    until: str | None = None,
) -> EventSearch:
    from db.webhook_endpoints import EventSearch

    return EventSearch(
        ids=ids or None,
        state=state,
        provider=provider,
        since=_instant(since, "--since"),
        until=_instant(until, "--until"),
        most=most,
    )


def _found(wanted: EventSearch) -> list[AnyEvent]:
    async def found() -> list[AnyEvent]:
        from core.settings import Settings
        from resolvers import webhook_operations
        from resolvers.services import open_database

        async with open_database(Settings.load()) as database:
            return list(await webhook_operations.events(database, wanted))

    return asyncio.run(found())


async def _replayed(wanted: EventSearch) -> int:
    from core.settings import Settings
    from resolvers import webhook_operations
    from resolvers.services import open_database

    async with open_database(Settings.load()) as database:
        return await webhook_operations.replay(database, wanted)


def _instant(text: str | None, option: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            "write 2026-11-30 or 2026-11-30T10:00:00Z", param_hint=option
        ) from None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)


def _print(events: list[AnyEvent], *, json: bool) -> None:
    if json:
        typer.echo(json_format.dumps({"events": [_as_json(event) for event in events]}))
        return
    if not events:
        typer.echo("No such events.")
    for event in events:
        whose = event.tenant_id or "nobody's"
        code = f" {event.error_code}" if event.error_code else ""
        typer.echo(
            f"{event.received_at:%Y-%m-%d %H:%M:%S} {event.id} {event.state}{code}"
            f" {event.provider} {event.type} attempts {event.attempts} {whose}"
        )


def _as_json(event: AnyEvent) -> dict[str, Any]:
    return {
        "id": str(event.id),
        "tenantId": _text(event.tenant_id),
        "connectionId": _text(event.connection_id),
        "provider": event.provider,
        "type": event.type,
        "state": event.state,
        "attempts": event.attempts,
        "receivedAt": event.received_at.isoformat(),
        "nextAttemptAt": None
        if event.next_attempt_at is None
        else event.next_attempt_at.isoformat(),
        "errorCode": event.error_code,
    }


def _text(own_id: UUID | None) -> str | None:
    return None if own_id is None else str(own_id)
