"""XML files of any shape, read under a profile with paths; CAMT and OFX have their own readers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

from core.errors import Unreadable
from core.records import Record, Severity
from statements.base import HEAD_BYTES, ParseOptions, StatementFormat
from statements.camt_text import encoding_of, pieces, text_lines
from statements.findings import Findings
from statements.tree_document import TreeDocument, drained
from statements.tree_plan import Plan
from statements.tree_profile import TreeProfile
from statements.xml_walk import XmlWalker

_BEGINS: Final = re.compile(rb"\s*<(?:\?xml\b|!--|[A-Za-z_])")
_WEB_PAGE: Final = re.compile(rb"<(?:!doctype\s+html|html)\b", re.I)
_PARTS: Final = re.compile(rb"<(?=[A-Za-z_])")


@dataclass(frozen=True, slots=True)
class Xml:
    """XML that is neither CAMT nor OFX, with any namespaces or none."""

    @property
    def name(self) -> str:
        """The name of the format."""
        return "xml"

    def recognise(self, head: bytes) -> int:
        """How surely this is XML: it begins with a tag, and not that of a web page."""
        head = head[:HEAD_BYTES]
        encoding, mark = encoding_of(head)
        if encoding.startswith("utf-16"):
            head = head[mark:].decode(encoding, "replace").encode()
        head = head.removeprefix(b"\xef\xbb\xbf")
        return 60 if _BEGINS.match(head) and not _WEB_PAGE.search(head[:4096]) else 0

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """The records of a document; see `StatementFormat.parse`.

        Raises `Unreadable` with code profile-required, empty, rows-missing, doctype,
        xml-malformed, text-too-long, row-too-long, nested-too-deep, too-many-names,
        account-after-rows, currency-required or too-many-accounts.
        """
        profile = options.profile
        if not isinstance(profile, TreeProfile) or profile.format != "xml":
            raise Unreadable(
                "profile-required",
                "This XML is neither CAMT nor OFX, and does not say where its rows are and what "
                'they mean: save a profile for the connection, {"format": "xml", "rows": …, '
                '"fields": …}, as docs/statements.md shows.',
            )
        plan, findings = Plan(profile), Findings()
        document = TreeDocument(plan, options, findings)
        walker = XmlWalker(plan, document)
        try:
            for piece in pieces(chunks, findings, _PARTS):
                walker.feed(piece)
                yield from drained(document)
            walker.close()
        except expat.ExpatError as error:
            _broken(walker, document, error)
        document.close()
        yield from drained(document)

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The physical lines as UTF-8; a document without line breaks is cut before its tags."""
        return text_lines(chunks, _PARTS)


XML: Final[StatementFormat] = Xml()


def _broken(walker: XmlWalker, document: TreeDocument, error: expat.ExpatError) -> None:
    """Says where the document stopped being XML, and what was not read. Raises `Unreadable`."""
    reason = expat.ErrorString(error.code) or "not well-formed"
    if not document.found:
        raise Unreadable(
            "xml-malformed",
            f"The document is no XML from line {error.lineno} on ({reason}); fetch it again from "
            "its source.",
            line=error.lineno,
        ) from error
    if walker.root_closed:
        document.findings.control(
            Severity.ERROR,
            "trailing-content",
            "More follows after the end of the document, and was not read; if these are further "
            "documents, import each by itself.",
            error.lineno,
        )
        return
    if walker.open_row:
        document.reject(
            "row-incomplete",
            "The document breaks off within this row; it was left out.",
            walker.open_row,
        )
    document.findings.control(
        Severity.ERROR,
        "truncated",
        f"The document is cut off or damaged at line {error.lineno} ({reason}): nothing behind it "
        "was read; fetch it again from its source.",
        error.lineno,
    )
