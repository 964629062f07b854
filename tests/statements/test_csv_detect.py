"""Detection: what a file decides is proposed, what it leaves open is asked, never guessed."""

from __future__ import annotations

import pytest

from core.errors import Unreadable
from statements.base import HEAD_BYTES
from statements.csv_detect import propose, resemblance
from statements.csv_evidence import date_orders, decimal_marks
from statements.csv_headers import named_currency, plain_name
from statements.profile import CsvProfile
from statements.proposal import Proposal


def proposed(text: str) -> Proposal:
    return propose(text.encode("utf-8"))


def asked(proposal: Proposal) -> list[str]:
    return [question.field for question in proposal.questions]


def test_a_clear_file_needs_no_question() -> None:
    proposal = proposed(
        "Buchungstag;Wertstellung;Verwendungszweck;Betrag;Währung;IBAN\n"
        "31.01.2024;01.02.2024;Miete;-1.234,56;EUR;DE89370400440532013000\n"
    )

    assert proposal.complete
    assert proposal.confidence >= 90
    assert proposal.draft == {
        "name": "Detected",
        "delimiter": ";",
        "dateFormat": "DMY",
        "decimalMark": ",",
        "thousands": ".",
        "columns": {
            "postedDate": "Buchungstag",
            "valueDate": "Wertstellung",
            "amount": "Betrag",
            "currency": "Währung",
            "account": "IBAN",
            "description": ["Verwendungszweck"],
        },
    }


def test_an_ambiguous_date_order_is_asked() -> None:
    proposal = proposed("Date,Description,Amount\n01/02/2024,a,-1.50\n03/04/2024,b,2.50\n")

    assert asked(proposal) == ["dateFormat"]
    assert proposal.questions[0].answers == ("DMY", "MDY")
    assert proposal.questions[0].examples == ("01/02/2024", "03/04/2024")
    assert proposal.draft["dateFormat"] is None
    assert proposal.profile is None


def test_an_ambiguous_decimal_mark_is_asked() -> None:
    proposal = proposed("Date,Description,Amount\n2024-01-31,a,-1.234\n2024-01-31,b,10.000\n")

    assert asked(proposal) == ["decimalMark"]
    assert proposal.draft["decimalMark"] is None


def test_contradicting_decimal_marks_are_asked() -> None:
    proposal = proposed("Date;Description;Amount\n2024-01-31;a;-1,23\n2024-01-31;b;10.00\n")

    assert asked(proposal) == ["decimalMark"]


def test_amounts_without_minus_are_asked_about() -> None:
    proposal = proposed("Date,Description,Amount\n2024-01-31,a,1.50\n2024-01-31,b,10.10\n")

    assert asked(proposal) == ["negate"]


def test_running_balances_prove_the_sign() -> None:
    text = (
        "Date,Description,Amount,Balance\n"
        "2024-01-01,a,1.50,{}\n2024-01-02,b,2.50,{}\n2024-01-03,c,3.00,{}\n"
    )

    rising = proposed(text.format("11.50", "14.00", "17.00"))
    falling = proposed(text.format("98.50", "96.00", "93.00"))

    assert rising.profile is not None
    assert not rising.profile.negate
    assert falling.profile is not None
    assert falling.profile.negate


def test_an_indicator_column_says_the_sign() -> None:
    proposal = proposed(
        "Datum;Af Bij;Bedrag;Omschrijving\n20240131;Af;12,50;a\n20240131;Bij;1,00;b\n"
    )

    assert isinstance(proposal.profile, CsvProfile)
    assert proposal.profile.columns.indicator == "Af Bij"
    assert "Af" in proposal.profile.debit_values


def test_an_indicator_that_is_often_empty_is_asked_about() -> None:
    proposal = proposed("Date,Description,Amount,\n2024-01-31,a,1.50,\n2024-01-31,b,2.50,CR\n")

    assert asked(proposal) == ["debitValues"]


def test_negative_debits_are_asked_about() -> None:
    proposal = proposed("Date,Text,Debit,Credit\n2024-01-31,a,-1.50,\n2024-01-31,b,,2.50\n")

    assert asked(proposal) == ["signedPair"]


def test_a_file_without_header_is_told_by_its_cells() -> None:
    proposal = proposed("2024-01-31|Coffee shop|-4.50|EUR\n2024-02-01|Salary|1000.00|EUR\n")

    assert isinstance(proposal.profile, CsvProfile)
    columns = proposal.profile.columns
    assert (columns.posted_date, columns.amount, columns.currency) == (0, 2, 3)
    assert columns.description == (1,)
    assert not proposal.profile.header


def test_columns_that_could_be_either_are_asked_about() -> None:
    proposal = proposed("2024-01-31,2024-01-30,Shop,-4.50,95.50\n")

    assert asked(proposal) == ["columns.postedDate", "columns.amount"]
    assert proposal.questions[0].answers == (0, 1)
    assert proposal.questions[1].answers == (3, 4)


