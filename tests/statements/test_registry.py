"""Formats are told apart by content, and what is no statement is refused with a reason."""

from __future__ import annotations

import gzip
import time

import pytest

from core.errors import Unreadable
from statements.base import HEAD_BYTES
from statements.registry import FORMATS, by_name, detect, refusal

BAI2_FILE = (
    b"01,122099999,123456789,150623,0200,1,,,2/\n"
    b"02,031001234,122099999,1,150620,2359,,2/\n"
    b"03,0123456789,USD,010,+4350000,,,040,2830000,,/\n"
    b"16,165,1500000,1,DD1620,,DEALER PAYMENTS\n"
    b"49,8680000,3/\n98,8680000,1,5/\n99,8680000,1,7/\n"
)
MT940_FILE = b"{1:F01HBBKDEFFAXXX0000000000}{2:I940HARBORTEXXXXN}{4:\n:20:X\n:25:4711\n"
OFX_FILE = b"OFXHEADER:100\nDATA:OFXSGML\n\n<OFX><SIGNONMSGSRSV1>"
CAMT_FILE = b"<Document><BkToCstmrStmt><Stmt/></BkToCstmrStmt></Document>"
QIF_FILE = b"!Type:Bank\nD1/2/24\nT-1.00\n^\n"
CSV_FILE = b"Date,Description,Amount\n2024-01-31,Coffee,-4.50\n"


def test_the_names_are_unique() -> None:
    names = [candidate.name for candidate in FORMATS]

    assert sorted(names) == ["bai2", "camt", "csv", "json", "mt940", "ofx", "qif", "xml"]


def test_formats_are_told_by_content() -> None:
    for content, name in (
        (BAI2_FILE, "bai2"),
        (CAMT_FILE, "camt"),
        (CSV_FILE, "csv"),
        (MT940_FILE, "mt940"),
        (OFX_FILE, "ofx"),
        (QIF_FILE, "qif"),
        (b'{"error": "session expired"}', "json"),
        (b'\xef\xbb\xbf [ {"id": 1}, {"id": 2} ]', "json"),
        (b'{"id": 1}\n{"id": 2}\n', "json"),
        (b'<?xml version="1.0"?><Export><Row/></Export>', "xml"),
        ("\ufeff<Export><Row/></Export>".encode("utf-16-le"), "xml"),
    ):
        found = detect(content)

        assert found is not None
        assert found.name == name


def test_a_format_is_found_by_name() -> None:
    assert by_name("CSV").name == "csv"
    with pytest.raises(Unreadable, match="known are bai2, camt, csv, json, mt940, ofx, qif, xml"):
        by_name("pdf")


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"", "empty", "empty"),
        (b" \r\n\t", "empty", "blanks"),
        (bytes(200_000), "only-nul-bytes", "NUL"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "binary-file", "JPEG"),
        (b"\x89PNG\r\n\x1a\n", "binary-file", "PNG"),
        (b"%PDF-1.7", "binary-file", "PDF"),
        (gzip.compress(BAI2_FILE), "binary-file", "gzip"),
        (b"PK\x03\x04xl/workbook.xml", "binary-file", "ZIP"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "binary-file", "old Excel"),
        (b":20:X\nDear customer", "format-unrecognised", "known format"),
        (b"<!DOCTYPE html><html>Please log in", "format-unsupported", "web page"),
        (b"<?xml version='1.0'?><html xmlns='x'>Please log in", "format-unsupported", "XML"),
        (b"{1:F01 nothing more", "format-unrecognised", "known format"),
        (b"Dear customer, your statement is ready.", "format-unrecognised", "known format"),
    ],
)
def test_what_is_no_statement_is_refused_with_a_reason(
    content: bytes, code: str, words: str
) -> None:
    error = refusal(content[:HEAD_BYTES])

    assert detect(content[:HEAD_BYTES]) is None
    assert error.code == code
    assert words in error.message


@pytest.mark.parametrize("head", [b" ", b"\n", b"\n ", b"/", b"<?xml ", b"OFXHEADER"])
def test_recognising_takes_no_time_whatever_repeats(head: bytes) -> None:
    started = time.process_time()

    detect(head * HEAD_BYTES)
    assert time.process_time() - started < 1
