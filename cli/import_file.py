"""`bankfeeds import`: takes a statement file in through the API and shows what it brought."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

import typer

URL: Final = "http://127.0.0.1:8000/graphql"


def import_file(
    file: Annotated[Path, typer.Argument(help="The statement file.", readable=False)],
    *,
    connection: Annotated[
        str | None, typer.Option(help="Connection id; may be left out where there is only one.")
    ] = None,
    url: Annotated[str, typer.Option(envvar="BANKFEEDS_URL", help="The GraphQL URL.")] = URL,
    token: Annotated[
        str, typer.Option(envvar="BANKFEEDS_TOKEN", help="A user's token; see `bankfeeds token`.")
    ] = "",
    tenant: Annotated[str | None, typer.Option(help="Tenant, for a user of several.")] = None,
    format: Annotated[
        str | None,
        typer.Option(help="bai2, camt, csv, json, mt940, ofx, qif or xml; else by content."),
    ] = None,
    profile: Annotated[
        Path | None,
        typer.Option(help="Profile of the file's format, as JSON; see docs/statements.md."),
    ] = None,
    review: Annotated[
        bool, typer.Option("--review", help="Stop at a preview that someone approves.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Import a statement file and show what it brought: new, duplicate, changed, rejected.

    Exit status 0 when the file is in, or waits for a review or a mapping; 1 when it is not.
    """
    from rich.console import Console

    from cli.client import ApiError, Client
    from cli.import_table import show
    from cli.importing import WAITING, Request, import_statement

    request = Request(
        file=file, connection=connection, format=format, profile=profile, review=review
    )
    errors = Console(stderr=True)
    try:
        if not token:
            raise ApiError("No token: pass --token or set BANKFEEDS_TOKEN.")
        with Client(url, token=token, tenant=tenant) as client:
            job = import_statement(client, request, errors)
    except (ApiError, OSError) as error:
        if json:
            _print_json({"error": str(error)})
        errors.print(f"Not imported: {error}", style="red", highlight=False, markup=False)
        raise typer.Exit(1) from None
    if json:
        _print_json(_summary(job))
    else:
        show(job, Console())
    if job["state"] not in {"COMPLETED", "PARTIAL", *WAITING}:
        raise typer.Exit(1)


def _print_json(value: dict[str, Any]) -> None:
    import json

    typer.echo(json.dumps(value))


def _summary(job: dict[str, Any]) -> dict[str, Any]:
    counts = job["counts"]
    return {
        "jobId": job["id"],
        "state": job["state"],
        "new": counts["imported"],
        "duplicate": counts["duplicate"],
        "changed": counts["changed"],
        "rejected": counts["rejected"],
        "withdrawn": counts["withdrawn"],
        "waiting": counts["waiting"],
        "error": job["error"],
    }
