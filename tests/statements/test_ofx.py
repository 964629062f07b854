"""OFX statements: accounts, rows, balances and what a bank says beside them."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.records import (
    AccountRecord,
    BalanceKind,
    Finding,
    RemovalRecord,
    SummaryRecord,
    TransactionRecord,
    TransactionStatus,
)
from tests.fixtures.ofx_file import HEADER, ROW, balances, codes, read, rows, statement


def test_a_row_becomes_a_transaction() -> None:
    (row,) = rows(
        statement(f"{ROW}<DTUSER>20260314<DTAVAIL>20260316<CHECKNUM>77<REFNUM>R9<SIC>5411")
    )

    assert row.account == "123||000456789|CHECKING|USD"
    assert (row.amount, row.currency) == (Decimal("-12.34"), "USD")
    assert [str(row.posted_date), str(row.transaction_date), str(row.value_date)] == [
        "2026-03-15",
        "2026-03-14",
        "2026-03-16",
    ]
    assert row.status is TransactionStatus.POSTED
    assert (row.external_id, row.type_code) == ("A1", "DEBIT")
    assert (row.description, row.description_raw) == ("SHOP CARD 12", "SHOP\nCARD 12")
    assert (row.reference, row.customer_reference) == ("R9", "77")
    assert row.extra == {"sic": "5411"}
    assert (row.line, row.line_end) == (8, 8)


def test_an_account_is_told_with_its_number_bank_and_kind() -> None:
    signon = "<SIGNONMSGSRSV1><SONRS><FI><ORG>First Bank<FID>77</FI></SONRS></SIGNONMSGSRSV1>"
    data = statement(ROW).replace(b"<OFX>", f"<OFX>{signon}".encode())

    (account,) = [record for record in read(data) if isinstance(record, AccountRecord)]

    assert (account.number, account.mask, account.currency) == ("000456789", None, "USD")
    assert (account.institution, account.institution_name) == ("123", "First Bank")
    assert account.type == "checking"


@pytest.mark.parametrize(
    ("number", "mask"), [("XXXX-XXXX-XXXX-1234", "1234"), ("****9", "9"), ("XXXXXX", None)]
)
def test_a_number_that_the_bank_hides_is_no_number(number: str, mask: str | None) -> None:
    data = statement(ROW).replace(b"000456789", number.encode())

    (account,) = [record for record in read(data) if isinstance(record, AccountRecord)]

    assert (account.number, account.mask) == (None, mask)


def test_a_memo_that_goes_on_with_the_name_stands_for_both() -> None:
    (row,) = rows(statement(ROW.replace("CARD 12", "SHOP  AND MORE")))

    assert row.description == "SHOP AND MORE"


def test_without_text_the_kind_is_the_description() -> None:
    (row,) = rows(statement("<TRNTYPE>CHECK<DTPOSTED>20260315<TRNAMT>-1<FITID>9<CHECKNUM>1042"))

    assert (row.description, row.description_raw) == ("CHECK 1042", "")
    assert row.extra == {"check_number": "1042"}


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (ROW.replace("-12.34", ""), "amount-missing", "TRNAMT"),
        (ROW.replace("<TRNAMT>-12.34", ""), "amount-missing", "TRNAMT"),
        (ROW.replace("-12.34", "twelve"), "amount-unreadable", "TRNAMT"),
        (ROW.replace("-12.34", "-12.34<TRNAMT>-12.35"), "amount-unreadable", "TRNAMT"),
        (ROW.replace("-12.34", "9" * 15), "amount-unreadable", "TRNAMT"),
        (ROW.replace("-12.34", "1.123456789"), "amount-unreadable", "TRNAMT"),
    ],
)
def test_a_row_without_amount_is_told_and_loses_no_other(row: str, code: str, field: str) -> None:
    records = read(statement(ROW, row, ROW))

    (finding,) = [record for record in records if isinstance(record, Finding)]
    assert (finding.code, finding.field, finding.line) == (code, field, 9)
    assert finding.rejected
    assert sum(isinstance(record, TransactionRecord) for record in records) == 2


@pytest.mark.parametrize("day", ["00000000", "", "20261301", "18500101", "15/03/2026"])
def test_a_row_without_readable_day_is_kept(day: str) -> None:
    records = read(statement(ROW.replace("20260315", day)))

    (row,) = [record for record in records if isinstance(record, TransactionRecord)]
    assert row.posted_date is None
    assert codes(records) == ["date-unreadable"]


def test_equal_ids_and_no_ids_are_kept() -> None:
    data = statement(ROW, ROW, ROW.replace("<FITID>A1", ""), ROW.replace("A1", "000"))

    assert [row.external_id for row in rows(data)] == ["A1", "A1", None, None]
    assert codes(read(data)) == ["fitid-missing"]


def test_pending_rows_are_pending() -> None:
    pending = "<TRNTYPE>POS<DTTRAN>20260314<TRNAMT>-3.00<NAME>CAFE"
    after = f"<BANKTRANLISTP><DTASOF>20260315<STMTTRNP>{pending}</STMTTRNP></BANKTRANLISTP>"

    booked, row = rows(statement(ROW, after=after))

    assert booked.status is TransactionStatus.POSTED
    assert row.status is TransactionStatus.PENDING
    assert (row.posted_date, str(row.transaction_date)) == (None, "2026-03-14")
    assert (row.amount, row.external_id) == (Decimal("-3.00"), None)


def test_corrections_name_the_row_that_they_replace_or_delete() -> None:
    old = "<CORRECTFITID>A0<CORRECTACTION>"

    records = read(statement(ROW + old + "REPLACE", ROW.replace("A1", "A2") + old + "DELETE"))

    (row,) = [record for record in records if isinstance(record, TransactionRecord)]
    (gone,) = [record for record in records if isinstance(record, RemovalRecord)]
    assert (row.external_id, row.pending_external_id) == ("A1", "A0")
    assert (gone.account, gone.external_id, gone.line) == (row.account, "A0", row.line + 1)
    assert codes(records) == ["correction-replaces", "correction-deletes"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("<CORRECTACTION>REPLACE", 1),
        ("<CORRECTFITID>000<CORRECTACTION>REPLACE", 1),
        ("<CORRECTFITID>A0", 1),
        ("<CORRECTFITID>A0<CORRECTACTION>UNDO", 1),
        ("<CORRECTACTION>DELETE", 0),
    ],
)
def test_corrections_of_nothing_touch_nothing(said: str, kept: int) -> None:
    records = read(statement(ROW + said))

    found = [record for record in records if isinstance(record, TransactionRecord)]
    assert [row.pending_external_id for row in found] == [None] * kept
    assert not any(isinstance(record, RemovalRecord) for record in records)
    assert codes(records) == ["correction-unreadable"]


def test_currencies_of_rows() -> None:
    converted = "<ORIGCURRENCY><CURRATE>1.1<CURSYM>EUR</ORIGCURRENCY>"
    foreign = "<CURRENCY><CURRATE>1.1<CURSYM>EUR</CURRENCY>"

    first, second = rows(statement(ROW + converted, ROW + foreign))

    assert (first.currency, first.extra) == (
        "USD",
        {"original_currency": "EUR", "currency_rate": "1.1"},
    )
    assert second.currency == "EUR"
    assert codes(read(statement(ROW + converted, ROW + foreign))) == ["row-in-other-currency"]


def test_a_statement_without_currency_takes_that_of_the_connection() -> None:
    known = read(statement(ROW, curdef=""), currency="JPY")
    unknown = read(statement(ROW, curdef="12"))

    assert [r.currency for r in known if isinstance(r, TransactionRecord)] == ["JPY"]
    assert [r.currency for r in unknown if isinstance(r, TransactionRecord)] == ["XXX"]
    assert codes(known) == codes(unknown) == ["currency-assumed"]


def test_balances_are_as_of_their_day() -> None:
    after = (
        "<LEDGERBAL><BALAMT>-100,50<DTASOF>20260331143000[-5:EST]</LEDGERBAL>"
        "<AVAILBAL><BALAMT>7<DTASOF>20260331</AVAILBAL>"
    )

    ledger, available = balances(read(statement(after=after)))

    assert (ledger.kind, ledger.amount) == (BalanceKind.CURRENT_LEDGER, Decimal("-100.50"))
    assert (str(ledger.as_of), ledger.as_of_time) == ("2026-03-31", "14:30")
    assert (available.kind, available.as_of_time) == (BalanceKind.CURRENT_AVAILABLE, None)


def test_balances_without_day_or_amount_are_told() -> None:
    after = (
        "<LEDGERBAL><BALAMT>1.00<DTASOF>00000000</LEDGERBAL>"
        "<AVAILBAL><BALAMT><DTASOF>20260331</AVAILBAL>"
    )

    records = read(statement(after=after))

    assert [r.amount for r in records if isinstance(r, SummaryRecord)] == [Decimal("1.00")]
    assert codes(records) == ["balance-date", "balance-missing"]


def test_figures_that_the_bank_names_are_kept_apart() -> None:
    figure = "<BAL><NAME>A very long name of a figure<DESC>x<BALTYPE>DOLLAR<VALUE>5.00</BAL>"
    share = "<BAL><NAME>Rate<DESC>x<BALTYPE>PERCENT<VALUE>2.5</BAL>"
    after = f"<BALLIST>{figure}{figure}{share}</BALLIST>".replace(
        "</BAL>", "<DTASOF>20260331</BAL>"
    )

    records = read(statement(after=after))

    assert [balance.code for balance in balances(records)] == [
        "A very long name of",
        "A very long name o~2",
    ]
    assert codes(records) == ["figure-left-out"]


def test_figures_without_end_are_not_taken_in() -> None:
    figure = "<BAL><NAME>Same<VALUE>5.00</BAL>"
    ledger = "<LEDGERBAL><BALAMT>1<DTASOF>20260331</LEDGERBAL>"

    records = read(statement(after=f"{ledger}<BALLIST>{figure * 2_000}</BALLIST>"))

    named = balances(records)[1:]
    assert len({balance.code for balance in named}) == len(named) == 500
    assert {str(balance.as_of) for balance in named} == {"2026-03-31"}
    assert codes(records) == ["figure-left-out"] * 1_500


def test_a_currency_without_its_aggregate_is_one() -> None:
    (row,) = rows(statement(f"{ROW}<CURRENCY>EUR"))

    assert row.currency == "EUR"


def test_an_account_of_a_loan_has_its_number() -> None:
    loan = "<LOANACCTFROM><LOANACCTID>L-9<LOANTYPE>AUTO</LOANACCTFROM>"
    data = f"{HEADER}<OFX><LOANSTMTRS><CURDEF>USD{loan}</LOANSTMTRS></OFX>".encode()

    (account,) = [record for record in read(data) if isinstance(record, AccountRecord)]

    assert (account.number, account.type) == ("L-9", "loan")


@pytest.mark.parametrize(("close", "found"), [("60.00", []), ("61.00", ["closing-balance"])])
def test_a_closing_statement_is_proved(close: str, found: list[str]) -> None:
    closing = (
        "<CLOSING><FITID>C1<DTOPEN>20260301<DTCLOSE>20260331<BALOPEN>100.00"
        f"<BALCLOSE>{close}<DEPANDCREDIT>10.00<CHKANDDEBIT>-50.00</CLOSING>"
    )

    records = read(statement(after=closing))

    opening, closed = balances(records)
    assert (opening.kind, opening.amount) == (BalanceKind.OPENING_LEDGER, Decimal("100.00"))
    assert (str(opening.as_of), str(closed.as_of)) == ("2026-03-01", "2026-03-31")
    assert (closed.kind, closed.amount) == (BalanceKind.CLOSING_LEDGER, Decimal(close))
    totals = [r for r in records if isinstance(r, SummaryRecord)]
    assert [(t.code, t.amount) for t in totals] == [
        ("DEPANDCREDIT", Decimal("10.00")),
        ("CHKANDDEBIT", Decimal("-50.00")),
    ]
    assert codes(records) == found


def test_several_statements_have_accounts_of_their_own() -> None:
    one = statement(ROW).decode()
    body = one[one.index("<STMTTRNRS>") : one.index("</BANKMSGSRSV1>")]
    other = body.replace("000456789", "5").replace("<CURDEF>USD", "<CURDEF>KWD")
    body = body.replace("<FITID>A1", "<FITID>A2")

    records = read(one.replace("</BANKMSGSRSV1>", f"{other}{body}</BANKMSGSRSV1>").encode())

    accounts = [r.key for r in records if isinstance(r, AccountRecord)]
    assert accounts == ["123||000456789|CHECKING|USD", "123||5|CHECKING|KWD"]
    booked = [r.account for r in records if isinstance(r, TransactionRecord)]
    assert booked == [accounts[0], accounts[1], accounts[0]]


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("AB", "BC", "ABC"),  # overlapping periods
        ("AB", "AB", "AB"),  # one statement twice
        ("AA", "AB", "AAB"),  # twins within a statement are two bookings
        ("A", "AA", "AA"),
        ("AAB", "AAAB", "AABA"),
    ],
)
def test_what_two_statements_of_an_account_hold_counts_once(
    first: str, second: str, kept: str
) -> None:
    records = read(
        two_statements(*([ROW.replace("A1", one) for one in two] for two in (first, second)))
    )

    assert [r.external_id for r in records if isinstance(r, TransactionRecord)] == list(kept)
    assert codes(records) == ["row-in-two-statements"]


@pytest.mark.parametrize(
    "other", [ROW.replace("12.34", "12.35"), ROW.replace("0315", "0316"), ROW + "3"]
)
def test_other_rows_under_one_id_are_kept(other: str) -> None:
    for first, second in ([[ROW], [other]], [[ROW, other], [ROW, other]]):
        records = read(two_statements(first, second))

        found = [r for r in records if isinstance(r, TransactionRecord)]
        assert len(found) == len(first) + len(second)
        assert codes(records) == []


def two_statements(first: list[str], second: list[str]) -> bytes:
    one, other = statement(*first).decode(), statement(*second).decode()
    body = other[other.index("<STMTTRNRS>") : other.index("</BANKMSGSRSV1>")]
    return one.replace("</BANKMSGSRSV1>", f"{body}</BANKMSGSRSV1>").encode()


def test_a_statement_that_says_nothing_is_told() -> None:
    records = read(f"{HEADER}<OFX><STMTRS><CURDEF>USD</STMTRS></OFX>".encode())

    assert codes(records) == ["account-number-missing"]


def test_an_answer_that_refuses_is_told() -> None:
    refused = "<SIGNONMSGSRSV1><SONRS><STATUS><CODE>15500<SEVERITY>ERROR<MESSAGE>Bad</STATUS>"
    records = read(f"{HEADER}<OFX>{refused}</SONRS></SIGNONMSGSRSV1></OFX>".encode())

    assert codes(records) == ["bank-refused", "no-statement"]
    assert "15500: Bad" in next(r.message for r in records if isinstance(r, Finding))


def test_a_sign_against_its_type_is_told_once() -> None:
    records = read(statement(*[ROW.replace("-12.34", "12.34")] * 3))

    assert codes(records) == ["sign-against-type"]
    assert [r.amount for r in records if isinstance(r, TransactionRecord)] == [Decimal("12.34")] * 3


def test_what_is_no_tag_of_the_standard_is_kept_with_the_row() -> None:
    (row,) = rows(statement(f"{ROW}<CATEGORY>Food<ACCTBAL>-400.52"))

    assert row.extra == {"acctbal": "-400.52", "category": "Food"}


def test_the_account_of_somebody_else_is_kept_in_part() -> None:
    other = "<BANKACCTTO><BANKID>99<ACCTID>1234567890<ACCTTYPE>SAVINGS</BANKACCTTO>"

    (row,) = rows(statement(ROW + other))

    assert row.extra == {"to_account": "…7890", "to_bank": "99"}
