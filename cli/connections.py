"""`bankfeeds connections`: what admins do with all connections at once."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.import_file import URL
from cli.sync import WAIT_S

connections = typer.Typer(help="Connections: renew their access.", no_args_is_help=True)


@connections.callback()
def group() -> None:
    """Connections: renew their access."""


@connections.command()
def renew(
    *,
    url: Annotated[str, typer.Option(envvar="BANKFEEDS_URL", help="The GraphQL URL.")] = URL,
    token: Annotated[
        str, typer.Option(envvar="BANKFEEDS_TOKEN", help="An admin's token; see `bankfeeds token`.")
    ] = "",
    tenant: Annotated[str | None, typer.Option(help="Tenant, for a user of several.")] = None,
    wait: Annotated[
        int, typer.Option(help="Seconds to wait for all of it.", min=1, max=WAIT_S)
    ] = WAIT_S,
    json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each.")] = False,
) -> None:
    """Renew all access tokens that are over, each by a sync of its connection, and show what came.

    Exit status 0 when all were renewed and synced; 1 when one failed or is not done in time.
    """
    import json as json_format
    import time

    from cli.client import ApiError, Client
    from cli.syncing import follow, line, request_renewals, summary

    failed = False
    try:
        if not token:
            raise ApiError("No token: pass --token or set BANKFEEDS_TOKEN.")
        until = time.monotonic() + wait
        with Client(url, token=token, tenant=tenant) as client:
            job_ids = request_renewals(client)
            if not (job_ids or json):
                typer.echo("No access token is over.")
            for job_id in job_ids:
                told = summary(follow(client, job_id, until=until))
                failed |= told["state"] != "COMPLETED"
                typer.echo(json_format.dumps(told) if json else line(told))
    except ApiError as error:
        typer.echo(f"Not renewed: {error}", err=True)
        raise typer.Exit(1) from None
    if failed:
        raise typer.Exit(1)
