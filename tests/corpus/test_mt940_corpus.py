"""Real MT940 and MT942 files of banks and of other readers, against what each of them states.

`mt940_expected.json` has the rows and their sum as the manifest of the corpus counts them, the
balances as they stand in the lines, and the findings that each file deserves. Where another reader
says what it makes of a file, every field is compared. Files are not part of this repository.
"""

from __future__ import annotations

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.records import BalanceRecord, Finding, Record, TransactionRecord
from statements.base import ParseOptions
from statements.mt940 import MT940

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("mt940_expected.json").read_text("utf-8")
)
# Excerpts of single fields, told by no more than them.
EXCERPTS = {name for name, expected in EXPECTED.items() if expected.get("excerpt")}
STATED = sorted(
    path.removesuffix(".expected.json")
    for path in (
        "mt940/svenstaro+mt940-rs/tests/data/mt940/full/abnamro/mt940.sta.expected.json",
        "mt940/svenstaro+mt940-rs/tests/data/mt940/full/betterplace/sepa_mt9401.sta.expected.json",
        "mt940/svenstaro+mt940-rs/tests/data/mt940/full/bugs/issue-51.sta.expected.json",
        "mt940/svenstaro+mt940-rs/tests/data/mt940/full/danskebank/"
        "MT940_NO_Example.sta.expected.json",
        "mt940/svenstaro+mt940-rs/tests/data/mt940/full/jejik/abnamro.sta.expected.json",
        "mt940/svenstaro+mt940-rs/tests/data/mt940/full/jejik/knab.sta.expected.json",
        "mt940/svenstaro+mt940-rs/tests/data/mt940/full/jejik/sns.sta.expected.json",
        "mt940/svenstaro+mt940-rs/tests/data/mt940/full/sparkasse/buxtehude.sta.expected.json",
        "mt940/wolph+mt940/mt940_tests/betterplace/sepa_snippet.sta.expected.json",
        "mt940/wolph+mt940/mt940_tests/betterplace/with_binary_character.sta.expected.json",
        "mt940/wolph+mt940/mt940_tests/jejik/postfinance.sta.expected.json",
    )
)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the repository"
)


def read(name: str) -> list[Record]:
    return list(MT940.parse([(CORPUS / name).read_bytes()], ParseOptions(currency="EUR")))


def rows(name: str) -> list[TransactionRecord]:
    return [record for record in read(name) if isinstance(record, TransactionRecord)]


def test_every_file_of_the_corpus_is_expected() -> None:
    found = {
        str(path.relative_to(CORPUS))
        for folder in ("mt940", "mt942")
        for path in (CORPUS / folder).rglob("*")
        if path.is_file() and path.suffix != ".json"
    }

    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_rows_and_their_sum_are_those_of_the_file(name: str) -> None:
    found = rows(name)

    assert len(found) == EXPECTED[name]["rows"]
    assert sum(row.amount for row in found) == Decimal(EXPECTED[name]["sum"])
    assert all(row.posted_date is not None and row.value_date is not None for row in found)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_balances_are_those_of_the_file(name: str) -> None:
    found = [record for record in read(name) if isinstance(record, BalanceRecord)]

    assert [[each.code, str(each.amount)] for each in found] == EXPECTED[name]["balances"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_findings_are_those_that_the_file_deserves(name: str) -> None:
    findings = [record for record in read(name) if isinstance(record, Finding)]

    assert Counter(finding.code for finding in findings) == EXPECTED[name]["findings"]
    assert not any(finding.rejected for finding in findings)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_recognised(name: str) -> None:
    percent = MT940.recognise((CORPUS / name).read_bytes())

    assert percent <= 60 if name in EXCERPTS else percent >= 90


@pytest.mark.parametrize("name", STATED)
def test_every_field_is_as_another_reader_has_it(name: str) -> None:
    stated = json.loads((CORPUS / f"{name}.expected.json").read_text("utf-8"))
    lines = [line for statement in stated for line in statement["statement_lines"]]

    for row, line in zip(rows(name), lines, strict=True):
        # That reader calls RC so, a debit that reverses; the balances of the file prove the sign.
        owed = line["ext_debit_credit_indicator"] in {"Debit", "ReverseDebit"}
        assert row.amount == Decimal(line["amount"]) * (-1 if owed else 1)
        assert row.value_date is not None
        assert row.value_date.isoformat() == line["value_date"]
        assert row.posted_date is not None
        assert row.posted_date.isoformat() == (line["entry_date"] or line["value_date"])
        assert row.reference == (None if line["bank_ref"] == "NONREF" else line["bank_ref"])
        if line["customer_ref"] not in {"NONREF", "KREF+"}:
            assert row.customer_reference == line["customer_ref"].strip()
        assert (row.extra or {}).get("funds_code") == line["funds_code"]


@pytest.mark.parametrize("name", STATED)
def test_balances_are_as_another_reader_has_them(name: str) -> None:
    stated = json.loads((CORPUS / f"{name}.expected.json").read_text("utf-8"))
    balances = [
        [
            ("-" if balance["debit_credit_indicator"] == "Debit" else "") + balance["amount"],
            balance["date"],
            balance["iso_currency_code"],
        ]
        for statement in stated
        for balance in (statement["opening_balance"], statement["closing_balance"])
    ]

    found = [record for record in read(name) if isinstance(record, BalanceRecord)]
    ledger = [each for each in found if each.code is not None and each.code[:2] in {"60", "62"}]
    assert [[each.as_of.isoformat(), each.currency] for each in ledger] == [
        balance[1:] for balance in balances
    ]
    assert [each.amount for each in ledger] == [Decimal(balance[0]) for balance in balances]


def test_reversals_have_the_sign_that_their_source_states() -> None:
    folder = "mt940/sandermarechal+jejik-mt940/tests/Jejik/Tests/MT940/Fixture/document"

    assert [row.amount for row in rows(f"{folder}/sparkasse2.txt")] == [Decimal("1027.25")]
    assert [row.amount for row in rows(f"{folder}/sparkasse3.txt")] == [Decimal("-1027.25")]


def test_letters_of_a_dos_code_page_are_read() -> None:
    found = rows("mt940/wolph+mt940/mt940_tests/self-provided/raiffeisen-cmi.sta")

    assert (found[3].extra or {})["supplementary_details"] == "Díj, jutalék"
