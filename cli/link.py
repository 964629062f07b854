"""`bankfeeds link`: connects an account at a provider, from a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from cli.import_file import URL

WAIT_S = 600


def link(
    provider: Annotated[str, typer.Argument(help="Which, such as plaid.")],
    *,
    connection: Annotated[
        str | None, typer.Option(help="A connection to link again, by its id.")
    ] = None,
    url: Annotated[str, typer.Option(envvar="BANKFEEDS_URL", help="The GraphQL URL.")] = URL,
    token: Annotated[
        str, typer.Option(envvar="BANKFEEDS_TOKEN", help="A user's token; see `bankfeeds token`.")
    ] = "",
    tenant: Annotated[str | None, typer.Option(help="Tenant, for a user of several.")] = None,
    wait: Annotated[
        int, typer.Option(help="Seconds to wait for the browser.", min=1, max=WAIT_S)
    ] = WAIT_S,
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page in a browser.")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Connect an account at a provider: open its page, wait for the person, print the connection.

    The browser comes back to this machine, which an API allows in development alone.
    """
    import json as json_format

    from cli.client import ApiError, Client
    from cli.linking import link_connection

    def ask(field: Mapping[str, Any]) -> str:
        default = None if field["required"] else ""
        answer: str = typer.prompt(field["label"], hide_input=field["secret"], default=default)
        return answer

    try:
        if not token:
            raise ApiError("No token: pass --token or set BANKFEEDS_TOKEN.")
        with Client(url, token=token, tenant=tenant) as client:
            linked = link_connection(
                client,
                provider,
                connection=connection,
                wait_s=wait,
                browser=browser,
                say=lambda text: typer.echo(text, err=True),
                ask=ask,
            )
    except ApiError as error:
        typer.echo(f"Not linked: {error}", err=True)
        raise typer.Exit(1) from None
    if json:
        typer.echo(json_format.dumps(linked))
    else:
        typer.echo(f"{linked['name']} is linked: {linked['id']}")
