"""`bankfeeds parse` of OFX: what an account holds is shown where it holds something."""

from __future__ import annotations

import json
from pathlib import Path

import typer
from typer.testing import CliRunner

from cli.parse import parse

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> str:
    app = typer.Typer()
    app.command()(parse)
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0
    return result.stdout


def test_holdings_are_in_the_json() -> None:
    document = json.loads(run(str(ROOT / "tests/statements/ofx/investments.ofx"), "--json"))

    (account,) = document["accounts"]
    assert document["format"] == "ofx"
    assert account["holdings"][0] == {
        "security": "CUSIP:037833100",
        "name": "Apple & Co",
        "ticker": "AAPL",
        "type": "stock",
        "quantity": "10",
        "price": "171.5",
        "value": "1715.00",
        "currency": "USD",
        "asOf": "2026-03-31",
    }
    assert len(account["holdings"]) == 2


def test_accounts_without_holdings_have_no_list_of_them() -> None:
    document = json.loads(run(str(ROOT / "docs/samples/northbank.ofx"), "--json"))

    assert [list(account) for account in document["accounts"]] == [
        [
            "externalId",
            "currency",
            "name",
            "number",
            "balances",
            "summaries",
            "statements",
            "transactions",
        ]
    ] * 2
