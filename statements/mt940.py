"""MT940 and MT942: customer statements and interim reports of SWIFT, read as a stream.

Sources: SWIFT, "Category 9 - Cash Management and Customer Status", MT940, MT941, MT942, MT950; and
"Anlage 3 der Schnittstellenspezifikation" of the German banks for the sub-fields of :86:. Values
are read with the tags of `mt-940`. Its `parse` is not used: it takes a whole file at once, strips
lines, gives the text that follows :62F: to the last entry, puts an entry without a type over the
one before it, keeps the last :65: alone, and loses the whole file to one bad tag.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final

from core.errors import Unreadable
from core.records import Finding, Record
from statements.bai2_lines import fixed_blocks
from statements.base import HEAD_BYTES, ParseOptions, StatementFormat
from statements.csv_text import TextLines, byte_lines, wide_encoding
from statements.findings import Findings
from statements.mt940_document import Document
from statements.mt940_fields import Field, Usual, fields

DOS: Final = "cp852"  # what Central European banks write where it is not Windows

_HEADER = re.compile(rb"\{1:[A-Z][0-9]{2}[A-Z]{6}[^\r\n]{0,200}\{2:[IO]9(?:40|41|42|50)")
_FIRST = re.compile(rb"(?:^|[\r\n\x01])(?:\{[^\r\n]{0,400}\{4:)?:20:")
_LATER = re.compile(rb"[\r\n]:(?:25P?|28C?|60[FM]?|34F):")
_ENTRY = re.compile(rb"(?:^|[\r\n]):61:[0-9]{6}(?:[0-9 ]{4})?[ER]?[DC]")
_BALANCE = re.compile(rb"(?:^|[\r\n]):6[0245][FM]?:[DC][0-9]{6}[A-Z]{3}[0-9]")
_CP1252: Final = (
    "The text is not UTF-8 and was read as cp1252; if letters look wrong, ask the bank for UTF-8."
)
# Letters of DOS code pages lie where Windows has signs, letters of Windows where DOS draws boxes.
_DOS_LETTERS = re.compile(rb"[\x80-\x84\x87-\x90\x93\x94\x96-\x9a\xa0-\xa9]")
_WINDOWS_LETTERS = re.compile(rb"[\xc0-\xff]")


@dataclass(frozen=True, slots=True)
class Mt940:
    """MT940 and, told by what is in it, MT942, MT941 and MT950. Years have two digits: `Dates`."""

    @property
    def name(self) -> str:
        """The name of the format."""
        return "mt940"

    def recognise(self, head: bytes) -> int:
        """How surely this is MT940: a SWIFT header, or the first fields of a statement."""
        text = head[:HEAD_BYTES]
        wide = wide_encoding(text)
        if wide is not None:
            text = text.decode(wide, errors="replace").encode("utf-8")
        text = text.removeprefix(b"\xef\xbb\xbf")
        if _HEADER.search(text):
            return 99
        shown = sum(pattern.search(text) is not None for pattern in (_LATER, _ENTRY, _BALANCE))
        if _FIRST.search(text):
            return 90 + 3 * shown if shown else 30
        return 60 if _ENTRY.search(text) else 30 if shown else 0

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """The records of a document; see `StatementFormat.parse`.

        Raises `Unreadable` with code empty, no-statement, line-too-long, field-too-long or
        too-many-accounts.
        """
        blocks = fixed_blocks(chunks)
        head = next(blocks, b"")
        if not head.strip(b" \t\r\n\x00\x1a\xef\xbb\xbf"):
            raise Unreadable("empty", "The document is empty; fetch it again from the bank.")
        findings = Findings()
        encoding = _dos(head, findings)
        text = TextLines(chain([head], blocks), encoding)
        document = Document(options, findings)
        last = 1
        for found in fields(text):
            if text.findings:
                yield from _drained(text)
            if isinstance(found, Usual):
                rows = document.usual(found)
                if rows is not None:
                    yield from rows
                else:
                    for field in found.fields():
                        yield from _taken(document, field, findings)
                last = found.last
            else:
                yield from _taken(document, found, findings)
                last = found.line_end
        yield from _drained(text)
        yield from document.end(last)
        yield from findings.drain()

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The physical lines."""
        return byte_lines(chunks)


def _taken(document: Document, field: Field, findings: Findings) -> Iterator[Record]:
    """The records of one field."""
    if field.tag == "86":
        document.text(field)
    else:
        for record in document.take(field):
            if findings.pending:
                yield from findings.drain()
            yield record
    if findings.pending:
        yield from findings.drain()


def _dos(head: bytes, findings: Findings) -> str | None:
    """The DOS code page, where the first bytes are neither UTF-8 nor more likely Windows-1252."""
    if head.isascii() or wide_encoding(head) is not None:
        return None
    try:  # a letter may be cut in two at the end of the head
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        dos, windows = len(_DOS_LETTERS.findall(head)), len(_WINDOWS_LETTERS.findall(head))
    else:
        return None
    if dos <= windows:
        return None
    findings.info(
        "encoding-assumed",
        f"The text is not UTF-8 and was read as {DOS}, as its letters suggest; where they look "
        "wrong, ask the bank for UTF-8.",
        1,
    )
    return DOS


def _drained(text: TextLines) -> Iterator[Finding]:
    """What was odd about the text."""
    for finding in text.findings:
        # The sentence of that finding speaks of a CSV profile.
        yield finding._replace(message=_CP1252) if finding.code == "encoding-assumed" else finding
    text.findings.clear()


MT940: Final[StatementFormat] = Mt940()
