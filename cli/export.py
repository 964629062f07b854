"""`bankfeeds export`: takes transactions out through the API, into a file or a pipe."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from cli.import_file import URL


class Format(StrEnum):
    """What the rows are written as."""

    CSV = "csv"
    NDJSON = "ndjson"


_Output = Annotated[Path | None, typer.Option(help="Write this file; else to standard output.")]
_Text = Annotated[str | None, typer.Option(help="With this text, 2 to 100 characters.")]
_Account = Annotated[list[str] | None, typer.Option(help="Of this account id; repeatable.")]
_Status = Annotated[
    list[str] | None, typer.Option(help="PENDING, POSTED or REMOVED; repeatable; else not REMOVED.")
]
_From = Annotated[str | None, typer.Option(help="Posted on this day or later, as 2026-03-01.")]
_To = Annotated[str | None, typer.Option(help="Posted on this day or earlier.")]
_Least = Annotated[str | None, typer.Option(help="Of this amount or more; money out is negative.")]
_Most = Annotated[str | None, typer.Option(help="Of this amount or less.")]
_Category = Annotated[list[str] | None, typer.Option(help="Of this category; repeatable.")]
_Merchant = Annotated[str | None, typer.Option(help="With exactly this other party.")]
_Currency = Annotated[str | None, typer.Option(help="In this currency, as EUR.")]
_Recurring = Annotated[str | None, typer.Option(help="That this recurring payment was found in.")]
_Reconciled = Annotated[
    bool | None, typer.Option("--reconciled/--unreconciled", help="Vouched for, or not.")
]
_Duplicates = Annotated[
    str | None, typer.Option(help="INCLUDE what another row stands for, or ONLY that; else not.")
]
_Token = Annotated[
    str, typer.Option(envvar="BANKFEEDS_TOKEN", help="A user's token; see `bankfeeds token`.")
]
_Safe = Annotated[
    bool, typer.Option("--safe/--no-safe", help="Keep CSV from being read as formulas.")
]
_After = Annotated[str | None, typer.Option(help="Go on after this row: its sortDate,id.")]
_AsOf = Annotated[str | None, typer.Option(help="Only rows that were written until this instant.")]


def export(
    *,
    url: Annotated[str, typer.Option(envvar="BANKFEEDS_URL", help="The GraphQL URL.")] = URL,
    token: _Token = "",
    tenant: Annotated[str | None, typer.Option(help="Tenant, for a user of several.")] = None,
    format: Annotated[Format, typer.Option(help="csv or ndjson.")] = Format.CSV,
    output: _Output = None,
    account: _Account = None,
    connection: Annotated[str | None, typer.Option(help="That came over this connection.")] = None,
    job: Annotated[str | None, typer.Option(help="That this job wrote last.")] = None,
    recurring: _Recurring = None,
    posted_from: _From = None,
    posted_to: _To = None,
    amount_from: _Least = None,
    amount_to: _Most = None,
    status: _Status = None,
    category: _Category = None,
    currency: _Currency = None,
    merchant: _Merchant = None,
    text: _Text = None,
    reconciled: _Reconciled = None,
    duplicates: _Duplicates = None,
    safe: _Safe = True,
    after: _After = None,
    as_of: _AsOf = None,
    json: Annotated[bool, typer.Option("--json", help="Report in one line of JSON.")] = False,
) -> None:
    """Export transactions as CSV or NDJSON: by day, each once.

    Exit status 0 only when all of them came. The output file appears with the last of them; of a
    broken export its name with .part stays. The report goes to standard error.
    """
    from cli.exporting import Request, report_export

    asked = {
        "format": format.value,
        "safe": "false" if format is Format.CSV and not safe else None,
        "accountIds": account,
        "connectionId": connection,
        "jobId": job,
        "recurringId": recurring,
        "postedFrom": posted_from,
        "postedTo": posted_to,
        "amountFrom": amount_from,
        "amountTo": amount_to,
        "status": status,
        "category": category,
        "currency": currency,
        "merchantName": merchant,
        "text": text,
        "reconciled": None if reconciled is None else str(reconciled).lower(),
        "duplicates": duplicates,
        "after": after,
        "asOf": as_of,
    }
    parameters = {name: value for name, value in asked.items() if value is not None}
    request = Request(url=url, token=token, tenant=tenant, parameters=parameters, output=output)
    if not report_export(request, as_json=json):
        raise typer.Exit(1)
