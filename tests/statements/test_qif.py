"""QIF: records become rows, lists do not, and what is off is said."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.records import AccountRecord, BalanceKind, BalanceRecord
from statements.base import ParseOptions
from statements.qif import QIF
from tests.fixtures.csv_reading import codes, findings, rows
from tests.fixtures.qif_file import read_qif

ROW = "D31/12/2025\nT-12.50\nPCoffee\n^\n"


def test_a_row_has_what_its_fields_say() -> None:
    text = (
        "!Type:Bank\nD31/12/2025\nU-12.50\nT-12.50\nPCoffee Bar\nMtwo cups\nMone cake\n"
        "N1042\nCX\nLFood:Coffee/Trip\nA1 Main Street\nASpringfield\nFyes\n^\n"
    )

    (row,) = rows(read_qif(text))

    assert (row.posted_date, row.amount, row.currency) == (
        date(2025, 12, 31),
        Decimal("-12.50"),
        "EUR",
    )
    assert row.description == "Coffee Bar two cups one cake"
    assert row.description_raw == "Coffee Bar\ntwo cups\none cake"
    assert (row.merchant_name, row.category) == ("Coffee Bar", "Food:Coffee/Trip")
    assert (row.customer_reference, row.type_code, row.external_id) == ("1042", None, None)
    assert row.extra == {
        "cleared": "reconciled",
        "address": "1 Main Street\nSpringfield",
        "field F": "yes",
    }
    assert (row.line, row.line_end) == (2, 14)


def test_a_word_in_the_number_is_the_kind_of_booking() -> None:
    (row,) = rows(read_qif("!Type:Bank\nD31/12/2025\nT5.00\nNDEP\nPSalary\n^\n"))

    assert (row.type_code, row.customer_reference) == ("DEP", None)


def test_a_transfer_names_the_other_account_and_has_no_category() -> None:
    (row,) = rows(read_qif("!Type:Bank\nD31/12/2025\nT-5.00\nL[Savings]/Trip\n^\n"))

    assert row.category is None
    assert row.extra == {"transferAccount": "Savings"}
    assert row.description == "[Savings]/Trip"


def test_splits_are_kept_and_must_make_the_whole() -> None:
    split = "!Type:Bank\nD31/12/2025\nT-10.00\nL--Split--\nS[Savings]\n$-9.00\nSFood\nEBread\n"

    whole = read_qif(split + "$-1.00\n^\n")
    part = read_qif(split + "$-2.00\n^\n")

    (row,) = rows(whole)
    assert row.category is None
    assert json.loads((row.extra or {})["splits"]) == [
        {"category": "[Savings]", "amount": "-9.00"},
        {"category": "Food", "memo": "Bread", "amount": "-1.00"},
    ]
    assert codes(whole) == []
    assert [(found.code, found.line, found.rejected) for found in findings(part)] == [
        ("split-sum", 2, False)
    ]
    assert len(rows(part)) == 1


def test_sections_belong_to_the_account_before_them() -> None:
    text = (
        "!Option:AutoSwitch\n!Account\nNChecking\nTBank\n^\nNVisa\nTCCard\n^\n!Clear:AutoSwitch\n"
        f"!Account\nNChecking\nTBank\n^\n!Type:Bank\n{ROW}"
        f"!Account\nNVisa\nTCCard\n^\n!Type:CCard\n{ROW}"
        f"!Account\nNChecking\nTBank\n^\n!Type:Bank\n{ROW}"
    )

    records = read_qif(text)

    accounts = [record for record in records if isinstance(record, AccountRecord)]
    assert [(one.key, one.name, one.type) for one in accounts] == [
        ("Checking", "Checking", "Bank"),
        ("Visa", "Visa", "CCard"),
    ]
    assert [row.account for row in rows(records)] == ["Checking", "Visa", "Checking"]


def test_sections_of_two_kinds_without_account_are_two_accounts() -> None:
    records = read_qif(f"!Type:Bank\n{ROW}!Type:CCard\n{ROW}!Type:Bank\n{ROW}")

    assert [row.account for row in rows(records)] == ["default", "default ccard", "default"]


def test_an_opening_balance_is_a_balance_and_names_the_account() -> None:
    opening = "D1/12/2025\nT1000.00\nPOpening Balance\nL[Checking]\n^\n"

    records = read_qif(f"!Type:Bank\n{opening}{ROW}")

    (balance,) = (record for record in records if isinstance(record, BalanceRecord))
    assert (balance.account, balance.kind) == ("Checking", BalanceKind.OPENING_LEDGER)
    assert (balance.amount, balance.as_of) == (Decimal("1000.00"), date(2025, 12, 1))
    assert [row.account for row in rows(records)] == ["Checking"]


def test_the_balance_of_an_account_list_is_told_with_its_own_code() -> None:
    listed = "!Account\nNChecking\nTBank\n$987.50\n/31/12/2025\n^\n"

    records = read_qif(f"{listed}!Type:Bank\n{ROW}")

    (balance,) = (record for record in records if isinstance(record, BalanceRecord))
    assert (balance.kind, balance.code) == (BalanceKind.OTHER, "$")
    assert (balance.amount, balance.as_of) == (Decimal("987.50"), date(2025, 12, 31))


def test_an_account_number_is_the_key_and_never_the_name() -> None:
    records = read_qif(f"!Account\nNde02 1203 0000 0000 2020 51\n^\n!Type:Bank\n{ROW}")

    (account,) = (record for record in records if isinstance(record, AccountRecord))
    assert account.number == "DE02 1203 0000 0000 2020 51"
    assert account.name is None


def test_lists_and_memorised_payments_book_nothing() -> None:
    memorised = "!Type:Memorized\nKC\nT-99.00\nPRent\n^\n!Type:Cat\nNFood\nE\n^\n"

    records = read_qif(f"{memorised}!Type:Bank\n{ROW}")

    assert len(rows(records)) == 1
    assert codes(records) == ["records-without-money"] * 2


@pytest.mark.parametrize(
    ("action", "amount"),
    [
        ("Buy", "-100.00"),
        ("Sell", "100.00"),
        ("Div", "100.00"),
        ("XOut", "-100.00"),
        ("Cash", "100.00"),
    ],
)
def test_investments_that_move_cash_are_rows(action: str, amount: str) -> None:
    text = f"D31/12/2025\nN{action}\nYACME Corp\nI10.00\nQ10\nT100.00\nO1.50\n^\n"

    (row,) = rows(read_qif("!Account\nNBroker\nTInvst\n^\n!Type:Invst\n" + text))

    assert row.amount == Decimal(amount)
    assert row.description == f"{action} ACME Corp"
    assert row.type_code == action
    assert row.extra == {
        "security": "ACME Corp",
        "price": "10.00",
        "quantity": "10",
        "commission": "1.50",
    }


def test_investments_that_move_no_cash_are_counted() -> None:
    text = "D31/12/2025\nNReinvDiv\nYACME\nT5.00\n^\nD31/12/2025\nNBuyX\nT5.00\nL[Bank]\n$5.00\n^\n"

    records = read_qif("!Type:Invst\n" + text)

    assert rows(records) == []
    assert codes(records) == ["rows-left-out", "no-rows"]
    assert findings(records)[0].message.startswith("2 investments")


def test_an_investment_with_an_unknown_action_is_rejected() -> None:
    records = read_qif("!Type:Invst\nD31/12/2025\nNFrobnicate\nT5.00\n^\n")

    assert [(one.code, one.rejected) for one in findings(records)] == [
        ("action-unknown", True),
        ("no-row-readable", False),
    ]


@pytest.mark.parametrize(
    ("record", "code", "kept"),
    [
        ("D31/12/2025\nPNothing\n^\n", "amount-missing", 0),
        ("D31/12/2025\nTmuch\n^\n", "amount-unreadable", 0),
        ("D31/12/2025\nT5.00 USD\n^\n", "amount-unreadable", 0),
        ("Dsoon\nT5.00\n^\n", "date-unreadable", 1),
        ("D31/02/2025\nT5.00\n^\n", "date-unreadable", 1),
        ("T5.00\n^\n", "date-missing", 1),
        ("D31/12/2025\nT5.00\nU6.00\n^\n", "amounts-differ", 1),
        ("D31/12/2025\nT5.00\nPA\nPB\n^\n", "field-repeated", 1),
        ("D31/12/2025\nT5.00\nPA\nD30/12/2025\nT6.00\n^\n", "record-unclosed", 2),
        ("D31/12/2025\nT5.00\nSA\n$much\n^\n", "split-unreadable", 1),
    ],
)
def test_what_is_off_is_said_with_its_line(record: str, code: str, kept: int) -> None:
    records = read_qif(f"!Type:Bank\n{ROW}{record}")

    assert [(one.code, one.line) for one in findings(records)] == [(code, 6)]
    assert len(rows(records)) == 1 + kept


def test_a_record_that_the_end_cuts_off_is_left_out() -> None:
    records = read_qif(f"!Type:Bank\n{ROW}D30/12/2025\nT-1")

    assert len(rows(records)) == 1
    assert [(one.code, one.rejected, one.control) for one in findings(records)] == [
        ("record-cut-off", True, False),
        ("truncated", False, True),
    ]


def test_a_last_record_without_its_caret_is_read() -> None:
    records = read_qif("!Type:Bank\nD31/12/2025\nT5.00\n")

    assert [row.amount for row in rows(records)] == [Decimal("5.00")]
    assert codes(records) == ["record-unclosed"]


def test_records_before_any_header_are_read_with_a_finding() -> None:
    records = read_qif(ROW)

    assert len(rows(records)) == 1
    assert codes(records) == ["section-missing"]


def test_a_section_that_nobody_knows_is_read_with_a_finding() -> None:
    records = read_qif(f"!Type:Wallet\n{ROW}")

    assert len(rows(records)) == 1
    assert codes(records) == ["section-unknown"]


def test_a_card_may_show_money_out_as_positive() -> None:
    (row,) = rows(read_qif("!Type:CCard\nD31/12/2025\nT5.00\nSA\n$5.00\n^\n", negate=True))

    assert row.amount == Decimal("-5.00")
    assert '"amount": "-5.00"' in (row.extra or {})["splits"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("separator", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_are_told(encoding: str, separator: str) -> None:
    text = f"!Type:Bank\n{ROW}".replace("Coffee", "Café ü").replace("\n", separator)
    content = text.encode(encoding)

    assert QIF.recognise(content) >= 90
    assert [row.merchant_name for row in rows(read_qif(content))] == ["Café ü"]


@pytest.mark.parametrize(
    ("content", "code"), [("", "empty"), ("hello\nthere\n", "no-qif"), ("^\n^\n", "no-qif")]
)
def test_what_is_no_qif_is_refused(content: str, code: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_qif(content)

    assert refused.value.code == code


def test_without_a_currency_nothing_is_read() -> None:
    with pytest.raises(Unreadable) as refused:
        list(QIF.parse([ROW.encode()], ParseOptions()))

    assert refused.value.code == "currency-required"


def test_an_endless_record_is_cut_with_a_finding() -> None:
    text = "!Type:Bank\nD31/12/2025\nT5.00\n" + "Mmore\n" * 12_000 + "^\n" + ROW

    records = read_qif(text)

    assert len(rows(records)) == 2
    assert codes(records) == ["record-too-long"]


@pytest.mark.parametrize(("first", "second"), [("\n", "\r"), ("\r", "\n"), ("\r\n", "\r")])
def test_files_of_other_line_ends_may_be_put_together(first: str, second: str) -> None:
    text = f"!Type:Bank\n{ROW}".replace("\n", first) + f"!Type:Bank\n{ROW}".replace("\n", second)

    assert [row.amount for row in rows(read_qif(text))] == [Decimal("-12.50")] * 2
