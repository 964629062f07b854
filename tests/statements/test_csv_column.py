"""CSV columns: what is read a column at a time is what each row says by itself, or nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from core.records import TransactionRecord
from statements.base import HEAD_BYTES, ParseOptions
from statements.csv import CSV
from statements.csv_column import ColumnReader
from statements.csv_row import RowIgnored, RowReader
from statements.csv_sign import RowRejected
from statements.csv_table import Run
from statements.profile import CsvProfile

HEADER = ["Date", "Value", "Amount", "Text", "More", "Ref", "Account", "Currency", "State", "Left"]
PROFILE: dict[str, Any] = {
    "dateFormat": "YMD",
    "decimalMark": ".",
    "thousands": ",",
    "pendingValues": ["open"],
    "ignoredValues": ["void"],
    "columns": {
        "postedDate": "Date",
        "valueDate": "Value",
        "amount": "Amount",
        "description": ["Text", "More"],
        "reference": "Ref",
        "account": "Account",
        "currency": "Currency",
        "status": "State",
        "runningBalance": "Left",
        "extra": ["More"],
    },
}
PLAIN = ["2026-03-01", "2026-03-02", "-1.50", "coffee", "", "R1", "DE1", "EUR", "", "10.00"]
ODD = {
    0: ["2026-03-31", "", "1026-03-01", "x"],
    1: ["", " ", "2026-02-30"],
    2: ["0.00", "-0", "1,234.50", "(3.00)", "x", "", "5 EUR", "5 USD"],
    3: ["", "  two  blanks ", "tab\there", "no\u00a0break", "| bar |", "\u2028"],
    4: ["more", " "],
    5: [" R2 ", ""],
    6: ["DE2", "de1", ""],
    7: ["eur", "USD", ""],
    8: ["OPEN", "void", "booked"],
    9: ["", "-0.00", "1,000.00", "x"],
}
cells = st.tuples(*(st.sampled_from([PLAIN[place]] * 6 + ODD[place]) for place in range(10)))
rows = st.lists(cells.map(list), min_size=1, max_size=6)


@settings(max_examples=150, deadline=None)
@given(rows=rows, negate=st.booleans())
def test_columns_say_what_their_rows_say(rows: list[list[str]], negate: bool) -> None:
    profile = CsvProfile.model_validate({**PROFILE, "negate": negate})
    reader = RowReader(profile, HEADER, ParseOptions(currency="EUR"))
    one_by_one: list[TransactionRecord] | None = []
    for line, row in enumerate([PLAIN, *rows], start=2):
        try:
            record = reader.read(row, line, line)
        except (RowRejected, RowIgnored):
            one_by_one = None
            continue
        if line > 2 and one_by_one is not None:
            one_by_one.append(record)
    told = reader.findings

    found = ColumnReader(reader).read(Run(rows, 3, [",".join(row) for row in rows]))

    if one_by_one is None or any(finding.line is not None for finding in told):
        assert found is None or found == one_by_one
    elif found is not None:
        assert [repr(record) for record in found] == [repr(record) for record in one_by_one]
    if all(row == PLAIN for row in rows):
        assert found is not None


def test_an_odd_row_in_a_long_file_changes_no_other() -> None:
    plain = [f"2026-03-01,{number}.25,coffee {number},R{number}" for number in range(9_000)]
    odd = [*plain[:6_000], '2026-03-02,"1,000.00","two\nlines",R', "x,1,bad date,R", *plain[6_000:]]
    profile = CsvProfile.model_validate(
        {
            "dateFormat": "YMD",
            "decimalMark": ".",
            "thousands": ",",
            "currency": "EUR",
            "columns": {"postedDate": 0, "amount": 1, "description": [2], "reference": 3},
            "header": False,
        }
    )

    expected, found = (
        [one for one in CSV.parse(["\n".join(lines).encode()], ParseOptions(profile=profile))
         if isinstance(one, TransactionRecord)]
        for lines in (plain, odd)
    )  # fmt: skip

    assert len("\n".join(plain)) > 4 * HEAD_BYTES
    (extra,) = (row for row in found if row.reference == "R")
    assert (extra.line, extra.line_end, extra.description) == (6_001, 6_002, "two lines")
    others = [row._replace(line=0, line_end=0) for row in found if row is not extra]
    assert others == [row._replace(line=0, line_end=0) for row in expected]
    assert found[-1].line == 9_003