def test_a_booking_date_with_a_damaged_cell_is_asked_about() -> None:
    text = "datum verrichting;Datum verrekening;Bedrag;Naam\n"
    rows = "01/02/2026;\ufffd2026;-1,50;TEA\n25/02/2026;25/02/2026;-2,50;PIE\n"

    assert "columns.postedDate" in asked(proposed(text + rows))


def test_a_preamble_is_read_over() -> None:
    proposal = proposed(
        'Account:,DE89\nBalance,"6,666.66"\n\nDate,Description,Amount\n2024-01-31,a,-1.50\n'
    )

    assert isinstance(proposal.profile, CsvProfile)
    assert proposal.profile.preamble == "until-header"


def test_czech_letters_are_told_from_western_ones() -> None:
    text = "Datum zaúčtování;Zpráva;Částka CZK\n31.01.2024;Dobrý den;-1,50\n"

    profile = propose(text.encode("cp1250")).profile

    assert isinstance(profile, CsvProfile)
    assert (profile.encoding, profile.currency) == ("cp1250", "CZK")


def test_utf16_is_proposed_like_any_other() -> None:
    text = "Date\tDescription\tAmount\n2024-01-31\ta\t-1.50\n"

    assert propose(text.encode("utf-16")).complete


def test_a_long_file_is_judged_by_its_beginning() -> None:
    text = "Date,Description,Amount\n" + "2024-01-31,Coffee,-1.50\n" * 10_000

    assert propose(text.encode("utf-8")[:HEAD_BYTES]).complete


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\0" * 1_000, b"\xff\xd8\xff\xe0" * 99, b"a,b\n"]
)
def test_what_is_no_table_is_refused(content: bytes) -> None:
    with pytest.raises(Unreadable, match="write a profile by hand"):
        propose(content)


def test_resemblance() -> None:
    assert resemblance(b"Date,Description,Amount\n2024-01-31,a,-1.50\n") == 90
    assert resemblance(b"2024-01-31,a,-1.50\n") == 70
    assert resemblance(b"Date,Description,Amount\n") == 30
    assert resemblance(b"01,122099999,123456789,150623,0200,1,,,2/\n") == 0
    assert resemblance(b"<?xml version='1.0'?>") == 0
    assert resemblance(b"no table at all") == 0


@pytest.mark.parametrize(
    ("cells", "orders"),
    [
        (["31.01.2024", "01.02.2024"], ("DMY",)),
        (["01/31/2024", "02/01/2024"], ("MDY",)),
        (["2024-01-02"], ("YMD",)),
        (["01/02/2024"], ("DMY", "MDY")),
        (["31/01/2024", "01/31/2024"], ()),
        (["10 Feb 18"], ("DMY",)),
        (["Feb 10, 2018"], ("MDY",)),
        (["22.02.18"], ("DMY", "YMD")),
        (["22.02.18", "23.02.18", "25.02.18", "28.02.18"], ("DMY",)),
        (["18-02-22", "18-02-23", "18-02-25", "18-02-28"], ("YMD",)),
    ],
)
def test_the_orders_that_dates_allow(cells: list[str], orders: tuple[str, ...]) -> None:
    assert date_orders(cells) == orders


@pytest.mark.parametrize(
    ("cells", "marks"),
    [
        (["1.234,56"], (",",)),
        (["1,234.56"], (".",)),
        (["-5.5", "1.000"], (".",)),
        (["1.234.567"], (",",)),
        (["0.123"], (".",)),
        (["1234.567"], (".",)),
        (["1000,-"], (",",)),
        (["1.234", "12.000"], (".", ",")),
        (["12", "-5"], ("none",)),
        (["1,5", "1.5"], ()),
    ],
)
def test_the_decimal_marks_that_amounts_allow(cells: list[str], marks: tuple[str, ...]) -> None:
    assert decimal_marks(cells) == marks


def test_header_names_are_compared_plainly() -> None:
    assert plain_name("Zaúčtovaná částka (CZK)") == "zauctovanacastka"
    assert plain_name("TransactionId") == "transactionid"
    assert named_currency("Betrag (EUR)") == "EUR"
    assert named_currency("Betrag") is None


def test_merchant_category_codes_are_told_by_their_name_and_their_digits() -> None:
    head = "Date,Description,Amount,MCC\n"

    coded = proposed(head + "2024-01-31,Corner,-4.50,5814\n")
    worded = proposed(head + "2024-01-31,Corner,-4.50,Fast food\n")

    assert isinstance(coded.profile, CsvProfile)
    assert isinstance(worded.profile, CsvProfile)
    assert (coded.profile.columns.mcc, worded.profile.columns.mcc) == ("MCC", None)
