"""`bankfeeds parse` with profiles of every format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.fixtures.tree_file import ELEMENTS, LINES

SAMPLES = Path(__file__).parents[2] / "docs/samples"
QIF_FILE = "!Type:Bank\nD01/02/2026\nT-1.50\n^\n"


def run(*arguments: str) -> tuple[int, dict[str, Any]]:
    result = CliRunner().invoke(app, ["parse", *arguments, "--json"])
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.parametrize(
    ("file", "profile", "name", "count"),
    [
        ("riverbank.statement.json", "riverbank.profile.json", "json", 3),
        ("meadowbank.xml", "meadowbank.profile.json", "xml", 2),
    ],
)
def test_the_samples_are_read(file: str, profile: str, name: str, count: int) -> None:
    status, document = run(str(SAMPLES / file), "--profile", str(SAMPLES / profile))

    assert (status, document["format"], document["findings"]) == (0, name, [])
    assert sum(len(account["transactions"]) for account in document["accounts"]) == count


def test_a_qif_file_without_currency_is_shown_in_none(tmp_path: Path) -> None:
    status, document = run(str(SAMPLES / "lakeside.qif"))

    assert status == 0
    assert {finding["code"] for finding in document["findings"]} == {"currency-unknown"}
    assert {account["currency"] for account in document["accounts"]} == {"XXX"}


def test_a_profile_settles_what_a_qif_file_leaves_open(tmp_path: Path) -> None:
    file, profile = tmp_path / "file", tmp_path / "profile"
    file.write_text(QIF_FILE)
    profile.write_text('{"format": "qif", "dateFormat": "MDY", "currency": "USD"}')

    refused, why = run(str(file))
    status, document = run(str(file), "--profile", str(profile))

    assert (refused, why["findings"][0]["code"]) == (2, "date-order-ambiguous")
    assert status == 0
    assert document["accounts"][0]["transactions"][0]["postedDate"] == "2026-01-02"


@pytest.mark.parametrize(
    ("definition", "code"),
    [
        (LINES, "profile-of-other-format"),
        ({"format": "yaml"}, "profile-invalid"),
        (ELEMENTS | {"rows": "a//b"}, "profile-invalid"),
    ],
)
def test_a_profile_that_does_not_fit_is_told(
    tmp_path: Path, definition: dict[str, Any], code: str
) -> None:
    profile = tmp_path / "profile"
    profile.write_text(json.dumps(definition))

    status, document = run(str(SAMPLES / "meadowbank.xml"), "--profile", str(profile))

    assert (status, document["findings"][0]["code"]) == (2, code)


def test_a_qif_file_is_proposed_for() -> None:
    result = CliRunner().invoke(app, ["parse", str(SAMPLES / "lakeside.qif"), "--propose"])

    assert json.loads(result.stdout)["profile"] == {
        "format": "qif",
        "dateFormat": "MDY",
        "decimalMark": ".",
    }
