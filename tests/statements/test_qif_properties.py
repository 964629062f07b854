"""QIF by property: what is written is read back; any bytes end in records or a refusal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import Unreadable
from core.records import Record
from statements.base import ParseOptions
from statements.qif import QIF
from tests.fixtures.csv_reading import codes, rows
from tests.fixtures.qif_file import QifRow, QifStyle, qif, read_qif

SAMPLE: Final = (Path(__file__).parents[2] / "docs/samples/lakeside.qif").read_bytes()
bounded: Final = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
texts = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20
).filter(lambda text: "\ufffd" not in text and "\ufeff" not in text)
amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@st.composite
def written(draw: st.DrawFn) -> QifRow:
    parts = draw(st.lists(st.tuples(st.sampled_from(["Food", "[Savings]"]), amounts), max_size=3))
    amount = draw(amounts) if not parts else sum((part for _, part in parts), Decimal(0))
    return QifRow(
        day=draw(st.dates(min_value=date(1970, 1, 1), max_value=date(2068, 12, 31))),
        amount=amount,
        payee=draw(texts),
        memo=draw(texts),
        number=draw(st.sampled_from(["", "1042"])),
        category=draw(st.sampled_from(["", "Food:Coffee"])),
        splits=parts,
    )


styles = st.builds(
    QifStyle,
    order=st.sampled_from(["DMY", "MDY", "YMD"]),
    mark=st.sampled_from(".,"),
    grouped=st.booleans(),
    apostrophe=st.booleans(),
    separator=st.sampled_from(["\n", "\r\n", "\r"]),
)


def outcome(chunks: Iterable[bytes]) -> list[Record | str]:
    found: list[Record | str] = []
    try:
        found.extend(QIF.parse(chunks, ParseOptions(currency="EUR")))
    except Unreadable as error:
        found.append(error.code)
    return found


@bounded
@given(st.lists(written(), min_size=1, max_size=8), styles)
def test_what_is_written_is_read_back(expected: list[QifRow], style: QifStyle) -> None:
    # A day that decides the order stands first, as in all files but the shortest.
    first = QifRow(day=date(2026, 12, 31), amount=Decimal("-0.01"))

    records = read_qif(qif([first, *expected], style=style))

    found = rows(records)
    assert codes(records) == []
    assert [(row.posted_date, row.amount) for row in found[1:]] == [
        (row.day, row.amount) for row in expected
    ]
    assert [row.merchant_name for row in found[1:]] == [
        row.payee.strip() or None for row in expected
    ]
    assert [row.customer_reference for row in found[1:]] == [row.number or None for row in expected]
    assert [(row.extra or {}).get("splits", "").count("amount") for row in found[1:]] == [
        len(row.splits) for row in expected
    ]


@bounded
@given(st.lists(st.integers(min_value=0, max_value=len(SAMPLE)), max_size=20))
def test_the_records_do_not_depend_on_the_chunks(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(SAMPLE)]

    assert outcome(SAMPLE[start:end] for start, end in pairwise(edges)) == outcome([SAMPLE])


@bounded
@given(st.integers(min_value=0, max_value=len(SAMPLE) - 1), st.integers(0, 255))
def test_a_changed_byte_ends_in_records_or_a_refusal(place: int, byte: int) -> None:
    outcome([SAMPLE[:place] + bytes([byte]) + SAMPLE[place + 1 :]])


@bounded
@given(st.integers(min_value=1, max_value=len(SAMPLE) - 1))
def test_a_truncated_file_never_shows_a_part_of_a_row_as_a_whole_one(length: int) -> None:
    whole = [row.amount for row in rows_of(outcome([SAMPLE]))]

    found = [row.amount for row in rows_of(outcome([SAMPLE[:length]]))]

    # Without the line that calls it one, an opening balance is a row; lengths end in its record.
    assert found in (whole[: len(found)], [Decimal("1000.00")])


@bounded
@given(st.binary(max_size=2_000))
def test_any_bytes_are_records_or_refused(content: bytes) -> None:
    assert 0 <= QIF.recognise(content) <= 100
    outcome([content])
    outcome([b"!Type:Bank\n" + content])


@bounded
@given(st.text(alphabet="!^DTUPMNLSE$%C/.,'-0123456789 \n[]Type:Bank", max_size=400))
def test_any_text_of_these_letters_is_records_or_refused(text: str) -> None:
    outcome([b"!Type:Bank\n" + text.encode()])


def rows_of(found: list[Record | str]) -> list:  # type: ignore[type-arg]
    return rows([record for record in found if not isinstance(record, str)])
