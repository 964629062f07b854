"""BAI2 bytes to lines to records: encodings, line ends, blocked files, limits."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.records import BalanceRecord, Finding, Record, TransactionRecord
from statements.bai2 import BAI2
from statements.base import LINE_BYTES_MAX, ParseOptions

LINES = (
    "01,122099999,123456789,040621,0200,1,,,2/",
    "02,031001234,122099999,1,040620,2359,USD,2/",
    "03,0975312468,,010,500000,,/",
    "16,165,1500000,1,DD1620,, DEALER PAYMENTS",
    "88,AND MORE",
    "49,2000000,4/",
    "98,2000000,1,6/",
    "99,2000000,1,8/",
)
FILE = "\n".join(LINES).encode()


def parse(*chunks: bytes) -> list[Record]:
    return list(BAI2.parse(chunks, ParseOptions()))


def findings(*chunks: bytes) -> list[Finding]:
    return [record for record in parse(*chunks) if isinstance(record, Finding)]


@pytest.mark.parametrize(
    "data",
    [
        FILE + b"\n",
        FILE.replace(b"\n", b"\r\n"),
        FILE.replace(b"\n", b"\r"),
        b"\xef\xbb\xbf" + FILE,
        FILE.replace(b"2/\n", b"2/" + b" " * 40 + b"\n"),
        FILE + b"\n\x1a",
        FILE + b"\n\n  \n",
    ],
    ids=["newline at the end", "crlf", "cr", "bom", "padding", "end-of-file mark", "blank lines"],
)
def test_same_file_however_it_was_written(data: bytes) -> None:
    assert parse(data) == parse(FILE)
    assert findings(FILE) == []


def test_line_numbers_count_blank_lines_and_are_those_of_lines() -> None:
    data = FILE.replace(b"\n", b"\r\n\r\n")

    (row,) = (record for record in parse(data) if isinstance(record, TransactionRecord))
    lines = list(BAI2.lines([data]))
    assert (row.line, row.line_end) == (7, 9)
    assert lines[row.line - 1] == LINES[3].encode()
    assert lines[row.line_end - 1] == LINES[4].encode()


def blocked(length: int, *lines: str) -> bytes:
    header = lines[0].replace("1,,,2/", f"1,{length},,2/")
    return b"".join(line.encode().ljust(length) for line in (header, *lines[1:]))


@pytest.mark.parametrize("length", [60, 80, 100])
def test_blocked_file_without_line_breaks(length: int) -> None:
    data = blocked(length, *LINES)

    assert parse(data) == parse(FILE)
    assert list(BAI2.lines([data]))[3] == LINES[3].encode()


def test_blocked_file_may_end_in_blanks_or_lack_its_last_padding() -> None:
    data = blocked(80, *LINES)

    assert parse(data + b" " * 400) == parse(FILE)
    assert parse(data.rstrip()) == parse(FILE)


def test_record_length_may_stand_in_a_continuation_of_the_header() -> None:
    lines = ("01,122099999,123456789/", "88,040621,0200,1,80,,2/", *LINES[1:6])
    trailers = ("98,2000000,1,6/", "99,2000000,1,9/")
    data = b"".join(line.encode().ljust(80) for line in (*lines, *trailers))

    assert [type(record) for record in parse(data)] == [type(record) for record in parse(FILE)]


def test_length_that_does_not_fit_is_not_believed() -> None:
    data = b"".join(line.encode() for line in (LINES[0].replace("1,,,", "1,80,,"), *LINES[1:3]))

    assert any(isinstance(record, BalanceRecord) for record in parse(data))


@pytest.mark.parametrize(
    ("line", "texts"),
    [
        ("16,142,2500,Z,,,PAYPAL   PPD/ 16,142,500,Z,,,BANK/", ["PAYPAL PPD", "BANK"]),
        ("16,142,1,,,,A/\t16,142,2,,,,B", ["A", "B"]),
        ("16,142,1,,,,INV 05/16,2024", ["INV 05/16,2024"]),
        ("16,142,1,,,,HALF / 16,50 EUR", ["HALF / 16,50 EUR"]),
        ("16,142,1,,,,A/ 88,B/ 88,C/", ["A/ B/ C"]),
    ],
)
def test_several_records_on_one_line(line: str, texts: list[str]) -> None:
    data = "\n".join([*LINES[:3], line, "49,,/", "98,,,/", "99,,,/"]).encode()

    rows = [record for record in parse(data) if isinstance(record, TransactionRecord)]
    assert [row.description for row in rows] == texts
    assert {(row.line, row.line_end) for row in rows} == {(4, 4)}


def test_whole_file_on_one_line() -> None:
    lines = (*LINES[:3], "16,165,1500000,1,DD1620,,DEALER/", "49,2000000,3/", *LINES[6:])
    records = parse("   ".join(lines).encode().replace(b"1,6/", b"1,5/").replace(b"1,8/", b"1,7/"))

    assert [type(record).__name__ for record in records] == [
        "AccountRecord",
        "BalanceRecord",
        "TransactionRecord",
        "ProofRecord",
    ]


def test_bytes_that_are_no_utf8_are_read_as_windows_1252_and_reported_once() -> None:
    data = FILE.replace(b"DEALER", b"CAF\xc9 \x80").replace(b"AND MORE", b"\x81 \xc3\xa9")

    (row,) = (record for record in parse(data) if isinstance(record, TransactionRecord))
    (finding,) = findings(data)
    assert row.description == "CAF\u00c9 \u20ac PAYMENTS \u0081 \u00c3\u00a9"
    assert (finding.code, finding.line) == ("encoding-fallback", 4)


@pytest.mark.parametrize("lost", ["\ufffd".encode(), b"\x00"])
def test_lost_characters_are_reported(lost: bytes) -> None:
    data = FILE.replace(b"DEALER", b"DE" + lost)

    (row,) = (record for record in parse(data) if isinstance(record, TransactionRecord))
    (finding,) = findings(data)
    assert row.description == "DE\ufffd PAYMENTS AND MORE"
    assert (finding.code, finding.line) == ("unreadable-character", 4)


def test_text_before_the_header_is_left_out_and_reported() -> None:
    (finding,) = findings(b"$$ADD ID=XYZ\n\n" + FILE)

    assert (finding.code, finding.line) == ("leading-text", 1)


def test_text_after_a_record_is_left_out_and_reported() -> None:
    assert [f.code for f in findings(FILE + b"\nEND OF FILE\nEND")] == ["stray-text"]
    assert [f.code for f in findings(FILE + b"----")] == ["junk-after-slash"]


def test_slash_inside_a_field_does_not_end_the_record() -> None:
    data = FILE.replace(b"0975312468", b"09/75")

    records = parse(data)
    assert [r.amount for r in records if isinstance(r, BalanceRecord)] != []
    assert [f.code for f in findings(data)] == ["slash-in-field"]


def zeros() -> Iterator[bytes]:
    for _ in range(200):
        yield bytes(1024 * 1024)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "empty"),
        (b" \r\n\n", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (bytes(1000), "empty"),
        (FILE.decode().encode("utf-16"), "utf-16"),
        (FILE.decode().encode("utf-16-le"), "utf-16"),
        (FILE.decode().encode("utf-16-be"), "utf-16"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01" + bytes(range(256)) * 40, "no-file-header"),
        (b"date,amount\n2026-01-01,5\n", "no-file-header"),
        (b"03,1,USD,010,5,,/\n49,5,2/\n", "no-file-header"),
        (FILE[:9], "no-file-header"),
    ],
)
def test_what_is_no_bai2_is_unreadable_with_a_remedy(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        parse(data)

    assert caught.value.code == code


def test_200_megabytes_of_zeros_fail_on_the_first() -> None:
    source = zeros()

    with pytest.raises(Unreadable, match="only NUL"):
        list(BAI2.parse(source, ParseOptions()))

    assert sum(1 for _ in source) >= 198


def test_line_without_end_is_refused() -> None:
    with pytest.raises(Unreadable) as caught:
        parse(FILE, *[b"A" * 65536] * (LINE_BYTES_MAX // 65536 + 1))

    assert (caught.value.code, caught.value.line) == ("line-too-long", 8)


def test_line_of_the_largest_size_is_read() -> None:
    text = b"A" * (LINE_BYTES_MAX - 100)

    (row,) = (
        record
        for record in parse(FILE.replace(b"DEALER", text))
        if isinstance(record, TransactionRecord)
    )
    assert len(row.description) > LINE_BYTES_MAX - 100


@pytest.mark.parametrize("line", [b"88,A\n", b"A\n", b"88," + b"A" * 60000 + b"\n"])
def test_record_without_end_is_refused(line: bytes) -> None:
    head = "\n".join(LINES[:4]).encode() + b"\n"

    with pytest.raises(Unreadable) as caught:
        parse(head, line * 12000)

    assert (caught.value.code, caught.value.line) == ("record-too-long", 4)


@pytest.mark.parametrize(
    ("head", "percent"),
    [
        (FILE, range(95, 101)),
        (b"\xef\xbb\xbf\n\n" + FILE, range(95, 101)),
        (blocked(80, *LINES), range(95, 101)),
        (b"01,A,B/\n88,210616,1700,01,80,10,2/\n02,abc,def,1,212209,,USD,2/", range(85, 100)),
        (LINES[0].encode(), range(60, 95)),
        (b"$$ADD\n" + FILE, range(50, 70)),
        (b"03,1,USD,010,5,,/\n49,5,2/\n", range(10, 40)),
        (b"01,02,03\n2026,1,2\n", range(0, 40)),
        (b"date,amount\n2026-01-01,5\n", range(1)),
        (b"OFXHEADER:100\n", range(1)),
        (bytes(5000), range(1)),
        (b"", range(1)),
    ],
)
def test_recognised_by_content(head: bytes, percent: range) -> None:
    assert BAI2.recognise(head) in percent


def test_files_of_other_line_ends_may_be_put_together() -> None:
    one, other = FILE + b"\n", FILE.replace(b",1,,,2/", b",2,,,2/").replace(b"\n", b"\r")

    for data in (one + other, one.replace(b"\n", b"\r\n") + other):
        rows = [record for record in parse(data) if isinstance(record, TransactionRecord)]
        assert [(row.amount, row.description_raw) for row in rows] == [
            (Decimal("15000.00"), " DEALER PAYMENTS\nAND MORE")
        ] * 2
