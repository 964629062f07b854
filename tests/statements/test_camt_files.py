"""CAMT files of several documents: each is read, whatever the others are like."""

from __future__ import annotations

import codecs
import itertools
import tracemalloc
from collections.abc import Iterator

import pytest

from core.errors import Unreadable
from core.records import Finding, TransactionRecord
from statements.base import ParseOptions
from statements.camt import CAMT
from tests.fixtures.camt_file import Entry, camt, statement
from tests.fixtures.camt_reading import codes, of, read, rows


def document(text: str, encoding: str = "utf-8", kind: str = "053", version: str = "08") -> bytes:
    head = f'<?xml version="1.0" encoding="{encoding}"?>\n'
    made = camt(statement(Entry(text=text)), kind=kind, version=version, head=head).decode()
    return made.encode(encoding)


def texts(data: bytes) -> list[str]:
    return [row.description for row in rows(data)]


BARE = camt(statement(Entry(text="BARE")), head="")
FIRST, SECOND, THIRD = document("FIRST"), document("SECOND", kind="052"), document("THIRD")


@pytest.mark.parametrize("between", [b"", b"\n", b"\r\n\r\n", b" " * 5_000, b"\x1a", b"<!-- - -->"])
def test_documents_behind_one_another_are_all_read(between: bytes) -> None:
    data = between.join([FIRST, SECOND, document("OLD", kind="054", version="02")])

    assert (texts(data), codes(data)) == (["FIRST", "SECOND", "OLD"], [])


def test_a_document_without_a_declaration_follows_another() -> None:
    assert (texts(BARE + b"\n" + BARE), codes(BARE + BARE)) == (["BARE", "BARE"], [])
    assert texts(FIRST + BARE + THIRD) == ["FIRST", "BARE", "THIRD"]


def test_each_document_has_its_own_encoding() -> None:
    names = ["utf-8", "iso-8859-1", "utf-16", "cp1250", "utf-16", "utf-8"]
    marked = codecs.BOM_UTF8 + document("Grüße")

    data = b"".join(document("Grüße", name) for name in names) + marked + b"\n" + marked + marked
    assert (texts(data), codes(data)) == (["Grüße"] * 9, [])
    for one, other in itertools.permutations(["utf-16-le", "utf-16-be", "iso-8859-1"], 2):
        assert texts(document("Straße", one) + document("Maß", other)) == ["Straße", "Maß"]


@pytest.mark.parametrize(
    "broken",
    [
        SECOND[: len(SECOND) // 2],
        SECOND.replace(b"</Ntry>", b"</Entry>"),
        SECOND.replace(b"SECOND", b"<![CDATA[SECOND"),
        SECOND.replace(b"</Stmt>", b"</Rpt>").replace(b"</BkToCstmr", b"<!-- </BkToCstmr"),
        SECOND[:60],
        b'<?xml version="1.0"?><pain/>',
    ],
)
def test_a_broken_document_says_its_place_and_loses_no_other(broken: bytes) -> None:
    findings = [found for found in of(read(FIRST + broken + THIRD), Finding) if found.control]

    assert [text for text in texts(FIRST + broken + THIRD) if text != "SECOND"] == [
        "FIRST",
        "THIRD",
    ]
    assert {found.code for found in findings} <= {"truncated", "document-unreadable"}
    assert f"at byte {len(FIRST)} of the file" in findings[0].message
    assert texts(broken + THIRD)[-1] == "THIRD"
    assert "at byte 0 of the file" in of(read(broken + THIRD), Finding)[-1].message


def test_an_attack_in_a_later_document_is_refused() -> None:
    attack = SECOND.replace(b"<Document", b'<!DOCTYPE d [<!ENTITY x "y">]><Document')

    with pytest.raises(Unreadable) as caught:
        read(FIRST + attack + THIRD)
    assert caught.value.code == "doctype"
    assert caught.value.line == FIRST.count(b"\n") + 2


def test_what_looks_like_a_document_in_a_text_or_comment_is_none() -> None:
    inner = '<![CDATA[<?xml version="1.0"?><Document></Document>]]>'
    data = camt(statement(Entry(text="INNER"), '<!-- <?xml version="1.0"?> -->', Entry(text="B")))
    data = data.replace(b"INNER", inner.encode())

    assert texts(data) == ['<?xml version="1.0"?><Document></Document>', "B"]
    assert codes(data) == []


def test_records_name_the_lines_of_the_file() -> None:
    flat = document("FLAT").replace(b"\n", b"")
    data = FIRST + flat + b"\r\n" + SECOND + flat
    lines = list(CAMT.lines([data]))

    for row in rows(data):
        assert b"<Ntry>" in lines[row.line - 1]
        assert row.description.encode() in b"".join(lines[row.line - 1 : row.line_end])


def test_chunks_of_any_size_give_the_same_records() -> None:
    data = b"\n".join([FIRST, document("Ä", "utf-16"), SECOND[:-40], BARE, BARE]) * 20
    for size in (1, 7, 4_095, 65_536):
        chunks = (data[at : at + size] for at in range(0, len(data), size))
        assert list(CAMT.parse(chunks, ParseOptions())) == read(data)


def test_many_documents_take_the_memory_of_one() -> None:
    def file() -> Iterator[bytes]:
        for _ in range(100):
            yield FIRST + b" " * 60_000

    tracemalloc.start()
    found = sum(isinstance(one, TransactionRecord) for one in CAMT.parse(file(), ParseOptions()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found == 100
    assert peak < 4 * 1024 * 1024


def test_documents_without_end_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("statements.camt_files.DOCUMENTS_MAX", 20)
    with pytest.raises(Unreadable) as caught:
        read(FIRST + b'<?xml version="1.0"?><a/>' * 20)
    assert caught.value.code == "too-many-documents"
