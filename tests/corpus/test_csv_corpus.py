"""Real CSV exports of banks, each read under the mapping that its source states.

`csv_expected.json` holds a profile and what the file says for every file: keys are paths in the
corpus; counts, sums and dates were taken from the files with the standard library alone; first and
last are the dates of the first and the last row; balances are the newest running ones. Files are
not part of this repository.
"""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    Record,
    TransactionRecord,
    TransactionStatus,
)
from statements.base import HEAD_BYTES, ParseOptions
from statements.csv import CSV
from statements.csv_detect import propose
from statements.profile import CsvProfile

CORPUS: Final = Path(__file__).resolve().parents[2] / "../shared/corpus/csv"
EXPECTED: Final[dict[str, dict[str, Any]]] = json.loads(
    Path(__file__).with_name("csv_expected.json").read_text("utf-8")
)
NAMES: Final = sorted(EXPECTED)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus ../shared/corpus/csv is not beside this repository"
)


def read(name: str) -> list[Record]:
    profile = CsvProfile.model_validate(EXPECTED[name]["profile"])
    return list(CSV.parse([content(name)], ParseOptions(profile=profile, dates=dates(name))))


def dates(name: str) -> tuple[date, date]:
    first, last = EXPECTED[name].get("dates", ("1900-01-01", "2199-12-31"))
    return date.fromisoformat(first), date.fromisoformat(last)


def content(name: str) -> bytes:
    return (CORPUS / name).read_bytes()


def the_one(part: str) -> str:
    (name,) = (name for name in NAMES if part in name)
    return name


def short(name: str) -> str:
    return Path(name).name


@pytest.mark.parametrize("name", NAMES, ids=short)
def test_file_reads_as_its_source_states(name: str) -> None:
    records, expected = read(name), EXPECTED[name]

    rows = [record for record in records if isinstance(record, TransactionRecord)]
    findings = [record for record in records if isinstance(record, Finding)]
    accounts = [record for record in records if isinstance(record, AccountRecord)]
    balances = [record for record in records if isinstance(record, BalanceRecord)]
    posted = [row.posted_date and row.posted_date.isoformat() for row in rows]
    assert {
        "count": len(rows),
        "sum": str(sum(row.amount for row in rows)),
        "first": posted[0],
        "last": posted[-1],
        "text": rows[0].description,
    } == expected["rows"]
    assert {row.currency for row in rows} == {expected["currency"]}
    assert [account.key for account in accounts] == [expected["account"]]
    assert sum(finding.rejected for finding in findings) == expected["rejected"]
    assert [str(balance.amount) for balance in balances] == expected["balances"]


def test_every_file_of_the_corpus_is_expected() -> None:
    found = {str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*") if path.is_file()}

    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", NAMES, ids=short)
def test_detection_agrees_with_the_source_or_asks(name: str) -> None:
    proposal = propose(content(name)[:HEAD_BYTES])

    if proposal.profile is None:
        assert proposal.questions
        return
    options = ParseOptions(
        profile=proposal.profile, currency=EXPECTED[name]["currency"], dates=dates(name)
    )
    records = CSV.parse([content(name)], options)
    found = [record for record in records if isinstance(record, TransactionRecord)]
    expected = [record for record in read(name) if isinstance(record, TransactionRecord)]
    assert [row.amount for row in found] == [row.amount for row in expected]


def test_most_of_the_corpus_needs_no_question() -> None:
    proposals = [propose(content(name)[:HEAD_BYTES]) for name in NAMES]

    assert sum(proposal.complete for proposal in proposals) >= 17


def test_pending_card_purchases_have_no_booking_date_yet() -> None:
    records = read(the_one("JANE_SMITH"))

    pending = [
        record
        for record in records
        if isinstance(record, TransactionRecord) and record.status is TransactionStatus.PENDING
    ]
    assert [row.amount for row in pending] == [
        Decimal("-67.40"),
        Decimal("-8.99"),
        Decimal("-37.80"),
    ]
    assert [row.posted_date for row in pending] == [None, None, None]


def test_dates_of_the_year_1111_are_findings_by_default() -> None:
    name = the_one("TH_2018")
    profile = CsvProfile.model_validate(EXPECTED[name]["profile"])

    records = list(CSV.parse([content(name)], ParseOptions(profile=profile)))

    findings = [record for record in records if isinstance(record, Finding)]
    assert [finding.code for finding in findings] == ["date-out-of-range"] * 9 + ["no-row-readable"]
    assert [finding.line for finding in findings[:9]] == list(range(2, 11))
