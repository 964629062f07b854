"""What an import brought, as tables for a person."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.table import Table


def show(job: dict[str, Any], console: Console) -> None:
    """Counts, balances and findings of a job."""
    counts = job["counts"]
    table = Table(title=f"Import {job['state'].lower().replace('_', ' ')}", title_justify="left")
    for name in ("New", "Duplicate", "Changed", "Rejected", "Withdrawn", "Waiting"):
        table.add_column(name, justify="right")
    table.add_row(
        *(
            f"{counts[name]:,}"
            for name in ("imported", "duplicate", "changed", "rejected", "withdrawn", "waiting")
        )
    )
    console.print(table)
    if job["connection"]:
        accounts = job["connection"]["accounts"]
        if accounts["edges"]:
            console.print(_accounts([edge["node"] for edge in accounts["edges"]]))
        if accounts["pageInfo"]["hasNextPage"]:
            console.print("… more accounts in GraphQL: connection { accounts }")
    if job["error"]:
        console.print(f"[red]{job['error']['code']}[/red] {job['error']['message']}")
    for edge in job["findings"]["edges"]:
        finding = edge["node"]
        place = f"line {finding['line']}: " if finding["line"] else ""
        console.print(f"{finding['severity'].lower()}: {place}{finding['message']}", markup=False)
    if job["findings"]["pageInfo"]["hasNextPage"]:
        console.print("… more findings in GraphQL: ingestionJob { findings }")


def _accounts(accounts: list[dict[str, Any]]) -> Table:
    table = Table()
    table.add_column("Account")
    table.add_column("Balance")
    table.add_column("Amount", justify="right")
    table.add_column("As of")
    for account in accounts:
        for balance in account["balances"] or [None]:
            table.add_row(
                account["name"],
                "" if balance is None else balance["kind"].lower().replace("_", " "),
                ""
                if balance is None
                else f"{balance['amount']['amount']} {balance['amount']['currency']}",
                "" if balance is None else balance["asOf"],
            )
    return table
