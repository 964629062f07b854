"""`bankfeeds sync`: asks connections for what is new, and waits for it."""

from __future__ import annotations

from typing import Annotated

import typer

from cli.import_file import URL

WAIT_S = 3_600


def sync(
    connection: Annotated[
        str | None, typer.Argument(help="A connection by its id; or --all.")
    ] = None,
    *,
    all_connections: Annotated[
        bool, typer.Option("--all", help="All connections that can be synced.")
    ] = False,
    url: Annotated[str, typer.Option(envvar="BANKFEEDS_URL", help="The GraphQL URL.")] = URL,
    token: Annotated[
        str, typer.Option(envvar="BANKFEEDS_TOKEN", help="A user's token; see `bankfeeds token`.")
    ] = "",
    tenant: Annotated[str | None, typer.Option(help="Tenant, for a user of several.")] = None,
    wait: Annotated[
        int, typer.Option(help="Seconds to wait for all of it.", min=1, max=WAIT_S)
    ] = WAIT_S,
    json: Annotated[bool, typer.Option("--json", help="Print a line of JSON for each.")] = False,
) -> None:
    """Ask connections for what is new, wait, and show what came.

    Exit status 0 when all syncs completed; 1 when one failed or is not done in time.
    """
    import json as json_format
    import time

    from cli.client import ApiError, Client
    from cli.syncing import follow, line, request_syncs, summary

    failed = False
    try:
        if not token:
            raise ApiError("No token: pass --token or set BANKFEEDS_TOKEN.")
        if (connection is None) != all_connections:
            raise ApiError("Name one connection, or give --all.")
        until = time.monotonic() + wait
        with Client(url, token=token, tenant=tenant) as client:
            for job_id in request_syncs(client, connection):
                told = summary(follow(client, job_id, until=until))
                failed |= told["state"] != "COMPLETED"
                typer.echo(json_format.dumps(told) if json else line(told))
    except ApiError as error:
        typer.echo(f"Not synced: {error}", err=True)
        raise typer.Exit(1) from None
    if failed:
        raise typer.Exit(1)
