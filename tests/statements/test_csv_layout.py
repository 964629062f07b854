"""What stands around the rows of a CSV file: preambles, headers, footers, continuations."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import Unreadable
from statements.csv import CONTINUED_MAX
from tests.fixtures.csv_reading import HEADER, codes, findings, parse, rows


def test_a_preamble_of_counted_lines() -> None:
    (row,) = rows(parse("Bank\n\n" + HEADER + "2024-01-01,a,1.00,\n", preamble=2))

    assert row.line == 4


def test_the_delimiter_line_of_excel_is_no_header() -> None:
    (row,) = rows(parse("sep=,\n" + HEADER + "2024-01-01,a,1.00,\n"))

    assert row.line == 3


def test_a_preamble_until_the_header() -> None:
    text = 'Account,"12,34"\n\nStatement\n' + HEADER + "2024-01-01,a,1.00,\n"

    (row,) = rows(parse(text, preamble="until-header"))

    assert row.line == 5


def test_a_header_that_never_comes() -> None:
    with pytest.raises(Unreadable, match="No header row"):
        parse("a,b\n" * 1_000, preamble="until-header")


def test_counted_footer_rows_are_left_out() -> None:
    text = HEADER + "2024-01-01,a,1.00,\n2024-01-02,b,1.00,\nTotal,,2.00,\n\nEnd\n"

    records = parse(text, footerRows=2)

    assert len(rows(records)) == 2
    assert findings(records) == []


def test_named_footers_and_repeated_headers_are_left_out() -> None:
    text = HEADER + "2024-01-01,a,1.00,\nTotal 1,,1.00,\n" + HEADER + "2024-01-02,b,1.00,\n"

    records = parse(text, footerStartsWith=["Total"])

    assert [row.line for row in rows(records)] == [2, 5]
    assert findings(records) == []


def test_a_file_without_header() -> None:
    columns = {"postedDate": 0, "amount": "Sum", "description": [1]}

    (row,) = rows(
        parse("2024-01-01,a,1.00\n", columns, header=False, headerNames=["Day", "Text", "Sum"])
    )

    assert (row.line, row.amount) == (1, Decimal("1.00"))


def test_continuation_rows_go_on_with_the_description() -> None:
    text = (
        HEADER
        + "2024-01-01,CARD,1.00,\n,  SHOP 1,,\n,LONDON,,\n"
        + "bad,x,1,\n,belongs to the bad row,,\n2024-01-02,CASH,2.00,\n"
    )

    records = parse(text, continuationRows=True)

    first, second = rows(records)
    assert first.description == "CARD SHOP 1 LONDON"
    assert first.description_raw == "CARD\n  SHOP 1\nLONDON"
    assert (first.line, first.line_end, second.line) == (2, 4, 7)
    assert codes(records) == ["date-unreadable", "date-missing"]


def test_continuations_without_end_are_findings() -> None:
    text = HEADER + "2024-01-01,CARD,1.00,\n" + f",{'x' * 1_000},,\n" * 50

    records = parse(text, continuationRows=True)

    assert len(rows(records)[0].description) < CONTINUED_MAX + 2_000
    assert set(codes(records)) == {"date-missing"}


def test_a_missing_column_is_told_with_the_header() -> None:
    with pytest.raises(Unreadable, match=r'no column "Amount".*Datum, Betrag'):
        parse("Datum,Betrag\n", {"postedDate": "Datum"})


def test_a_missing_descriptive_column_is_a_warning() -> None:
    records = parse(HEADER + "2024-01-01,a,1.00,\n", {"reference": "Ref"})

    assert codes(records) == ["column-missing"]
    assert rows(records)[0].reference is None


def test_a_name_of_two_columns_needs_an_index() -> None:
    with pytest.raises(Unreadable, match="index from 0"):
        parse("Date,Text,Amount,amount\n", {})


def test_header_names_match_without_case_and_blanks() -> None:
    (row,) = rows(parse("\ufeff DATE ,text,A mount\n2024-01-01,a,1.00\n", {"amount": "a  MOUNT"}))

    assert row.amount == 1
