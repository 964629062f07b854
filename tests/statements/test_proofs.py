"""Proofs: each statement ends with what it states around its rows, and whether that adds up."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.records import ProofRecord, Record
from statements.bai2 import BAI2
from statements.base import ParseOptions
from statements.camt import CAMT
from statements.mt940 import MT940
from tests.fixtures.camt_file import IBAN, Entry, balance, camt, statement
from tests.fixtures.csv_reading import parse as parse_csv
from tests.fixtures.ofx_file import ROW
from tests.fixtures.ofx_file import read as read_ofx
from tests.fixtures.ofx_file import statement as ofx

CSV_HEADER = "Date,Text,Amount,Balance\n"
DAY = date(2026, 3, 2)


def proofs(records: list[Record]) -> list[ProofRecord]:
    return [record for record in records if isinstance(record, ProofRecord)]


def mt940(*lines: str) -> list[ProofRecord]:
    return proofs(list(MT940.parse(["\n".join(lines).encode()], ParseOptions())))


def bai2(*lines: str, status: str = "1") -> list[ProofRecord]:
    head = ["01,BANK,ME,040621,0200,1,,,2/", f"02,R,O,{status},040620,,USD,2/"]
    text = "\n".join([*head, *lines, "98,,/", "99,,/"])
    return proofs(list(BAI2.parse([text.encode()], ParseOptions())))


def camt_proof(*parts: Entry | str, kind: str = "053") -> ProofRecord:
    data = camt(statement(*parts), kind=kind)
    (found,) = proofs(list(CAMT.parse([data], ParseOptions())))
    return found


def csv_proof(text: str) -> ProofRecord:
    (found,) = proofs(parse_csv(CSV_HEADER + text, {"runningBalance": "Balance"}))
    return found


def test_a_camt_statement_that_adds_up_is_proven() -> None:
    found = camt_proof(
        "<FrToDt><FrDtTm>2026-03-01T00:00:00</FrDtTm><ToDtTm>2026-03-02T00:00:00</ToDtTm></FrToDt>",
        balance("OPBD", "100"),
        balance("CLBD", "110"),
        Entry(amount=Decimal("12.50")),
        Entry(amount=Decimal("-2.50")),
    )

    assert found == ProofRecord(
        account=f"{IBAN}|EUR",
        currency="EUR",
        entries=Decimal("10.00"),
        entry_count=2,
        opening=Decimal(100),
        closing=Decimal(110),
        number="S1",
        from_date=date(2026, 3, 1),
        to_date=DAY,
        holds=True,
        line=3,
        line_end=8,
    )
    assert found.difference == 0


def test_a_camt_statement_that_does_not_add_up_says_by_how_much() -> None:
    found = camt_proof(
        balance("OPBD", "100"), balance("CLBD", "120"), Entry(amount=Decimal("12.50"))
    )

    assert (found.holds, found.difference) == (False, Decimal("7.50"))
    assert (found.from_date, found.to_date) == (DAY, DAY)


@pytest.mark.parametrize(
    ("kind", "parts"),
    [
        ("054", ()),
        ("053", (balance("CLBD", "12.50"),)),
        ("052", (balance("OPBD", "100"), balance("ITBD", "120"))),  # what is new alone
    ],
)
def test_a_camt_message_without_both_balances_proves_nothing(
    kind: str, parts: tuple[str, ...]
) -> None:
    found = camt_proof(*parts, Entry(amount=Decimal("12.50")), kind=kind)

    assert (found.holds, found.difference) == (None, None)
    assert (found.entries, found.entry_count) == (Decimal("12.50"), 1)


def test_entries_of_several_currencies_are_never_added() -> None:
    found = camt_proof(
        balance("OPBD", "0"),
        balance("CLBD", "5"),
        Entry(amount=Decimal(3)),
        Entry(amount=Decimal(2), currency="USD"),
    )

    assert (found.entries, found.holds, found.entry_count) == (None, None, 2)


def test_pending_entries_are_in_no_balance() -> None:
    found = camt_proof(
        balance("OPBD", "1"),
        balance("CLBD", "1"),
        Entry(amount=Decimal(3), status="PDNG"),
    )

    assert (found.entries, found.entry_count, found.holds) == (Decimal(0), 0, True)


def test_each_mt940_statement_is_proven_by_itself() -> None:
    one, two = mt940(
        ":20:A",
        ":25:12345678/4711",
        ":28C:7/1",
        ":60F:C260331EUR100,00",
        ":61:2604010401D3,50NTRFNONREF",
        ":86:COFFEE",
        ":62F:C260401EUR96,50",
        "-",
        ":20:B",
        ":25:12345678/4711",
        ":28C:8/1",
        ":60F:C260401EUR96,50",
        ":61:2604020402C1,00NTRFNONREF",
        ":62F:C260402EUR100,00",
        "-",
    )

    assert (one.number, one.opening, one.closing) == ("7/1", Decimal("100.00"), Decimal("96.50"))
    assert (one.from_date, one.to_date) == (date(2026, 3, 31), date(2026, 4, 1))
    assert (one.entries, one.entry_count, one.holds) == (Decimal("-3.50"), 1, True)
    assert (one.line, one.line_end) == (1, 7)
    assert (two.number, two.holds, two.difference) == ("8/1", False, Decimal("2.50"))
    assert (two.line, two.line_end) == (9, 14)


def test_a_rejected_mt940_entry_breaks_the_proof() -> None:
    (found,) = mt940(
        ":20:A",
        ":25:4711",
        ":60F:C260331EUR100,00",
        ":61:nonsense",
        ":62F:C260401EUR96,50",
    )

    assert (found.holds, found.difference, found.entry_count) == (False, Decimal("-3.50"), 0)


def test_an_interim_report_proves_nothing() -> None:
    (found,) = mt940(":20:A", ":25:4711", ":34F:EUR0,", ":61:2604010401D3,50NTRFNONREF", "-")

    assert (found.holds, found.opening, found.closing) == (None, None, None)
    assert found.entries == Decimal("-3.50")


def test_a_bai2_account_is_proven_by_its_ledger_balances() -> None:
    (found,) = bai2(
        "03,1,,010,10000,,,015,9900,,/", "16,165,100,,,,IN", "16,475,200,,,,OUT", "49,,/"
    )

    assert (found.opening, found.closing) == (Decimal("100.00"), Decimal("99.00"))
    assert (found.entries, found.entry_count) == (Decimal("-1.00"), 2)
    assert found.holds
    assert found.from_date == found.to_date == date(2004, 6, 20)
    assert (found.line, found.line_end) == (3, 6)


def test_a_rejected_bai2_detail_breaks_the_proof() -> None:
    (found,) = bai2(
        "03,1,,010,10000,,,015,9900,,/", "16,165,100,,,,IN", "16,ABC,200,,,,OUT", "49,,/"
    )

    assert (found.entries, found.entry_count) == (Decimal("1.00"), 1)
    assert (found.holds, found.difference) == (False, Decimal("-2.00"))


@pytest.mark.parametrize(
    "lines",
    [
        ("03,1,,010,10000,,,015,9900,,/",),  # balances alone: details come otherwise, or not
        ("03,1,,010,10000,,,015,9900,,/", "16,890,,,,,A MESSAGE"),
        ("03,1,,015,9900,,/", "16,165,100,,,,IN"),
        ("03,1,,,,,/", "16,165,100,,,,IN"),
    ],
)
def test_a_bai2_account_without_both_balances_or_details_proves_nothing(
    lines: tuple[str, ...],
) -> None:
    (found,) = bai2(*lines, "49,,/")

    assert (found.holds, found.difference) == (None, None)


@pytest.mark.parametrize("status", ["2", "4"])
def test_a_bai2_group_that_posts_nothing_has_no_statement(status: str) -> None:
    assert bai2("03,1,,010,10000,,/", "16,165,100,,,,IN", "49,,/", status=status) == []


def test_an_ofx_statement_has_a_closing_balance_that_proves_nothing() -> None:
    after = "<LEDGERBAL><BALAMT>50.00<DTASOF>20260331</LEDGERBAL>"
    data = ofx(ROW, after=after).replace(
        b"<BANKTRANLIST>", b"<BANKTRANLIST><DTSTART>20260301<DTEND>20260401"
    )
    (found,) = proofs(read_ofx(data))

    assert (found.opening, found.closing, found.holds) == (None, Decimal("50.00"), None)
    assert (found.entries, found.entry_count) == (Decimal("-12.34"), 1)
    assert (found.from_date, found.to_date) == (date(2026, 3, 1), date(2026, 4, 1))


def test_an_ofx_statement_without_a_ledger_balance_has_none() -> None:
    assert proofs(read_ofx(ofx(ROW))) == []


@pytest.mark.parametrize(
    "lines",
    [
        ["2024-01-30,a,5,105", "2024-01-30,b,-2,103", "2024-01-31,c,1,104"],
        ["2024-01-31,c,1,104", "2024-01-30,b,-2,103", "2024-01-30,a,5,105"],
        ["2024-01-31,c,1,104", "2024-01-31,b,-2,103", "2024-01-31,a,5,105"],  # newest first
    ],
)
def test_running_balances_prove_the_rows_in_either_order(lines: list[str]) -> None:
    found = csv_proof("\n".join([*lines, ""]))

    assert (found.opening, found.closing) == (Decimal(100), Decimal(104))
    assert (found.entries, found.entry_count, found.holds) == (Decimal(4), 3, True)


def test_a_csv_row_that_is_missing_breaks_the_proof() -> None:
    found = csv_proof("2024-01-30,a,5,105\n2024-01-31,x,oops,103\n2024-02-01,c,1,104\n")

    assert (found.holds, found.difference) == (False, Decimal(-2))
    assert (found.from_date, found.to_date) == (date(2024, 1, 30), date(2024, 2, 1))


@pytest.mark.parametrize(
    "text",
    [
        "2024-01-30,a,5,105\n",  # one row alone would prove itself
        "2024-01-30,a,5,105\n2024-02-01,b,1,106\n2024-01-31,c,1,107\n",  # in no order
        "2024-01-30,a,5,\n2024-01-31,c,1,104\n",
    ],
)
def test_balances_of_no_known_order_prove_nothing(text: str) -> None:
    assert csv_proof(text).holds is None
