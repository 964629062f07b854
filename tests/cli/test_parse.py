"""`bankfeeds parse`: what a file says, as JSON or tables; exit status 2 where it says nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.parse import parse
from cli.parse_json import BUFFER_BYTES, Spool

ROOT = Path(__file__).resolve().parents[2]
CLEAR = "Date,Description,Amount,Currency,Balance\n2024-01-31,Coffee,-4.50,EUR,95.50\n"
AMBIGUOUS = "Date,Description,Amount\n01/02/2024,Coffee,-4.50\n"
BAI2_FILE = (
    "01,122099999,123456789,150623,0200,1,,,2/\n"
    "02,031001234,122099999,1,150620,2359,,2/\n"
    "03,0123456789,USD,010,+4350000,,/\n"
    "16,165,1500000,0,DD1620,,DEALER PAYMENTS\n"
    "49,5850000,3/\n98,5850000,1,5/\n99,5850000,1,7/\n"
)


def run(*arguments: str | Path) -> Result:
    app = typer.Typer()
    app.command()(parse)
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def run_json(*arguments: str | Path) -> tuple[int, dict[str, Any]]:
    result = run(*arguments, "--json")
    document: dict[str, Any] = json.loads(result.stdout)
    return result.exit_code, document


def saved(folder: Path, text: str | bytes, name: str = "statement.txt") -> Path:
    path = folder / name
    path.write_bytes(text.encode("utf-8") if isinstance(text, str) else text)
    return path


def test_json_has_the_agreed_shape(tmp_path: Path) -> None:
    status, document = run_json(saved(tmp_path, CLEAR))

    assert status == 0
    assert document["format"] == "csv"
    assert len(document["accounts"][0].pop("statements")) == 1
    assert document["accounts"] == [
        {
            "externalId": "default",
            "currency": "EUR",
            "name": None,
            "number": None,
            "balances": [
                {
                    "kind": "running",
                    "amount": "95.50",
                    "currency": "EUR",
                    "asOf": "2024-01-31",
                    "code": None,
                    "interim": False,
                }
            ],
            "summaries": [],
            "transactions": [
                {
                    "externalId": None,
                    "amount": "-4.50",
                    "currency": "EUR",
                    "postedDate": "2024-01-31",
                    "valueDate": None,
                    "transactionDate": None,
                    "status": "posted",
                    "description": "Coffee",
                    "descriptionRaw": "Coffee",
                    "reference": None,
                    "customerReference": None,
                    "typeCode": None,
                    "merchantName": None,
                    "runningBalance": "95.50",
                    "line": 2,
                    "lineEnd": 2,
                }
            ],
        }
    ]
    (finding,) = document["findings"]
    assert finding["code"] == "profile-detected"
    assert set(finding) == {"severity", "code", "message", "line", "field", "raw", "rejected"}


def test_statements_are_shown_with_their_proofs(tmp_path: Path) -> None:
    _, document = run_json(saved(tmp_path, CLEAR + "2024-02-01,Tea,-1.50,EUR,90.00\n"))

    assert document["accounts"][0]["statements"] == [
        {
            "number": None,
            "from": "2024-01-31",
            "to": "2024-02-01",
            "openingBalance": "100.00",
            "closingBalance": "90.00",
            "entriesSum": "-6.00",
            "entriesCount": 2,
            "currency": "EUR",
            "proof": "fails",
            "difference": "-4.00",
            "line": 2,
            "lineEnd": 3,
        }
    ]


def test_bai2_needs_no_profile(tmp_path: Path) -> None:
    status, document = run_json(saved(tmp_path, BAI2_FILE))

    assert status == 0
    assert document["format"] == "bai2"
    (account,) = document["accounts"]
    assert account["externalId"] == "0123456789"
    assert [row["amount"] for row in account["transactions"]] == ["15000.00"]


def test_rejected_rows_are_findings_and_the_status_stays_0(tmp_path: Path) -> None:
    status, document = run_json(saved(tmp_path, CLEAR + "2024-02-01,Tea,soon,EUR,\n"))

    assert status == 0
    assert [finding["rejected"] for finding in document["findings"]] == [False, True]
    assert document["findings"][1]["line"] == 3


def test_a_file_that_no_row_of_can_be_read_is_status_2(tmp_path: Path) -> None:
    profile = {"dateFormat": "DMY", "decimalMark": ".", "columns": {"postedDate": 0, "amount": 2}}

    status, document = run_json(
        saved(tmp_path, CLEAR),
        "--profile",
        saved(tmp_path, json.dumps(profile), "profile.json"),
    )

    assert status == 2
    assert [finding["code"] for finding in document["findings"]] == [
        "date-unreadable",
        "no-row-readable",
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (bytes(1_000_000), "only-nul-bytes"),
        (b"\xff\xd8\xff\xe0" + bytes(range(256)) * 100, "binary-file"),
        (b"hello\n", "format-unrecognised"),
        (AMBIGUOUS.encode(), "profile-required"),
        (CLEAR.encode() + b"x" * 1_100_000, "line-too-long"),
    ],
)
def test_an_unreadable_file_is_status_2_with_a_finding(
    tmp_path: Path, content: bytes, code: str
) -> None:
    status, document = run_json(saved(tmp_path, content))

    assert status == 2
    finding = document["findings"][-1]
    assert (finding["severity"], finding["code"]) == ("error", code)


def test_a_missing_file_and_standard_input_are_told(tmp_path: Path) -> None:
    for argument in (str(tmp_path / "none.csv"), str(tmp_path), "-"):
        status, document = run_json(argument)

        assert status == 2
        assert document["format"] is None
        assert document["findings"][0]["code"] == "file-unreadable"


def test_a_proposal_is_saved_filled_in_and_used(tmp_path: Path) -> None:
    statement = saved(tmp_path, AMBIGUOUS)
    proposal = json.loads(run(statement, "--propose").stdout)
    assert [question["field"] for question in proposal["questions"]] == ["dateFormat"]

    proposal["profile"]["dateFormat"] = "DMY"
    profile = saved(tmp_path, json.dumps(proposal), "profile.json")
    status, document = run_json(statement, "--profile", profile, "--currency", "GBP")

    assert status == 0
    (account,) = document["accounts"]
    assert account["currency"] == "GBP"
    assert account["transactions"][0]["postedDate"] == "2024-02-01"
    assert document["findings"] == []


def test_a_proposal_for_no_table_is_status_2(tmp_path: Path) -> None:
    result = run(saved(tmp_path, "hello"), "--propose")

    assert result.exit_code == 2
    assert "no-table" in result.stderr


def test_an_unknown_currency_is_pointed_out(tmp_path: Path) -> None:
    status, document = run_json(saved(tmp_path, "Date,Memo,Amount\n2024-01-31,Coffee,-4.50\n"))

    assert status == 0
    assert document["accounts"][0]["currency"] == "XXX"
    assert document["findings"][1]["code"] == "currency-unknown"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("\xff", "is no"),
        ("{}", "dateFormat"),
        ('{"profile": {"dateFormat": null}}', "dateFormat"),
        ("x" * 1_100_000, "larger than 1 MiB"),
    ],
)
def test_a_wrong_profile_is_told(tmp_path: Path, text: str, words: str) -> None:
    status, document = run_json(
        saved(tmp_path, CLEAR), "--profile", saved(tmp_path, text, "profile.json")
    )

    assert status == 2
    assert words in document["findings"][-1]["message"]


def test_unknown_formats_and_missing_profiles_are_told(tmp_path: Path) -> None:
    statement = saved(tmp_path, CLEAR)

    for option, value in (("--format", "pdf"), ("--profile", str(tmp_path / "none.json"))):
        status, document = run_json(statement, option, value)

        assert status == 2
        assert len(document["findings"]) == 1


def test_a_profile_makes_odd_text_a_table(tmp_path: Path) -> None:
    profile = {
        "delimiter": "^",
        "header": False,
        "dateFormat": "DMY",
        "decimalMark": ".",
        "currency": "EUR",
        "columns": {"postedDate": 0, "amount": 1},
    }

    status, document = run_json(
        saved(tmp_path, "01.02.2024^5.00\n"),
        "--profile",
        saved(tmp_path, json.dumps(profile), "profile.json"),
    )

    assert status == 0
    assert document["accounts"][0]["transactions"][0]["amount"] == "5.00"


def test_tables_show_accounts_balances_and_findings(tmp_path: Path) -> None:
    result = run(saved(tmp_path, CLEAR + "2024-02-01,[red]Tea,soon,EUR,\n"))

    assert result.exit_code == 0
    for words in ("-4.50 EUR", "95.50 EUR", "amount-unreadable", "1 transactions read, 1 rows"):
        assert words in result.stdout


def test_tables_are_for_unreadable_files_too(tmp_path: Path) -> None:
    result = run(saved(tmp_path, b"%PDF-1.7"))

    assert result.exit_code == 2
    assert "This is a PDF document" in result.stdout


def test_lists_larger_than_the_buffer_keep_their_order() -> None:
    item = b'"' + b"x" * 1_000 + b'"'
    count = BUFFER_BYTES // 500

    with Spool() as spool:
        for number in range(count):
            spool.add((str(number % 3), "rows"), item)
        lists = [json.loads(b"[" + b"".join(spool.read((str(n), "rows"))) + b"]") for n in range(4)]

    assert [len(found) for found in lists] == [len(range(n, count, 3)) for n in range(3)] + [0]


def test_starting_up_imports_no_parser() -> None:
    script = "import sys, cli.parse; print([m for m in sys.modules if m.startswith('statements')])"

    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
