"""CAMT.052, .053 and .054: ISO 20022 reports, statements and notifications, read as a stream.

Sources: ISO 20022 message definitions camt.052.001, camt.053.001 and camt.054.001, versions 01 to
14. Files of real banks deviate; what is read otherwise than the definition has it is a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

from core.errors import Unreadable
from core.records import Record, Severity
from statements.base import HEAD_BYTES, ParseOptions, StatementFormat
from statements.camt_document import Document
from statements.camt_events import Walker
from statements.camt_text import encoding_of, pieces, text_lines
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
        nested-too-deep, too-many-names or too-many-accounts.
        """
        findings = Findings()
        document = Document(options, findings)
        walker = Walker(document)
        records = document.records
        try:
            for piece in pieces(chunks, findings):
                walker.feed(piece)
                yield from records
                records.clear()
            walker.close()
        except expat.ExpatError as error:
            yield from records
            _broken(walker, error, findings)
        else:
            yield from records
            if not walker.found:
                raise Unreadable(
                    "no-statement",
                    "The document holds no account report, statement or notification (camt.052, "
                    ".053, .054); choose the format that it really has.",
                )
        yield from findings.drain()

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The physical lines as UTF-8; a document without line breaks is cut before its parts."""
        return text_lines(chunks)


def _broken(walker: Walker, error: expat.ExpatError, findings: Findings) -> None:
    """Says where the document stopped being XML, and what was not read. Raises `Unreadable`."""
    reason = expat.ErrorString(error.code) or "not well-formed"
    if not walker.found:
        raise Unreadable(
            "xml-malformed",
            f"The document is no XML from line {error.lineno} on ({reason}); fetch it again from "
            "the bank.",
            line=error.lineno,
        ) from error
    if walker.root_closed:
        findings.control(
            Severity.ERROR,
            "trailing-content",
            "More follows after the end of the document, and was not read; if these are further "
            "documents, import each by itself.",
            error.lineno,
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
        f"The document is cut off or damaged at line {error.lineno} ({reason}): nothing behind it "
        "was read; fetch it again from the bank.",
        error.lineno,
    )


CAMT: Final[StatementFormat] = Camt()
