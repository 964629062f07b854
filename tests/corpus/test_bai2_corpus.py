"""Real BAI2 files of banks and of other readers, against what each of them states.

`bai2_expected.json` was typed from the files and from what their sources say of them: keys are
paths in the corpus; a row is amount, type code, bank and customer reference, text, first and last
line. Files are not part of this repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.errors import Unreadable
from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    Record,
    SummaryRecord,
    TransactionRecord,
)
from statements.bai2 import BAI2
from statements.base import ParseOptions

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/bai2"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("bai2_expected.json").read_text("utf-8")
)
READABLE = sorted(name for name, expected in EXPECTED.items() if "unreadable" not in expected)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the repository"
)


def read(name: str) -> list[Record]:
    return list(BAI2.parse([(CORPUS / name).read_bytes()], ParseOptions()))


def rows(name: str) -> list[TransactionRecord]:
    return [record for record in read(name) if isinstance(record, TransactionRecord)]


def test_every_file_of_the_corpus_is_expected() -> None:
    found = {str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*") if path.is_file()}

    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED.keys() - set(READABLE)))
def test_file_without_header_is_unreadable(name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(name)

    assert caught.value.code == EXPECTED[name]["unreadable"]


@pytest.mark.parametrize("name", READABLE)
def test_accounts_balances_and_totals_are_those_of_the_file(name: str) -> None:
    records, expected = read(name), EXPECTED[name]

    balances = [record for record in records if isinstance(record, BalanceRecord)]
    totals = [record for record in records if isinstance(record, SummaryRecord)]
    assert [r.key for r in records if isinstance(r, AccountRecord)] == expected["accounts"]
    assert [[b.code, str(b.amount)] for b in balances] == expected["balances"]
    assert [[t.code, str(t.amount), t.item_count] for t in totals] == expected["summaries"]


@pytest.mark.parametrize("name", READABLE)
def test_transactions_are_those_of_the_file(name: str) -> None:
    found, expected = rows(name), EXPECTED[name]

    facts = [[str(r.amount), r.type_code, r.reference, r.customer_reference] for r in found]
    assert facts == [row[:4] for row in expected["rows"]]
    assert [[r.line, r.line_end] for r in found] == [row[5:] for row in expected["rows"]]
    # Long texts are told by how they begin.
    ends = [len(row[4]) if expected.get("prefixes") else None for row in expected["rows"]]
    texts = [r.description[:end] for r, end in zip(found, ends, strict=True)]
    assert texts == [row[4] for row in expected["rows"]]


@pytest.mark.parametrize("name", READABLE)
def test_dates_are_those_of_the_file(name: str) -> None:
    found, expected = rows(name), EXPECTED[name]

    posted = [row.posted_date and row.posted_date.isoformat() for row in found]
    assert posted == [expected.get("posted")] * len(found)
    valued = [row.value_date and row.value_date.isoformat() for row in found]
    assert valued == expected.get("value_dates", [None] * len(found))


@pytest.mark.parametrize("name", READABLE)
def test_text_and_details_are_kept_as_delivered(name: str) -> None:
    found, expected = rows(name), EXPECTED[name]

    for index, raw in expected.get("raw", {}).items():
        assert found[int(index)].description_raw == raw
    for index, extra in expected.get("extra", {}).items():
        assert (found[int(index)].extra or {}).items() >= extra.items()


@pytest.mark.parametrize("name", READABLE)
def test_findings_are_those_that_the_file_deserves(name: str) -> None:
    findings = [record for record in read(name) if isinstance(record, Finding)]

    assert [finding.code for finding in findings] == EXPECTED[name]["findings"]
    assert not any(finding.rejected for finding in findings)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_recognised(name: str) -> None:
    percent = BAI2.recognise((CORPUS / name).read_bytes())

    assert percent >= 80 if name in READABLE else percent <= 30


def test_excerpt_with_an_entry_split_between_type_and_amount_reads_in_its_place() -> None:
    excerpt = (CORPUS / "ministryofjustice+bai2-issues/issue50-excerpt.txt").read_bytes()
    header = b"01,A,B,240101,0200,1,,,2/\n02,B,A,1,240101,,USD,2/\n"
    records = list(BAI2.parse([header, excerpt, b"49,,/\n98,,,/\n99,,,/\n"], ParseOptions()))

    entries = [r for r in records if isinstance(r, BalanceRecord | SummaryRecord)]
    assert [f"{entry.code} {entry.amount}" for entry in entries] == [
        "010 47649.27",
        "015 46260.45",
        "022 0.00",
        "040 46260.45",
        "045 46260.45",
        "072 0.00",
        "074 0.00",
        "076 0.00",
        "100 0.00",
        "400 1388.82",
    ]
    assert not any(isinstance(record, Finding) for record in records)
