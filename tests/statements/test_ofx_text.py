"""OFX text: headers, encodings, and tags as banks write them; what is refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.records import Finding, TransactionRecord
from statements.ofx import OFX
from tests.fixtures.ofx_file import HEADER, ROW, codes, read, rows, statement


@pytest.mark.parametrize(
    "row",
    [
        ROW,
        ROW.replace("<", "\n<"),
        "".join(f"<{part}</{part.split('>')[0]}>" for part in ROW.split("<")[1:]),
        ROW.replace("<MEMO>", "</NAME>\n\t<MEMO>"),
        ROW.replace("SHOP", "  SHOP  \r\n"),
        ROW.replace("SHOP", "<![CDATA[SHOP]]>"),
        ROW.replace("SHOP", "<!-- the name -->SHOP"),
        ROW.replace("TRNAMT", "trnamt").replace("<NAME", "<Name"),
        ROW.replace("<NAME>", '<NAME lang="en">'),
        ROW.replace("<MEMO>", "<MEMO >"),
        f"{ROW}<INTU.XYZ/>",
    ],
)
def test_tags_are_read_however_they_are_written(row: str) -> None:
    (found,) = rows(statement(row))
    (plain,) = rows(statement(ROW))

    assert found._replace(line=0, line_end=0) == plain._replace(line=0, line_end=0)


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("AT&amp;T", "AT&T"),
        ("AT&T & CO", "AT&T & CO"),
        ("TPAY &amp;lt;X&amp;gt;", "TPAY <X>"),
        ("caf&#233; &#xe9;&eacute;", "café éé"),
        ("&unknown; &#0; &#xD800;", "&unknown; &#0; &#xD800;"),
        ("A < B <3 <", "A < B <3 <"),
        ("a <b/> c", "a"),
    ],
)
def test_entities_are_read_and_bare_signs_stay(written: str, read_as: str) -> None:
    (row,) = rows(statement(ROW.replace("<MEMO>CARD 12", "").replace("SHOP", written)))

    assert row.description == read_as


@pytest.mark.parametrize(
    ("header", "name", "expected", "found"),
    [
        (HEADER, "Café".encode("cp1252"), "Café", []),
        (HEADER, "Café".encode(), "Café", ["encoding-assumed"]),
        (HEADER.replace("1252", "NONE"), "Café".encode(), "Café", []),
        (HEADER.replace("1252", "NONE"), "Café".encode("cp1252"), "Café", ["encoding-assumed"]),
        (HEADER.replace("1252", "8859-1"), "Café €".encode("cp1252"), "Café €", []),
        (HEADER.replace("1252", "ISO-8859-15"), "Café €".encode("iso8859-15"), "Café €", []),
        (HEADER.replace("1252", "1250"), "Łódź".encode("cp1250"), "Łódź", []),
        (HEADER, b"Caf\x81", "Caf\\x81", ["bytes-undecodable"]),
        (HEADER, b"A\x00B", "A\\x00B", ["nul-bytes"]),
        (
            HEADER.replace("1252", "NONE"),
            "A\ufffdB".encode(),
            "A\ufffdB",
            ["replacement-characters"],
        ),
    ],
)
def test_the_bytes_decide_the_encoding(
    header: str, name: bytes, expected: str, found: list[str]
) -> None:
    data = statement(ROW, header=header).replace(b"SHOP", name)

    records = read(data)

    (row,) = [record for record in records if isinstance(record, TransactionRecord)]
    assert row.description == f"{expected} CARD 12"
    assert codes(records) == found


def test_one_broken_letter_spoils_no_other() -> None:
    named = ROW.replace("SHOP", "Café")
    data = statement(named, named, named, header=HEADER.replace("1252", "NONE"))

    broken = data.replace("Café".encode(), b"Caf\xe9", 1)

    assert [row.description for row in rows(broken)] == [
        "Caf\\xe9 CARD 12",
        "Café CARD 12",
        "Café CARD 12",
    ]
    assert codes(read(broken)) == ["bytes-undecodable"]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig"])
def test_wide_text_and_marks_are_read(encoding: str) -> None:
    data = statement(ROW, header="").decode().encode(encoding)

    assert OFX.recognise(data) >= 95
    assert [row.description for row in rows(data)] == ["SHOP CARD 12"]


@pytest.mark.parametrize(
    "header",
    [
        "",
        "\n\n" + HEADER,
        HEADER.rstrip("\n"),
        HEADER.replace("\n", ""),
        HEADER.replace("\n", "\r\n"),
        '<?xml version="1.0" encoding="UTF-8"?>\n<?OFX OFXHEADER="200" VERSION="211"?>\n',
        '<?xml version="1.0"?><?OFX OFXHEADER="200"?>',
    ],
)
def test_headers_may_be_of_any_shape(header: str) -> None:
    data = statement(ROW, header=header)

    assert OFX.recognise(data) >= 95
    assert [row.amount for row in rows(data)] == [Decimal("-12.34")]
    assert codes(read(data)) == []


@pytest.mark.parametrize(
    "attack",
    [
        '<!DOCTYPE OFX [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
        '<!DOCTYPE OFX SYSTEM "http://127.0.0.1/evil.dtd">',
        '<!doctype ofx [<!entity x SYSTEM "file:///etc/passwd">]>',
        '<!ENTITY % x "y">',
    ],
)
@pytest.mark.parametrize("between", ["", "\n"])
def test_document_types_and_entities_are_refused(attack: str, between: str) -> None:
    data = statement(ROW, header=f'<?xml version="1.0"?>{between}{attack}{between}')

    with pytest.raises(Unreadable) as caught:
        read(data)

    assert caught.value.code == "doctype"


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"", "empty"), (b" \n", "empty"), (b"OFXHEADER:100\nDATA:OFXSGML\n", "no-ofx")],
)
def test_what_is_no_ofx_is_unreadable(data: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(data)

    assert caught.value.code == code


def test_an_excerpt_is_read_and_told() -> None:
    whole = statement(ROW)

    records = read(whole[whole.index(b"<STMTRS>") :])

    assert sum(isinstance(record, TransactionRecord) for record in records) == 1
    assert codes(records) == ["root-missing"]


def test_text_without_end_is_refused() -> None:
    with pytest.raises(Unreadable) as caught:
        read(statement(ROW.replace("SHOP", "A" * 3_000_000)))

    assert caught.value.code == "text-too-long"


def test_rows_that_are_not_closed_are_rows_all_the_same() -> None:
    data = statement(ROW, ROW.replace("A1", "A2")).replace(b"</STMTTRN>", b"")

    records = read(data)

    assert [row.external_id for row in rows(data)] == ["A1", "A2"]
    assert codes(records) == ["aggregate-unclosed"]


def test_a_row_in_which_the_file_ends_is_left_out() -> None:
    whole = statement(ROW, ROW.replace("A1", "A2").replace("12.34", "99.99"))

    records = read(whole[: whole.index(b"99.9") + 3])

    assert [r.external_id for r in records if isinstance(r, TransactionRecord)] == ["A1"]
    assert codes(records) == ["row-cut-off", "truncated"]
    assert [r.control for r in records if isinstance(r, Finding)] == [False, True]


def test_lines_can_be_found_again() -> None:
    data = statement(ROW, ROW.replace("A1", "A2")).replace(b"\n", b"\r\n")

    lines = list(OFX.lines([data[:50], data[50:]]))

    assert [b"A1" in lines[row.line - 1] for row in rows(data)] == [True, False]
    assert b"A2" in lines[rows(data)[1].line - 1]
    assert lines == data.split(b"\r\n")[:-1]
