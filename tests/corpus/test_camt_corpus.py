"""Real CAMT files of banks and of other readers, against what each of them states.

`camt_expected.json` was made from the files by walking their elements apart from this reader;
counts and sums are those of the corpus' own list. An entry is amount, status, booking date,
reference of the servicer; `transactions` counts the details where an entry is split. Files are not
part of this repository.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.errors import Unreadable
from core.records import AccountRecord, BalanceRecord, Finding, TransactionStatus
from statements.camt import CAMT
from tests.fixtures.camt_reading import of, read, rows

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/camt"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("camt_expected.json").read_text("utf-8")
)
READABLE = sorted(name for name, expected in EXPECTED.items() if "unreadable" not in expected)

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the repository"
)


def content(name: str) -> bytes:
    return (CORPUS / name).read_bytes()


def test_every_file_of_the_corpus_is_expected() -> None:
    assert {str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*.xml")} == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED.keys() - set(READABLE)))
def test_a_document_without_statement_is_unreadable(name: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(content(name))

    assert caught.value.code == EXPECTED[name]["unreadable"]


@pytest.mark.parametrize("name", READABLE)
def test_accounts_and_balances_are_those_of_the_file(name: str) -> None:
    records, expected = read(content(name)), EXPECTED[name]

    balances = of(records, BalanceRecord)
    assert [account.number for account in of(records, AccountRecord)] == expected["accounts"]
    assert [
        [one.code, str(one.amount), one.currency, one.as_of.isoformat()] for one in balances
    ] == expected["balances"]


@pytest.mark.parametrize("name", READABLE)
def test_transactions_are_those_of_the_file(name: str) -> None:
    found, expected = rows(content(name)), EXPECTED[name]

    stated = [Decimal(amount) for amount, *_ in expected["entries"]]
    assert len(found) == expected.get("transactions", len(stated))
    assert sum((row.amount for row in found), Decimal(0)) == sum(stated, Decimal(0))


@pytest.mark.parametrize(
    "name", [name for name in READABLE if "transactions" not in EXPECTED[name]]
)
def test_entries_that_are_not_split_keep_what_they_state(name: str) -> None:
    for row, (amount, status, day, servicer) in zip(
        rows(content(name)), EXPECTED[name]["entries"], strict=True
    ):
        booked = status in (None, "BOOK")
        assert str(row.amount) == amount
        assert row.status is (TransactionStatus.POSTED if booked else TransactionStatus.PENDING)
        assert servicer is None or row.reference is not None
        if day is not None:
            assert row.posted_date is not None
            assert row.posted_date.isoformat() == day


@pytest.mark.parametrize("name", READABLE)
def test_texts_and_parties_are_those_of_the_file(name: str) -> None:
    found = rows(content(name))

    for index, said in EXPECTED[name].get("rows", {}).items():
        row = found[int(index)]
        assert {key: getattr(row, key) for key in said} == said


@pytest.mark.parametrize("name", READABLE)
def test_findings_are_those_that_the_file_deserves(name: str) -> None:
    findings = of(read(content(name)), Finding)

    assert [finding.code for finding in findings] == EXPECTED[name]["findings"]
    assert not any(finding.rejected for finding in findings)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_recognised(name: str) -> None:
    assert CAMT.recognise(content(name)) == (99 if name in READABLE else 80)
