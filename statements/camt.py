"""CAMT.052, .053 and .054: ISO 20022 reports, statements and notifications, read as a stream.

Sources: ISO 20022 message definitions camt.052.001, camt.053.001 and camt.054.001, versions 01 to
14. A file may hold several documents, one behind another. Files of real banks deviate; what is read
otherwise than the definition has it is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Final
from xml.parsers import expat

from core.errors import Unreadable
from core.records import Record, Severity
from statements.base import HEAD_BYTES, ParseOptions, StatementFormat
from statements.camt_document import Document
from statements.camt_events import Walker
from statements.camt_files import DocumentBytes, documents
from statements.camt_text import encoding_of, joined_lines, pieces
from statements.findings import Findings

_MESSAGE: Final = re.compile(
    rb"<(?:[\w.-]+:)?BkToCstmr(?:AcctRpt|Stmt|DbtCdtNtfctn)(?:V[0-9]{2})?[\s/>]"
)
_NAMESPACE: Final = re.compile(rb"<[^<>]*xmlns[^<>]*camt\.05[234]\.001\.[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Camt:
    """The three bank-to-customer messages of all versions, with any namespace or none."""

    @property
    def name(self) -> str:
        """The name of the format."""
        return "camt"

    def recognise(self, head: bytes) -> int:
        """How surely this is CAMT: the element of a message is certain, its namespace nearly."""
        head = head[:HEAD_BYTES]
        encoding, mark = encoding_of(head)
        if encoding.startswith("utf-16"):
            head = head[mark:].decode(encoding, "replace").encode()
        if not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"<"):
            return 0
        if _MESSAGE.search(head):
            return 99
        return 80 if _NAMESPACE.search(head) else 0

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """The records of a document; see `StatementFormat.parse`.

        Raises `Unreadable` with code empty, doctype, no-statement, xml-malformed, text-too-long,
        nested-too-deep, too-many-names, too-many-accounts or too-many-documents.
        """
        findings = Findings()
        reading = _Reading(Document(options, findings), findings)
        for document in documents(chunks):
            yield from reading.document(document)
        reading.close()
        yield from findings.drain()

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The physical lines as UTF-8; a document without line breaks is cut before its parts."""
        return joined_lines(
            piece for document in documents(chunks) for piece in pieces(document.blocks, Findings())
        )


class _Reading:
    """One pass over the documents of a file."""

    def __init__(self, document: Document, findings: Findings) -> None:
        self._document = document
        self._findings = findings
        self._line = 1  # where the next piece begins
        self._found = False  # a message, in any document
        self._unread: list[tuple[int, Unreadable]] = []  # where they begin, and why

    def document(self, part: DocumentBytes) -> Iterator[Record]:
        """The records of one document; what is broken about it is a finding."""
        first = self._line
        walker = Walker(self._document, first)
        records = self._document.records
        broken: expat.ExpatError | None = None
        for piece in chain(pieces(part.blocks, self._findings, line=first), [None]):
            if broken is None:
                try:
                    if piece is None:
                        walker.close()
                    else:
                        walker.feed(piece)
                except expat.ExpatError as error:
                    broken = error
                yield from records
                records.clear()
            self._line += piece.count(b"\n") if piece is not None else 0
        walker.release()
        self._found = self._found or walker.found
        if not walker.found:
            self._unread.append((part.start, _unread(broken, first)))
        elif broken is not None:
            _broken(walker, broken, first, part.start, self._findings)
        if self._found:
            self._tell_unread()
        yield from self._findings.drain()

    def close(self) -> None:
        """Says that no document follows. Raises `Unreadable` where none could be read."""
        if not self._found:
            raise self._unread[0][1]

    def _tell_unread(self) -> None:
        for start, reason in self._unread:
            self._findings.control(
                Severity.ERROR,
                "document-unreadable",
                f"The document that begins at byte {start} of the file was not read. {reason}",
                reason.line or 1,
            )
        self._unread.clear()


def _unread(error: expat.ExpatError | None, first: int) -> Unreadable:
    """Why a document in which no message was found cannot be read."""
    if error is None:
        return Unreadable(
            "no-statement",
            "The document holds no account report, statement or notification (camt.052, "
            ".053, .054); choose the format that it really has.",
            line=first if first > 1 else None,
        )
    line = first - 1 + error.lineno
    return Unreadable(
        "xml-malformed",
        f"The document is no XML from line {line} on ({_reason(error)}); fetch it again from "
        "the bank.",
        line=line,
    )


def _reason(error: expat.ExpatError) -> str:
    return expat.ErrorString(error.code) or "not well-formed"


def _broken(
    walker: Walker, error: expat.ExpatError, first: int, start: int, findings: Findings
) -> None:
    """Says where a document stopped being XML, and what was not read."""
    line = first - 1 + error.lineno
    if walker.root_closed:
        findings.control(
            Severity.ERROR,
            "trailing-content",
            "More follows after the end of the document, and was not read; if these are further "
            "documents, import each by itself.",
            line,
        )
        return
    if walker.open_entry:
        findings.reject(
            "entry-incomplete",
            "The document breaks off within this entry; it was left out.",
            walker.open_entry,
            "Ntry",
        )
    findings.control(
        Severity.ERROR,
        "truncated",
        f"The document that begins at byte {start} of the file is cut off or damaged at line "
        f"{line} ({_reason(error)}): nothing of it behind that was read; fetch it again from the "
        "bank.",
        line,
    )


CAMT: Final[StatementFormat] = Camt()
