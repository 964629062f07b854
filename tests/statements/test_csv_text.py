"""The text of delimited files: encodings, line ends, odd bytes; nothing is dropped."""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from typing import Any

import pytest

from core.errors import Unreadable
from core.records import Finding, Record, TransactionRecord
from statements.base import LINE_BYTES_MAX, ParseOptions
from statements.csv import CSV
from statements.csv_text import FINDINGS_PER_CODE
from statements.profile import CsvProfile

TEXT = "Date;Text;Amount\n2024-01-01;Käse für 5 €;1,00\n2024-01-02;Brot;2,00\n"


def parse(content: bytes, **more: Any) -> list[Record]:
    profile = CsvProfile.model_validate(
        {
            "delimiter": ";",
            "dateFormat": "YMD",
            "decimalMark": ",",
            "currency": "EUR",
            "columns": {"postedDate": "Date", "amount": "Amount", "description": ["Text"]},
        }
        | more
    )
    return list(CSV.parse([content], ParseOptions(profile=profile)))


def texts(records: list[Record]) -> list[str]:
    return [record.description for record in records if isinstance(record, TransactionRecord)]


def codes(records: list[Record]) -> list[str]:
    return [record.code for record in records if isinstance(record, Finding)]


@pytest.mark.parametrize(
    "content",
    [
        TEXT.encode("utf-8"),
        TEXT.encode("utf-8-sig"),
        TEXT.encode("utf-16"),
        codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"),
        TEXT.encode("utf-16-le"),
        TEXT.encode("utf-16-be"),
        TEXT.encode("utf-32"),
        TEXT.replace("\n", "\r\n").encode("utf-8"),
        TEXT.replace("\n", "\r\r\n").encode("utf-8"),
        TEXT.replace("\n", "\r").encode("utf-8"),
        TEXT.rstrip("\n").encode("utf-8"),
    ],
)
def test_encodings_and_line_ends_are_told_from_the_bytes(content: bytes) -> None:
    records = parse(content)

    assert texts(records) == ["Käse für 5 €", "Brot"]
    assert codes(records) == []
    assert [r.line for r in records if isinstance(r, TransactionRecord)] == [2, 3]


def test_what_is_not_utf8_is_read_as_cp1252_and_reported() -> None:
    records = parse(TEXT.encode("cp1252"))

    assert texts(records) == ["Käse für 5 €", "Brot"]
    assert codes(records) == ["encoding-assumed"]


@pytest.mark.parametrize("encoding", ["cp1252", "iso-8859-15", "cp1250", "utf-16-le", "gb18030"])
def test_the_profile_may_name_the_encoding(encoding: str) -> None:
    records = parse(TEXT.encode(encoding), encoding=encoding)

    assert texts(records) == ["Käse für 5 €", "Brot"]
    assert codes(records) == []


def test_a_byte_order_mark_wins_over_the_profile() -> None:
    assert texts(parse(TEXT.encode("utf-8-sig"), encoding="cp1252"))[0] == "Käse für 5 €"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_a_profile_for_wide_letters_does_not_fit_plain_ones(encoding: str) -> None:
    with pytest.raises(Unreadable) as raised:
        parse(b"Date;Amount;Text\n2026-03-01;1,00;COFFEE\n", encoding=encoding)

    assert raised.value.code == "encoding-mismatch"


def test_broken_bytes_stay_visible() -> None:
    content = TEXT.encode("utf-8") + b"2024-01-03;cut \xc3;3,00\n"

    records = parse(content)

    assert texts(records)[2] == r"cut \xc3"
    assert codes(records) == ["bytes-undecodable"]


def test_undefined_bytes_of_cp1252_stay_visible() -> None:
    records = parse(b"Date;Text;Amount\n2024-01-01;a\x81b;1,00\n", encoding="cp1252")

    assert texts(records) == [r"a\x81b"]
    assert codes(records) == ["bytes-undecodable"]


def test_nul_bytes_and_lost_letters_are_reported() -> None:
    content = "Date;Text;Amount\n2024-01-01;a\0b;1,00\n2024-01-02;M\ufffdller;2,00\n".encode()

    records = parse(content)

    assert texts(records) == [r"a\x00b", "M\ufffdller"]
    assert codes(records) == ["nul-bytes", "replacement-characters"]


def test_many_odd_lines_are_counted_not_listed() -> None:
    records = parse(b"Date;Text;Amount\n" + b"2024-01-01;a\0b;1,00\n" * 1_000)

    assert codes(records) == ["nul-bytes"] * (FINDINGS_PER_CODE + 1)
    last = [record for record in records if isinstance(record, Finding)][-1]
    assert last.message.startswith("1000 lines")


def test_a_carriage_return_inside_a_row_costs_that_row() -> None:
    records = parse(b"Date;Text;Amount\n2024-01-01;a\rb;1,00\n2024-01-02;Brot;2,00\n")

    assert texts(records) == ["Brot"]
    assert codes(records) == ["row-unreadable"]


def test_a_hostile_line_ends_the_reading() -> None:
    with pytest.raises(Unreadable, match="A line is longer"):
        parse(b"Date;Text;Amount\n" + b"x" * (LINE_BYTES_MAX + 1))


def test_the_longest_line_is_still_read() -> None:
    long = b"2024-01-01;" + b"x" * (LINE_BYTES_MAX - 16) + b";1,00\n"

    records = parse(b"Date;Text;Amount\n" + long + b"2024-01-02;Brot;2,00\n")

    assert texts(records) == ["Brot"]
    assert codes(records) == ["row-unreadable"]


def test_a_million_columns_end_fast() -> None:
    line = b";" * 1_000_000 + b"\n"

    records = parse(b"Date;Text;Amount\n" + line + b"2024-01-02;Brot;2,00\n")

    assert texts(records) == ["Brot"]
    assert codes(records) == ["too-many-columns"]


def test_two_hundred_megabytes_of_zeros_end_at_once() -> None:
    taken = 0

    def zeros() -> Iterator[bytes]:
        nonlocal taken
        for _ in range(200):
            taken += 1
            yield bytes(1024 * 1024)

    profile = CsvProfile.model_validate(
        {
            "dateFormat": "YMD",
            "decimalMark": ".",
            "currency": "EUR",
            "columns": {"postedDate": "Date", "amount": "Amount"},
        }
    )
    with pytest.raises(Unreadable):
        list(CSV.parse(zeros(), ParseOptions(profile=profile)))
    assert taken <= 2


def test_lines_are_found_again() -> None:
    content = TEXT.replace("\n", "\r\n").encode("utf-8")

    assert list(CSV.lines([content])) == TEXT.encode("utf-8").split(b"\n")[:-1]
    assert list(CSV.lines([TEXT.encode("utf-16")]))[2] == b"2024-01-02;Brot;2,00"
