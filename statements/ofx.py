"""OFX and QFX: Open Financial Exchange 1.x (SGML) and 2.x (XML), read as a stream.

Sources: "Open Financial Exchange Specification" 1.6 and 2.2. Files of real banks deviate in many
ways; what is read otherwise than the specification has it comes as a finding. QFX is OFX with
elements of Intuit's own, which are read over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.records import Record
from statements.base import HEAD_BYTES, LINE_BYTES_MAX, ParseOptions, StatementFormat
from statements.findings import Findings
from statements.ofx_document import Document
from statements.ofx_scan import Scanner
from statements.ofx_text import Blocks, line_separator, narrow_pieces

_HEADER = re.compile(rb"OFXHEADER\s*+[:=]|<\?OFX\b", re.I)
_ROOT = re.compile(rb"<(?:[\w-]+:)?OFX(?:\s[^<>]*)?>", re.I)
_MESSAGES = re.compile(rb"<(?:\w{1,40}MSGSRSV1|(?:CC|INV)?STMTRS)>", re.I)
_MARKS: Final = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


@dataclass(frozen=True, slots=True)
class Ofx:
    """OFX 1.x and 2.x, of banks, cards and brokers."""

    @property
    def name(self) -> str:
        """The name of the format."""
        return "ofx"

    def recognise(self, head: bytes) -> int:
        """How surely this is OFX: its header or its root element is certain."""
        text = head[:HEAD_BYTES]
        for mark in _MARKS:
            text = text.removeprefix(mark)
        text = text.replace(b"\0", b"")  # UTF-16, as far as tags go
        if _HEADER.match(text.lstrip()) or (_HEADER.search(text) and _ROOT.search(text)):
            return 99
        if not text.lstrip().startswith(b"<"):
            return 0
        if _ROOT.search(text):
            return 95
        return 80 if _MESSAGES.search(text) else 0

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """The records of a document; see `StatementFormat.parse`.

        Raises `Unreadable` with code empty, no-ofx, doctype or text-too-long.
        """
        blocks = Blocks(chunks)
        findings = Findings()
        document = Document(options, findings)
        scanner = Scanner(blocks, blocks.separator, findings)
        for entry in scanner.entries():
            if entry.tag == "STMTTRN" and document.announced:
                transaction = document.row(entry)
                if transaction is not None:
                    yield transaction
            else:
                yield from document.take(entry)
            if findings.pending:
                yield from findings.drain()
            if blocks.findings:
                yield from blocks.findings
                blocks.findings.clear()
        yield from document.end(scanner.line())
        yield from findings.drain()

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The physical lines, without their ends; of a very long one, its beginning."""
        tail, separator = b"", b""
        for piece in narrow_pieces(chunks):
            separator = separator or line_separator(piece).encode("ascii")
            *whole, tail = (tail + piece).split(separator)
            yield from (line.rstrip(b"\r")[:LINE_BYTES_MAX] for line in whole)
            tail = tail[: LINE_BYTES_MAX + 1]
        if tail:
            yield tail.rstrip(b"\r")[:LINE_BYTES_MAX]


OFX: Final[StatementFormat] = Ofx()
