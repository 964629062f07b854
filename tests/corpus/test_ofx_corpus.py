"""Real OFX and QFX files of banks and of other readers, against what each of them states.

`ofx_expected.json` holds what stands in the files: keys are paths in the corpus; a balance is code,
amount and day, a holding security and quantity, a row amount, day, type, id, text and first line.
Files are not part of this repository. What their sources state of them is in the tests below.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    HoldingRecord,
    Record,
    TransactionRecord,
)
from statements.base import ParseOptions
from statements.ofx import OFX
from statements.registry import detect

CORPUS = Path(__file__).resolve().parents[2] / "../shared/corpus/ofx"
EXPECTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("ofx_expected.json").read_text("utf-8")
)
FIXTURES = "jseutter+ofxparse/tests/fixtures"
BANKFILE = "pypi-bankfile/corpus/banks"

pytestmark = pytest.mark.skipif(
    not CORPUS.is_dir(), reason="the corpus is not beside the repository"
)


def read(name: str) -> list[Record]:
    return list(OFX.parse([(CORPUS / name).read_bytes()], ParseOptions()))


def rows(name: str) -> list[TransactionRecord]:
    return [record for record in read(name) if isinstance(record, TransactionRecord)]


def balances(name: str) -> list[BalanceRecord]:
    return [record for record in read(name) if isinstance(record, BalanceRecord)]


def test_every_file_of_the_corpus_is_expected() -> None:
    found = {str(path.relative_to(CORPUS)) for path in CORPUS.rglob("*") if path.is_file()}

    assert found == set(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_records_are_those_of_the_file(name: str) -> None:
    records, expected = read(name), EXPECTED[name]

    held = [r for r in records if isinstance(r, HoldingRecord)]
    assert [r.key for r in records if isinstance(r, AccountRecord)] == expected["accounts"]
    assert [[b.code, str(b.amount), str(b.as_of)] for b in balances(name)] == expected["balances"]
    assert [[h.security, str(h.quantity)] for h in held] == expected["holdings"]
    assert [
        [str(r.amount), str(r.posted_date), r.type_code, r.external_id, r.description, r.line]
        for r in rows(name)
    ] == expected["rows"]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_findings_are_those_that_the_file_deserves(name: str) -> None:
    findings = [record for record in read(name) if isinstance(record, Finding)]

    assert [finding.code for finding in findings] == EXPECTED[name]["findings"]
    assert all(finding.message.endswith(".") for finding in findings)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_no_row_is_lost(name: str) -> None:
    """Counted and added up as nobody reads OFX: by the tags alone."""
    text = (CORPUS / name).read_text("cp1252", errors="replace")
    blocks = re.findall(r"<STMTTRN>(.*?)</STMTTRN>", text, re.S | re.I)
    stated = [re.search(r"<TRNAMT>([^<]*)", block, re.I) for block in blocks]
    amounts = [one[1].strip() if one else "" for one in stated]

    found = [
        row.amount for row in rows(name) if not re.match("BUY|SELL|IN[CV]", row.type_code or "")
    ]
    rejected = [r for r in read(name) if isinstance(r, Finding) and r.rejected]
    assert len(found) + len(rejected) == len(blocks)
    if not any("," in amount or " " in amount for amount in amounts):
        assert sum(found, Decimal(0)) == sum((Decimal(a) for a in amounts if a), Decimal(0))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_recognised(name: str) -> None:
    assert detect((CORPUS / name).read_bytes()) is OFX


def test_what_ofxparse_states_of_its_fixtures() -> None:
    fidelity = read(f"{FIXTURES}/fidelity.ofx")
    cash = [b for b in balances(f"{FIXTURES}/fidelity.ofx") if b.code == "AVAILCASH"]
    listed = [
        r
        for r in fidelity
        if (isinstance(r, BalanceRecord) and r.kind == "other" and r.line and r.code != "BUYPOWER")
        or (isinstance(r, Finding) and r.code == "figure-left-out")
    ]

    assert sum(isinstance(record, HoldingRecord) for record in fidelity) == 6
    assert [str(balance.amount) for balance in cash] == ["18073.98"]
    assert len(listed) - 2 == 18  # less MARGINBALANCE and SHORTBALANCE
    assert [r.amount for r in rows(f"{FIXTURES}/fidelity-savings.ofx")][:2] == [
        Decimal("-1500.00"),
        Decimal("115.8331"),
    ]
    assert [str(r.amount) for r in rows(f"{FIXTURES}/suncorp.ofx")] == ["-16.85"]
    (blank,) = [
        record
        for record in read(f"{FIXTURES}/ofx-v102-empty-tags.ofx")
        if isinstance(record, AccountRecord)
    ]
    assert (blank.number, blank.currency) == ("12345678", "XXX")
    held = [r for r in read(f"{FIXTURES}/td_ameritrade.ofx") if isinstance(r, HoldingRecord)]
    assert len(held) == 2


def test_what_other_readers_state_of_their_fixtures() -> None:
    asgrim = "asgrim+ofxparser/tests/fixtures"
    actual = "actualbudget+actual/packages/loot-core/src/mocks/files"

    assert [str(r.amount) for r in rows(f"{actual}/data-multi-decimal.ofx")] == [
        "-30.000",
        "-3.77000",
    ]
    assert rows(f"{actual}/8859-1.qfx")[0].description.startswith("Paiement facture/Carte prépayée")
    assert "TPAY <DEFTPYMT>" in rows(f"{actual}/html-vals.qfx")[1].description
    assert balances(f"{asgrim}/ofxdata-xml.ofx")[0].amount == Decimal("5250.00")
    assert len(rows(f"{asgrim}/ofxdata-xml.ofx")) == 3
    assert "Amazon & Cloud" in rows(f"{asgrim}/ofxdata-memoWithAmpersand.ofx")[0].description


@pytest.mark.parametrize("name", sorted(name for name in EXPECTED if name.startswith(BANKFILE)))
def test_deviations_of_banks_leave_the_rest_as_it_is(name: str) -> None:
    (row,) = rows(name)

    amounts = {"amount-comma-decimal.ofx": "-2000.00", "amount-plus-sign-and-space.ofx": "1006.60"}
    assert str(row.amount) == amounts.get(Path(name).name, "-10.00")
    assert str(row.posted_date) == "2026-01-15"
    ledger = [str(b.amount) for b in balances(name) if b.code in {"LEDGERBAL", "AVAILBAL"}]
    assert "90.00" in ledger
