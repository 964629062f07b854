"""`bankfeeds categorize`: one JSON line a row, in order, also for rows that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from cli.categorize import categorize

HEAD = "date,amount,currency,merchant,mcc\n"


def run(path: Path, *options: str) -> Result:
    app = typer.Typer()
    app.command()(categorize)
    return CliRunner().invoke(app, [str(path), *options])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "rows.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def test_each_row_gets_a_line_with_its_evidence(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEAD
        + "2024-01-02,45.67,GBP,tesco pay at pump 4203,\n"
        + "2024-01-03,-3.10,GBP,SQ *CORNER,5814\n",
    )

    result = run(path, "--json")

    fuel, meal = lines(result)
    assert result.exit_code == 0
    assert fuel["category"] == "FUEL"
    assert (fuel["source"], fuel["applied"], fuel["line"]) == ("brand", True, 2)
    assert (fuel["primary"], fuel["detailed"]) == ("TRANSPORTATION", "TRANSPORTATION_GAS")
    assert 0.9 < fuel["confidence"] <= 1
    assert (meal["category"], meal["source"]) == ("FOOD_AND_DRINK", "mcc")
    assert meal["detailed"] == "FOOD_AND_DRINK_FAST_FOOD"
    assert fuel["reason"] != meal["reason"]


def test_a_line_says_what_is_sold_beside_what_it_was_for(tmp_path: Path) -> None:
    (said,) = lines(run(write(tmp_path, HEAD + "2024-01-02,7.99,GBP,AMZNMKTPLACE,\n"), "--json"))

    assert (said["category"], said["applied"]) == ("OTHER", False)
    assert (said["primary"], said["primary_applied"]) == ("GENERAL_MERCHANDISE", True)
    assert said["primary_source"] == "brand"
    assert said["primary_confidence"] >= 0.95


def test_a_row_that_cannot_be_read_keeps_its_place(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        HEAD + "2024-01-02,many,GBP,shell,\n\n2024-01-03,1,GBP,,\n2024-01-04,40,GBP,shell,\n",
    )

    result = run(path, "--json")

    amount, merchant, fuel = lines(result)
    assert result.exit_code == 0
    assert (amount["line"], amount["category"], amount["applied"]) == (2, None, False)
    assert "'many' is no number such as -12.34" in amount["error"]
    assert "merchant is empty" in merchant["error"]
    assert (fuel["line"], fuel["category"]) == (5, "FUEL")
    assert "line 2" in result.stderr


def test_a_name_on_two_lines_does_not_shift_the_others(tmp_path: Path) -> None:
    path = write(tmp_path, HEAD + '2024-01-02,1,GBP,"two\nlines",\n2024-01-04,40,GBP,shell,\n')

    assert [line["line"] for line in lines(run(path, "--json"))] == [2, 4]


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffMerchant;Amount\r\nshell;40\r\n",
        "amount\tdescription\n40\tshell\n",
        b"amount,merchant\n40,shell \xff\n",
    ],
)
def test_other_columns_marks_and_letters_are_read(tmp_path: Path, text: str | bytes) -> None:
    (fuel,) = lines(run(write(tmp_path, text), "--json"))

    assert fuel["category"] == "FUEL"


@pytest.mark.parametrize(
    "amount",
    ["(40.00)", "40.00-", "\u221240", "£40.00", "40 GBP", '"1,040.00"', '"1.040,00"', '"40,00"'],
)
def test_amounts_are_read_as_statements_write_them(tmp_path: Path, amount: str) -> None:
    (fuel,) = lines(run(write(tmp_path, f"amount,merchant\n{amount},shell\n"), "--json"))

    assert fuel["category"] == "FUEL"
    assert "error" not in fuel


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "1e5", "1_000", "=1+1", "", "4" * 40])
def test_what_is_no_amount_is_refused_with_its_line(tmp_path: Path, amount: str) -> None:
    result = run(write(tmp_path, f"amount,merchant\n40,shell\n{amount},shell\n"), "--json")

    assert result.exit_code == 0
    assert [line["line"] for line in lines(result) if "error" in line] == [3]
    assert "is no number such as -12.34" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("when,what\n1,2\n", "names no amount and no merchant (or description)"),
        ("amount,what\n1,2\n", "names no merchant (or description)"),
        ("sep=;\namount;merchant\n1;shell\n", "Delete lines above it"),
        ("amount,merchant\n1,shell\n".encode("utf-16"), "Save it as CSV in UTF-8"),
        ("amount,merchant," + "x" * 200_000, "longer than 65,536 characters"),
    ],
)
def test_without_its_columns_a_file_is_refused(
    tmp_path: Path, text: str | bytes, said: str
) -> None:
    result = run(write(tmp_path, text))

    assert result.exit_code == 2
    assert said in result.stderr
    assert "rows.csv" in result.stderr
    assert result.stdout == ""


def test_a_file_without_rows_says_so(tmp_path: Path) -> None:
    result = run(write(tmp_path, HEAD))

    assert result.exit_code == 2
    assert "has no rows below its first line" in result.stderr


def test_a_quotation_mark_that_never_ends_costs_no_flood_of_messages(tmp_path: Path) -> None:
    result = run(write(tmp_path, 'amount,merchant\n1,"' + ("x" * 79 + "\n") * 3_000), "--json")

    told = result.stderr.splitlines()
    assert result.exit_code == 2
    assert "line 2: A cell is longer than 131,072 characters" in told[0]
    assert len(told) == 101
    assert told[-1].endswith("more rows are unreadable.")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    result = run(tmp_path / "none.csv")

    assert result.exit_code == 2
    assert "cannot be read" in result.stderr


def test_a_file_of_bad_rows_alone_is_a_failure(tmp_path: Path) -> None:
    result = run(write(tmp_path, HEAD + "2024-01-02,x,GBP,shell,\n"))

    assert result.exit_code == 2
    assert len(lines(result)) == 1
