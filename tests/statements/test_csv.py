"""CSV statements: rows become transactions, bad rows become findings with their place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.records import (
    AccountRecord,
    Severity,
    TransactionRecord,
    TransactionStatus,
)
from statements.base import ParseOptions, StatementFormat
from statements.csv import CSV
from statements.csv_table import RECOVERIES_MAX
from tests.fixtures.csv_reading import HEADER, codes, findings, parse, rows


def test_csv_is_a_statement_format() -> None:
    form: StatementFormat = CSV

    assert form.name == "csv"


def test_a_row_becomes_a_transaction_of_the_default_account() -> None:
    records = parse(HEADER + "2024-01-31, Coffee   shop ,-4.50,\n")

    assert records == [
        AccountRecord(key="default", number=None, currency="EUR", line=2),
        TransactionRecord(
            account="default",
            amount=Decimal("-4.50"),
            currency="EUR",
            posted_date=date(2024, 1, 31),
            status=TransactionStatus.POSTED,
            description="Coffee shop",
            description_raw=" Coffee   shop ",
            line=2,
            line_end=2,
        ),
    ]


def test_all_mapped_columns_arrive() -> None:
    text = (
        "Date,Value,Bought,Text,Memo,Amount,Balance,Cur,Acc,Id,Ref,Cust,Type,Who,Cat,Orig,OCur,X,Code\n"
        "2024-01-31,2024-02-01,2024-01-30,Coffee,to go,-4.50,95.50,EUR,DE89370400440532013000,"
        "t1,r1,c1,POS,Shop,Food,-5.00,USD,extra,5814\n"
    )

    (row,) = rows(
        parse(
            text,
            {
                "description": ["Text", "Memo"],
                "valueDate": "Value",
                "transactionDate": "Bought",
                "runningBalance": "Balance",
                "currency": "Cur",
                "account": "Acc",
                "externalId": "Id",
                "reference": "Ref",
                "customerReference": "Cust",
                "typeCode": "Type",
                "merchant": "Who",
                "category": "Cat",
                "originalAmount": "Orig",
                "originalCurrency": "OCur",
                "mcc": "Code",
                "extra": ["X"],
            },
        )
    )

    assert row == TransactionRecord(
        account="DE89370400440532013000",
        amount=Decimal("-4.50"),
        currency="EUR",
        posted_date=date(2024, 1, 31),
        status=TransactionStatus.POSTED,
        description="Coffee to go",
        description_raw="Coffee\nto go",
        line=2,
        line_end=2,
        external_id="t1",
        transaction_date=date(2024, 1, 30),
        value_date=date(2024, 2, 1),
        reference="r1",
        customer_reference="c1",
        type_code="POS",
        merchant_name="Shop",
        category="Food",
        running_balance=Decimal("95.50"),
        extra={
            "X": "extra",
            "originalAmount": "-5.00",
            "originalCurrency": "USD",
            "mcc": "5814",
        },
    )


def test_two_identical_rows_are_two_transactions() -> None:
    row = "2024-01-31,Coffee,-4.50,\n"

    assert [record.line for record in rows(parse(HEADER + row + row))] == [2, 3]


def test_a_quoted_newline_spans_physical_lines() -> None:
    text = HEADER + '2024-01-31,"one\r\ntwo\r\n\r\nfour",1.00,\r\n2024-02-01,next,2.00,\r\n'

    first, second = rows(parse(text))

    assert (first.line, first.line_end, second.line) == (2, 5, 6)
    assert first.description_raw == "one\ntwo\n\nfour"
    assert first.description == "one two four"


def test_a_lost_quote_costs_one_row() -> None:
    text = HEADER + '2024-01-31,"lost,1.00,\n' + "2024-02-01,kept,2.00,\n" * 150

    records = parse(text)

    assert codes(records) == ["quote-unclosed"]
    assert findings(records)[0].line == 2
    assert [row.line for row in rows(records)] == list(range(3, 153))


def test_a_lost_quote_before_the_end_costs_one_row() -> None:
    records = parse(HEADER + '2024-01-31,"lost,1.00,\n2024-02-01,kept,2.00,\n')

    assert codes(records) == ["quote-unclosed"]
    assert [row.line for row in rows(records)] == [3]


def test_broken_quotes_everywhere_end_the_reading() -> None:
    text = HEADER + 'a"b,"c,d,e\n' * (RECOVERIES_MAX + 200)

    with pytest.raises(Unreadable, match="set `quote` to null"):
        parse(text)


def test_quotes_may_be_plain_text() -> None:
    (row,) = rows(parse(HEADER + '2024-01-31,"5 inch,1.00,\n', quote=None))

    assert row.description == '"5 inch'


@pytest.mark.parametrize(
    ("row", "code", "field"),
    [
        (",Coffee,1.00,", "date-missing", "postedDate"),
        ("soon,Coffee,1.00,", "date-unreadable", "postedDate"),
        ("2024-02-30,Coffee,1.00,", "date-unreadable", "postedDate"),
        ("1899-12-31,Coffee,1.00,", "date-out-of-range", "postedDate"),
        ("2200-01-01,Coffee,1.00,", "date-out-of-range", "postedDate"),
        ("2024-01-31,Coffee,,", "amount-missing", "amount"),
        ('2024-01-31,Coffee,"1,50",', "amount-unreadable", "amount"),
        ("2024-01-31,Coffee,=1+1,", "amount-unreadable", "amount"),
        ("2024-01-31,Coffee,+1+1,", "amount-unreadable", "amount"),
        (f"2024-01-31,Coffee,{'9' * 30},", "amount-unreadable", "amount"),
        ("2024-01-31,Coffee,USD 1.00,", "currency-mismatch", "amount"),
        ("2024-01-31,Coffee,1.00,a,shifted", "surplus-cells", None),
        ("2024-01-31", "amount-missing", "amount"),
        ("x," * 1_001, "too-many-columns", None),
    ],
)
def test_a_bad_row_is_a_finding_and_the_rest_is_read(
    row: str, code: str, field: str | None
) -> None:
    records = parse(HEADER + row + "\n2024-02-01,kept,2.00,\n")

    (finding,) = findings(records)
    assert (finding.code, finding.field, finding.line) == (code, field, 2)
    assert finding.rejected
    assert finding.severity is Severity.ERROR
    assert finding.raw == row[:500]
    assert finding.message.startswith("Line 2 ")
    assert [kept.line for kept in rows(records)] == [3]


def test_years_1900_and_2199_are_read() -> None:
    records = parse(HEADER + "1900-01-01,old,1,\n2199-12-31,new,1,\n")

    assert [row.posted_date for row in rows(records)] == [date(1900, 1, 1), date(2199, 12, 31)]


def test_formulas_in_text_are_text() -> None:
    (row,) = rows(parse(HEADER + "2024-01-31,=cmd|'/c calc'!A1,1.00,@SUM(A1)\n"))

    assert row.description_raw == "=cmd|'/c calc'!A1"


def test_a_bad_optional_cell_costs_only_itself() -> None:
    text = "Date,Text,Amount,Value,Balance\n2024-01-31,Coffee,1.00,never,much\n"

    records = parse(text, {"valueDate": "Value", "runningBalance": "Balance"})

    (row,) = rows(records)
    assert (row.value_date, row.running_balance) == (None, None)
    assert codes(records) == ["date-unreadable", "balance-unreadable"]
    assert [finding.rejected for finding in findings(records)] == [False, False]


def test_blank_rows_are_nothing() -> None:
    records = parse(HEADER + "\n,,,\n  , ,,\n2024-01-31,Coffee,1.00,\n\n")

    assert len(rows(records)) == 1
    assert findings(records) == []


def test_debit_and_credit_columns() -> None:
    text = (
        "Date,Text,Out,In\n"
        "2024-01-01,buy,10.00,\n"
        "2024-01-02,pay,,20.00\n"
        "2024-01-03,refund,-5.00,\n"
        "2024-01-04,zero beside,0.00,7.00\n"
        "2024-01-05,both,1.00,2.00\n"
        "2024-01-06,none,,\n"
    )
    pair = {"amount": None, "debit": "Out", "credit": "In"}

    records = parse(text, pair)

    amounts = [row.amount for row in rows(records)]
    assert amounts == [Decimal("-10"), Decimal("20"), Decimal("5"), Decimal("7")]
    assert codes(records) == ["amount-both-sides", "amount-missing"]


def test_a_pair_may_carry_its_own_signs() -> None:
    text = "Date,Text,Out,In\n2024-01-01,buy,-10.00,\n2024-01-02,pay,,20.00\n"
    pair = {"amount": None, "debit": "Out", "credit": "In"}

    records = parse(text, pair, signedPair=True)

    assert [row.amount for row in rows(records)] == [Decimal("-10"), Decimal("20")]


def test_an_indicator_says_the_sign() -> None:
    text = HEADER + "2024-01-01,a,1.00,Af\n2024-01-02,b,2.00,BIJ \n2024-01-03,c,3.00,Maybe\n"

    records = parse(text, {"indicator": "More"}, debitValues=["af"], creditValues=["Bij"])

    assert [row.amount for row in rows(records)] == [Decimal(-1), Decimal(2)]
    assert codes(records) == ["indicator-unknown"]


def test_a_card_shows_money_out_as_positive() -> None:
    records = parse(HEADER + "2024-01-01,buy,10.00,\n2024-01-02,refund,-3.00,\n", negate=True)

    assert [row.amount for row in rows(records)] == [Decimal(-10), Decimal(3)]


def test_credit_marks_beside_the_number_are_never_negated() -> None:
    text = HEADER + "2024-01-01,buy,10.00,\n2024-01-02,paid,3.00 CR,\n2024-01-03,fee,1.00 DR,\n"

    records = parse(text, negate=True)

    assert [row.amount for row in rows(records)] == [Decimal(-10), Decimal(3), Decimal(-1)]


def test_status_values() -> None:
    text = HEADER + "2024-01-01,a,1.00,Booked\n,b,2.00,PENDING\n2024-01-03,c,3.00,declined\n"

    records = parse(text, {"status": "More"}, pendingValues=["Pending"], ignoredValues=["Declined"])

    assert [(row.status.value, row.posted_date) for row in rows(records)] == [
        ("posted", date(2024, 1, 1)),
        ("pending", None),
    ]
    assert codes(records) == ["pending-without-date", "rows-ignored"]


def test_no_profile_no_reading() -> None:
    with pytest.raises(Unreadable, match="--propose") as caught:
        list(CSV.parse([b"Date,Amount\n"], ParseOptions()))

    assert caught.value.code == "profile-required"


def test_nothing_at_all() -> None:
    for content in (b"", b"\n\n"):
        with pytest.raises(Unreadable):
            parse(content)
    assert codes(parse(HEADER)) == ["no-rows"]


@pytest.mark.parametrize("value", ["2024-01-31", "31.1.2024", "-4.50"])
def test_a_row_on_the_line_of_the_header_is_not_lost_in_silence(value: str) -> None:
    records = parse(f"{HEADER.rstrip()};,{value},Coffee\n2024-01-31,Tea,-3.00,\n")

    assert codes(records) == ["header-with-values"]
    assert len(rows(records)) == 1


@pytest.mark.parametrize("name", ["2024", "Jan 2024", "1", "30/360", "3.5", "Amount (1.00)"])
def test_numbers_are_names_of_columns_too(name: str) -> None:
    assert codes(parse(f"{HEADER.rstrip()},{name}\n2024-01-31,Tea,-3.00,,\n")) == []


def test_a_file_that_no_row_of_fits_says_so() -> None:
    assert codes(parse(HEADER + "x,y,z,\n")) == ["date-unreadable", "no-row-readable"]
