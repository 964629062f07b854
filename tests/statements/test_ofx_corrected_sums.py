"""Sums of OFX statements: what the same statement corrects or deletes is in none of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import pytest

from core.records import ProofRecord
from statements import ofx_proof
from tests.fixtures.ofx_file import ROW, read, statement

LEDGER: Final = "<LEDGERBAL><BALAMT>100.00<DTASOF>20260331</LEDGERBAL>"
CAFE: Final = ROW.replace("A1", "B1").replace("-12.34", "-5.00")
EUROS: Final = ROW.replace("A1", "E1") + "<CURRENCY><CURRATE>1.1<CURSYM>EUR</CURRENCY>"
DELETED: Final = "<TRNTYPE>OTHER<FITID>X<CORRECTFITID>A1<CORRECTACTION>DELETE"


def corrected(new: str, old: str, amount: str = "-13.00") -> str:
    row = ROW.replace("A1", new).replace("-12.34", amount)
    return f"{row}<CORRECTFITID>{old}<CORRECTACTION>REPLACE"


def pending(row: str) -> str:
    return row.replace("<DTPOSTED>", "<DTPENDING>")


@pytest.mark.parametrize(
    ("rows", "total", "count"),
    [
        ([ROW, CAFE], "-17.34", 2),
        ([ROW, CAFE, corrected("A2", "A1")], "-18.00", 2),
        ([corrected("A2", "A1"), CAFE, ROW], "-18.00", 2),
        ([ROW, corrected("A1", "A1"), CAFE], "-18.00", 2),
        ([corrected("A3", "A2", "-14.00"), ROW, corrected("A2", "A1"), CAFE], "-19.00", 2),
        ([ROW, CAFE, DELETED], "-5.00", 1),
        ([DELETED, CAFE, ROW], "-5.00", 1),
        ([EUROS, corrected("A2", "E1"), CAFE], "-18.00", 2),
        # What stood in an earlier file is not in this sum, and what is meant twice is not touched.
        ([corrected("A2", "Z9"), CAFE], "-18.00", 2),
        ([ROW, ROW.replace("-12.34", "-1.00"), corrected("A2", "A1")], "-26.34", 3),
        ([pending(ROW), corrected("A2", "A1")], "-13.00", 1),
    ],
)
def test_a_sum_is_of_what_the_statement_leaves_standing(
    rows: list[str], total: str, count: int
) -> None:
    proof = _proof(statement(*rows, after=LEDGER))

    assert (proof.entries, proof.entry_count) == (Decimal(total), count)


def test_a_sum_that_cannot_be_known_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ofx_proof, "REMEMBERED_MAX", 1)

    assert _proof(statement(CAFE, ROW, after=LEDGER)).entries == Decimal("-17.34")
    assert _proof(statement(ROW, corrected("A2", "A1"), after=LEDGER)).entries is None


def _proof(data: bytes) -> ProofRecord:
    (proof,) = [record for record in read(data) if isinstance(record, ProofRecord)]
    return proof
