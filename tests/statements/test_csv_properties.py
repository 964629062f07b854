"""Properties of the CSV reader that hold for any bytes, chunks and rows."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import Unreadable
from core.records import Finding, Record, TransactionRecord
from statements.base import ParseOptions
from statements.csv import CSV
from statements.csv_detect import propose, resemblance
from statements.profile import CsvProfile

INPUTS: Final = Path(__file__).parent / "csv"
PROFILE: Final = CsvProfile.model_validate(
    {
        "dateFormat": "YMD",
        "decimalMark": ".",
        "thousands": ",",
        "currency": "EUR",
        "continuationRows": True,
        "columns": {
            "postedDate": "Date",
            "amount": "Amount",
            "description": ["Text"],
            "runningBalance": "Balance",
        },
    }
)
HEADERLESS: Final = CsvProfile.model_validate(
    {
        "dateFormat": "DMY",
        "decimalMark": ",",
        "currency": "EUR",
        "header": False,
        "delimiter": ";",
        "columns": {"postedDate": 0, "debit": 1, "credit": 2, "account": 3},
    }
)
SAMPLE: Final = (
    'Date,Text,Amount,Balance\n2024-01-31,"two\nlines",1.00,5\nbad,ü,1.00,\n'
    '2024-02-01,"lost,2.00,\n,more,,\n2024-02-03,a\0b,"1,234.00",\n'
).encode()

cells = st.text(
    st.one_of(
        st.characters(codec="utf-8", exclude_characters="\r\0\ufffd"), st.sampled_from('",\n')
    )
)


def outcome(chunks: Iterator[bytes] | list[bytes], profile: CsvProfile) -> list[Record | str]:
    found: list[Record | str] = []
    try:
        found.extend(CSV.parse(chunks, ParseOptions(profile=profile)))
    except Unreadable as error:
        found.append(error.code)
    return found


@given(st.lists(st.integers(min_value=0, max_value=len(SAMPLE)), max_size=20))
def test_the_records_do_not_depend_on_the_chunks(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(SAMPLE)]
    chunks = [SAMPLE[start:end] for start, end in pairwise(edges)]

    assert outcome(chunks, PROFILE) == outcome([SAMPLE], PROFILE)


def test_a_large_file_byte_by_byte_is_the_same_file() -> None:
    content = SAMPLE + b"2024-02-03,a\xff,1.00,\n" * 20_000

    single = outcome((bytes([byte]) for byte in content), PROFILE)

    assert single == outcome([content], PROFILE)
    assert single == outcome(iter([content[:65_535], content[65_535:]]), PROFILE)


@given(
    st.lists(
        st.tuples(
            st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)),
            cells,
            st.decimals(min_value=-(10**13), max_value=10**13, places=2),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_what_the_standard_library_writes_is_read_back(
    rows: list[tuple[date, str, Decimal]],
) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(["Date", "Text", "Amount", "Balance"])
    for day, memo, amount in rows:
        writer.writerow([day.isoformat(), memo, f"{amount:f}", ""])

    records = outcome([text.getvalue().encode("utf-8")], PROFILE)

    found = [record for record in records if isinstance(record, TransactionRecord)]
    assert [(row.posted_date, row.description_raw, row.amount) for row in found] == rows


@given(st.binary(max_size=3_000))
def test_any_bytes_are_records_or_unreadable(content: bytes) -> None:
    for profile in (PROFILE, HEADERLESS):
        outcome([content], profile)
        outcome([b"Date,Text,Amount,Balance\n" + content], profile)


@settings(max_examples=60)
@given(st.binary(max_size=2_000))
def test_any_bytes_are_proposed_or_refused(content: bytes) -> None:
    assert 0 <= resemblance(content) <= 100
    try:
        proposal = propose(content)
    except Unreadable:
        return
    assert proposal.complete == (proposal.profile is not None)


@settings(max_examples=60)
@given(st.text(alphabet='0123456789.,;-+/"() \n\tABCDatum€', max_size=400))
def test_any_table_like_text_is_proposed_or_refused(text: str) -> None:
    try:
        proposal = propose(b"Date,Description,Amount\n" + text.encode("utf-8"))
    except Unreadable:
        return
    if isinstance(proposal.profile, CsvProfile):
        outcome([text.encode("utf-8")], proposal.profile)


@pytest.mark.parametrize("path", sorted(INPUTS.glob("*.csv")), ids=lambda path: path.stem)
def test_hostile_files_lose_no_line(path: Path) -> None:
    """Each physical line below the header is in a transaction or in a finding."""
    content = path.read_bytes()

    records = outcome([content], PROFILE)

    told: set[int] = set()
    for record in records:
        if isinstance(record, TransactionRecord):
            told.update(range(record.line, record.line_end + 1))
        elif isinstance(record, Finding) and record.line is not None:
            told.add(record.line)
    lines = list(CSV.lines([content]))
    wanted = {
        number
        for number, line in enumerate(lines, start=1)
        if line.strip(b", \t") and line != lines[0]
    }
    assert wanted - told == set()
