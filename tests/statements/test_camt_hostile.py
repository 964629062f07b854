"""CAMT by damage: XML attacks, limits, encodings, files that break off."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from decimal import Decimal

import pytest

from core.errors import Unreadable
from core.records import Finding, TransactionRecord
from statements.base import LINE_BYTES_MAX, ParseOptions
from statements.camt import CAMT
from tests.fixtures.camt_file import Entry, balance, camt, details, simple, statement
from tests.fixtures.camt_reading import codes, of, read, rows

DOCUMENT = camt(statement(Entry(text="TEXT")), head="")
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


def refused(data: bytes) -> str:
    with pytest.raises(Unreadable) as caught:
        read(data)
    return caught.value.code


@pytest.mark.parametrize(
    "doctype",
    [
        "<!DOCTYPE Document>",
        f'<!DOCTYPE d [<!ENTITY l0 "ha">{LAUGHS}]>',
        '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE d SYSTEM "http://127.0.0.1:9/x.dtd">',
        '<!DOCTYPE d [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x.dtd"> %p;]>',
        '<!DOCTYPE d [<!ATTLIST Amt Ccy CDATA "USD">]>',
    ],
)
def test_a_doctype_ends_the_reading_before_it_declares_anything(doctype: str) -> None:
    body = DOCUMENT.replace(b"TEXT", b"&x;&l9;")

    assert refused(doctype.encode() + body) == "doctype"
    assert refused(f'<?xml version="1.0"?><!-- c -->{doctype}'.encode() + body) == "doctype"
    assert refused((doctype + body.decode()).encode("utf-16")) == "doctype"


def test_a_name_that_xml_does_not_know_stays_text() -> None:
    data = DOCUMENT.replace(b"TEXT", b"A&B &nbsp; &xxe; R&amp;D &#8364; &#0; &#x1F;")

    assert rows(data)[0].description == "A&B &nbsp; &xxe; R&D \u20ac \ufffd \ufffd"
    assert codes(data) == ["reference-unreadable"]


def test_cdata_and_comments_are_read_as_xml_has_them() -> None:
    data = DOCUMENT.replace(b"TEXT", b"<![CDATA[A & <B>]]><!-- no & -->!")

    assert rows(data)[0].description == "A & <B>!"
    assert codes(data) == []


@pytest.mark.parametrize(
    "data",
    [
        b"<a>" * 70 + DOCUMENT + b"</a>" * 70,
        DOCUMENT.replace(b"TEXT", b"<x>" * 70 + b"</x>" * 70),
        DOCUMENT.replace(b"TEXT", b"<x>" * 1_000_000),
    ],
)
def test_deep_nesting_ends_the_reading(data: bytes) -> None:
    assert refused(data) == "nested-too-deep"


def endless(head: bytes, part: bytes) -> Iterator[bytes]:
    yield head
    while True:
        yield part


@pytest.mark.parametrize(
    ("head", "part"),
    [
        (b"<Document><BkToCstmrStmt><Stmt><Id>", b"x" * 65_536),
        (b'<Document a="', b"x" * 65_536),
        (b"<!-- ", b"<" * 65_536),
        (b"<Document>", b"\n" * 65_536),
    ],
)
def test_what_never_ends_is_given_up(head: bytes, part: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        list(CAMT.parse(endless(head, part), ParseOptions()))

    assert caught.value.code == "text-too-long"


def test_ever_new_names_are_given_up() -> None:
    names = "".join(f"<n{number}/>" for number in range(50_000))

    assert refused(DOCUMENT.replace(b"TEXT", names.encode())) == "too-many-names"


def test_a_long_text_is_cut_with_a_finding() -> None:
    data = camt(
        statement(Entry(text="x" * 30_000), Entry(inner="<AddtlNtryInf>y</AddtlNtryInf>" * 30_000))
    )

    assert [len(row.description_raw) <= 20_000 for row in rows(data)] == [True, True]
    assert codes(data) == ["text-cut", "text-cut"]


def test_memory_stays_bounded_while_entries_stream() -> None:
    entry = Entry(servicer="R").xml(code=True).encode()

    def chunks() -> Iterator[bytes]:
        yield DOCUMENT.partition(b"<Ntry>")[0]
        for _ in range(300):
            yield entry * 100
        yield b"</Stmt></BkToCstmrStmt></Document>"

    tracemalloc.start()
    count = sum(isinstance(one, TransactionRecord) for one in CAMT.parse(chunks(), ParseOptions()))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert count == 30_000
    assert peak < 8 * 1024 * 1024


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8", "UTF-8"),
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("iso-8859-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("iso-8859-15", "ISO-8859-15"),
        ("cp1250", "windows-1250"),
    ],
)
def test_the_encoding_is_that_of_mark_or_declaration(encoding: str, declared: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>\n'
    data = camt(statement(Entry(text="Café Müß")), head=head).decode().encode(encoding)

    assert CAMT.recognise(data) == 99
    assert rows(data)[0].description == "Café Müß"
    assert codes(data) == []


@pytest.mark.parametrize("declared", ["UTF-8", "EBCDIC-CP-US", "zlib", "utf-7"])
def test_letters_in_another_encoding_are_read_as_windows_1252(declared: str) -> None:
    head = f'<?xml version="1.0" encoding="{declared}"?>\n'
    entries = Entry(text="Café \u20ac"), Entry(text="na")
    data = camt(statement(*entries), head=head).decode().encode("cp1252")

    assert [row.description for row in rows(data)] == ["Café \u20ac", "na"]
    expected = (
        ["encoding-fallback"] if declared == "UTF-8" else ["encoding-unknown", "encoding-fallback"]
    )
    assert codes(data) == expected


def test_control_characters_are_shown_as_lost() -> None:
    data = DOCUMENT.replace(b"TEXT", b"A\x00B\x1fC\x0b\xef\xbf\xbe")

    assert rows(data)[0].description == "A\ufffdB\ufffdC\ufffd\ufffd"
    assert codes(data) == ["unreadable-character"]


@pytest.mark.parametrize(
    "head", [b"\n\n<?xml version='1.0'?>", b"<?xml version='1.1' encoding='UTF-8'?>", b"  ", b""]
)
def test_the_declaration_may_stand_anywhere_before_or_nowhere(head: bytes) -> None:
    assert len(rows(head + DOCUMENT)) == 1


@pytest.mark.parametrize("data", [b"", b" \n", bytes(5_000), b"\xef\xbb\xbf"])
def test_an_empty_document_is_unreadable(data: bytes) -> None:
    assert refused(data) == "empty"


def test_a_document_that_is_no_xml_is_unreadable() -> None:
    assert refused(b"<Document><a></b>") == "xml-malformed"


def test_a_document_that_breaks_off_keeps_what_was_whole_and_says_so() -> None:
    data = simple(Entry(servicer="A"), Entry(servicer="B"))
    cut = data[: data.index(b"</Ntry>", data.index(b">B<"))]
    findings = of(read(cut), Finding)

    assert [row.external_id for row in rows(cut)] == ["A"]
    assert [(f.code, f.rejected, f.control) for f in findings] == [
        ("entry-incomplete", True, False),
        ("truncated", False, True),
    ]


def test_a_document_damaged_between_entries_says_where() -> None:
    data = simple(Entry(servicer="A"), Entry(servicer="B"))
    broken = data.replace(b"</Ntry>\n<Ntry>", b"</Ntry>\n</Stmt></Stmt><Ntry>")
    findings = of(read(broken), Finding)

    assert len(rows(broken)) == 1
    assert [finding.code for finding in findings][-1] == "truncated"
    assert findings[-1].line == 7


@pytest.mark.parametrize("more", [b"<more/>", b"more", DOCUMENT[len("<Document ") :]])
def test_what_follows_the_document_is_told(more: bytes) -> None:
    data = DOCUMENT + b"\n" + more

    assert len(rows(data)) == 1
    assert codes(data) == ["trailing-content"]


def test_a_message_that_is_the_root_itself_is_read_to_its_end() -> None:
    root = DOCUMENT.partition(b">")[2].removesuffix(b"</Document>")
    with_unknown = root.replace(b"</GrpHdr>", b"<Unknown><x/></Unknown></GrpHdr>")

    assert codes(with_unknown) == []
    assert codes(with_unknown[:-3]) == ["truncated"]
    assert codes(with_unknown + b"<more/>") == ["trailing-content"]


def test_elements_that_are_not_known_are_passed_over() -> None:
    unknown = "<SplmtryData><Envlp><Ntry><Amt>9</Amt></Ntry></Envlp></SplmtryData>"
    data = camt(statement(unknown, Entry(inner=unknown + details(unknown)), unknown))

    assert [str(row.amount) for row in rows(data)] == ["12.50"]
    assert codes(data) == []


def test_blanks_without_end_before_a_document_take_no_time() -> None:
    started = time.process_time()

    assert refused(b" " * 1_000_000) == "empty"
    assert refused(b"x" + b" " * 900_000) == "xml-malformed"
    assert len(rows(b" " * 60_000 + DOCUMENT)) == 1
    assert time.process_time() - started < 2


def test_lines_are_those_that_records_name() -> None:
    data = simple(Entry(servicer="A"), Entry(servicer="B")).replace(b"\n", b"\r\n")
    lines = list(CAMT.lines([data]))

    for row in rows(data):
        assert f"<AcctSvcrRef>{row.external_id}<".encode() in lines[row.line - 1]


def test_a_document_without_line_breaks_is_cut_before_its_parts() -> None:
    batch = details('<Amt Ccy="EUR">10</Amt>', '<Amt Ccy="EUR">2.50</Amt>')
    data = simple(Entry(servicer="A"), Entry(servicer="B", inner=batch)).replace(b"\n", b"")
    lines = list(CAMT.lines([data]))

    assert len(lines) > 5
    assert [lines[row.line - 1].partition(b">")[0] for row in rows(data)] == [
        b"<Ntry",
        b"<TxDtls",
        b"<TxDtls",
    ]
    found = of(read(data.replace(b"112.50", b"1")), Finding)
    assert codes(data) == []
    assert all(finding.line is not None and finding.line <= len(lines) for finding in found)


def test_hostile_amounts_of_work_end_in_bounded_time() -> None:
    began = time.process_time()
    for data in (
        DOCUMENT.replace(b"TEXT", b"&" * 500_000),
        DOCUMENT.replace(b"TEXT", b"\xff<b>" * 60_000),
        DOCUMENT.replace(b"TEXT", b"\xe4 " * 400_000),
        DOCUMENT.replace(b"12.50", b"1" * (LINE_BYTES_MAX - 100)),
        DOCUMENT + b"<" * 1_000_000,
        b"<" * 1_000_000,
        camt(statement(*[balance("CLBD", "1")] * 5_000)),
    ):
        try:
            assert read(data)
        except Unreadable as error:
            assert error.code
    assert time.process_time() - began < 10


def test_nothing_is_lost_where_zero_amounts_stand() -> None:
    assert [row.amount for row in rows(simple(Entry(amount=Decimal("0.00"))))] == [Decimal(0)]


def test_an_entry_that_stands_in_no_statement_is_told() -> None:
    data = camt(statement(Entry())).replace(b"</BkToCstmrStmt>", b"%s</BkToCstmrStmt>")
    strays = (Entry().xml(code=True).encode(), b"<Sttmnt>" + Entry().xml(code=True).encode() * 2)

    for stray in (strays[0], strays[1] + b"</Sttmnt>"):
        records = read(data % stray)
        assert len([one for one in records if isinstance(one, TransactionRecord)]) == 1
        (told,) = [one for one in records if isinstance(one, Finding) and one.rejected]
        assert told.code == "entry-misplaced"
