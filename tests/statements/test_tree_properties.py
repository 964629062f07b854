"""JSON and XML by property: what is written is read back; damage ends in findings or a refusal."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.records import Finding, Record, TransactionRecord
from tests.fixtures.csv_reading import codes, rows
from tests.fixtures.tree_file import (
    ELEMENTS,
    LINES,
    NESTED,
    TreeAccount,
    TreeRow,
    elements,
    lines,
    nested,
    outcome,
    read_tree,
)

COFFEE: Final = TreeRow(day=date(2026, 3, 4), amount=Decimal("-3.50"), text="Café, {[\"'<&>")
ACCOUNTS: Final = [TreeAccount(rows=[COFFEE] * 3), TreeAccount(rows=[COFFEE], number="4711")]
SAMPLES: Final[dict[str, tuple[bytes, dict[str, Any]]]] = {
    "json": (nested(ACCOUNTS, indent=1), NESTED),
    "lines": (lines([COFFEE] * 4), LINES),
    "xml": (elements(ACCOUNTS), ELEMENTS),
}
bounded: Final = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
each_kind = pytest.mark.parametrize("kind", sorted(SAMPLES))

# Control characters cannot stand in XML, and blanks at the ends are layout there.
letters = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"])
texts = st.text(letters, max_size=20).filter(
    lambda text: text == text.strip() and not {"\ufffd", "\ufffe", "\uffff", "\ufeff"} & set(text)
)
written = st.builds(
    TreeRow,
    day=st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)),
    amount=st.decimals(min_value=-(10**12), max_value=10**12, places=2),
    text=texts,
    id=st.sampled_from(["1", "a-2", "x/3"]),
)
off: Final[st.SearchStrategy[object]] = st.sampled_from(
    [
        None,
        True,
        -1,
        "",
        "$",
        "[]",
        "a..b",
        "rows[]",
        "bank/account",
        "@id",
        "sum",
        ["text"],
        {},
        "XYZ",
    ]
)
accounts = st.builds(
    TreeAccount,
    rows=st.lists(written, max_size=5),
    number=st.sampled_from(["4711/0300", "DE02120300000000202051", "savings"]),
    opening=st.decimals(min_value=-(10**9), max_value=10**9, places=2),
)


@bounded
@given(st.lists(accounts, min_size=1, max_size=3), st.sampled_from([None, 1]))
def test_what_json_has_is_read_back(expected: list[TreeAccount], indent: int | None) -> None:
    compare(read_tree(nested(expected, indent=indent), NESTED), expected)


@bounded
@given(st.lists(accounts, min_size=1, max_size=3), st.sampled_from(["", "\n", "\r\n"]))
def test_what_xml_has_is_read_back(expected: list[TreeAccount], separator: str) -> None:
    compare(read_tree(elements(expected, separator=separator), ELEMENTS), expected)


@bounded
@given(st.lists(written, min_size=1, max_size=8))
def test_what_lines_have_is_read_back(expected: list[TreeRow]) -> None:
    found = rows(read_tree(lines(expected), LINES))

    assert [(row.posted_date, row.amount, row.description_raw) for row in found] == [
        (row.day, row.amount, row.text) for row in expected
    ]


@each_kind
@bounded
@given(data=st.data())
def test_the_records_do_not_depend_on_the_chunks(kind: str, data: st.DataObject) -> None:
    content, profile = SAMPLES[kind]
    cuts = data.draw(st.lists(st.integers(0, len(content)), max_size=20))
    edges = [0, *sorted(cuts), len(content)]

    assert outcome((content[a:b] for a, b in pairwise(edges)), profile) == outcome(content, profile)


@each_kind
def test_a_large_file_byte_by_byte_is_the_same_file(kind: str) -> None:
    content, profile = SAMPLES[kind]
    if kind == "lines":
        content = lines([COFFEE] * 2_000)
    elif kind == "json":
        content = nested([TreeAccount(rows=[COFFEE] * 2_000)])
    else:
        content = elements([TreeAccount(rows=[COFFEE] * 2_000)], separator="")
    assert len(content) > 2 * 64 * 1024

    whole = outcome(content, profile)

    assert len([one for one in whole if isinstance(one, TransactionRecord)]) >= 2_000
    assert outcome((bytes([byte]) for byte in content), profile) == whole


@each_kind
@bounded
@given(data=st.data())
def test_a_changed_byte_ends_in_records_or_a_refusal(kind: str, data: st.DataObject) -> None:
    content, profile = SAMPLES[kind]
    place = data.draw(st.integers(0, len(content) - 1))
    byte = data.draw(st.integers(0, 255))

    outcome(content[:place] + bytes([byte]) + content[place + 1 :], profile)


@each_kind
@bounded
@given(data=st.data())
def test_a_truncated_file_never_shows_a_part_of_a_row(kind: str, data: st.DataObject) -> None:
    content, profile = SAMPLES[kind]
    length = data.draw(st.integers(0, len(content.rstrip()) - 1))
    whole = [row for row in outcome(content, profile) if isinstance(row, TransactionRecord)]

    found = outcome(content[:length], profile)

    read = [row for row in found if isinstance(row, TransactionRecord)]
    assert read == whole[: len(read)]
    told = {one.code if isinstance(one, Finding) else one for one in found if says(one)}
    cut_between_lines = kind == "lines" and content[:length].rstrip().endswith(b"}")
    assert cut_between_lines or told & {"truncated", "json-malformed", "xml-malformed", "empty"}


@each_kind
@bounded
@given(content=st.binary(max_size=1_000))
def test_any_bytes_are_records_or_refused(kind: str, content: bytes) -> None:
    sample, profile = SAMPLES[kind]

    outcome(content, profile)
    outcome(sample[: len(sample) // 2] + content + sample[len(sample) // 2 :], profile)


@bounded
@given(st.text(alphabet='{}[]",:\\0123.-e truefalsn\n', max_size=200))
def test_any_text_of_these_letters_is_records_or_refused(text: str) -> None:
    outcome(text.encode(), LINES)
    outcome(b'{"accounts": [{"rows": [' + text.encode(), NESTED)


@pytest.mark.parametrize(
    "content",
    [
        b"[" * 200_000,
        b'{"accounts": ' * 50_000,
        b'{"accounts": [{"rows": [{"a": ' + b"[" * 200_000,
        b'{"x": "' + b"a" * 5_000_000,
        b'{"x": "' + b"\\" * 5_000_000,
        b'{"accounts": [{"rows": [{"text": "' + b"a" * 5_000_000,
        b'{"x": ' + b"1" * 5_000_000,
        b'{"x": [' + b"1, " * 1_000_000,
        b'{"accounts": [' + b'{"number": "1"},' * 50_000,
    ],
    ids=range(9),
)
def test_hostile_json_costs_little(content: bytes) -> None:
    began = time.process_time()

    found = outcome(content, NESTED)

    assert time.process_time() - began < 5
    assert any(says(one) for one in found)


def compare(records: list[Record], expected: list[TreeAccount]) -> None:
    found = rows(records)
    assert set(codes(records)) <= {"no-rows"}
    assert [
        (row.account, row.posted_date, row.amount, row.description_raw, row.external_id)
        for row in found
    ] == [
        (account.number, row.day, row.amount, row.text, row.id)
        for account in expected
        for row in account.rows
    ]


def says(one: Record | str) -> bool:
    return isinstance(one, str | Finding)


@each_kind
@bounded
@given(place=st.integers(0, 30), value=off, cut=st.integers(0, 200))
def test_a_profile_that_is_off_is_refused_or_what_it_misses_is_told(
    kind: str, place: int, value: object, cut: int
) -> None:
    content, profile = SAMPLES[kind]
    statement = profile.get("statement", {})
    keys = sorted({*profile, *statement} - {"format"})
    key = keys[place % len(keys)]
    changed = {"statement": {**statement, key: value}} if key in statement else {key: value}

    try:
        found = outcome(content[: len(content) - cut], {**profile, **changed})
    except ValidationError:
        return

    records = [one for one in found if not isinstance(one, str)]
    is_refused = len(records) < len(found)
    assert rows(records) or codes(records) or is_refused
