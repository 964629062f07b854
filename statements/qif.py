"""QIF, Quicken's interchange format: lists of accounts and their transactions, a letter a field.

Source: "QIF File Format" in the help of Quicken. It has no ids, no currency, no encoding, and
neither the order of a date nor a decimal mark; programs write it in many ways. What a whole file
shows decides (`qif_evidence`), else a profile does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from core.errors import Unreadable
from core.records import Record, Severity
from statements.base import HEAD_BYTES, ParseOptions, StatementFormat
from statements.csv_text import TextLines, byte_lines, wide_encoding
from statements.qif_document import Document
from statements.qif_evidence import Dates, Evidence, Marks
from statements.qif_profile import QifProfile
from statements.qif_scan import Entry, Header, parts

HELD_MAX: Final = 4 * 1024 * 1024  # characters that wait for the date that decides the order
PART_SIZE: Final = 100  # what a header or record takes beside its text
_LINE_ENDS: Final = (b"\n", b"\r", b"\n\0", b"\r\0", b"\x1a", b"^", b"^\0")
_HEADER = re.compile(
    rb"^[ \t]*!(?:type[ \t]*:|account[ \t]*\r?$|option[ \t]*:|clear[ \t]*:)", re.I | re.M
)


@dataclass(frozen=True, slots=True)
class Qif:
    """QIF of banks, cards, cash and brokers."""

    @property
    def name(self) -> str:
        """The name of the format."""
        return "qif"

    def recognise(self, head: bytes) -> int:
        """How surely this is QIF: a header on the first line is nearly certain."""
        text = head[:HEAD_BYTES]
        wide = wide_encoding(text)
        if wide is not None:
            text = text.decode(wide, errors="replace").encode("utf-8")
        text = text.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        found = _HEADER.search(text)
        if found is None:
            return 0
        return 60 if text[: found.start()].strip() else 97

    def parse(self, chunks: Iterable[bytes], options: ParseOptions) -> Iterator[Record]:
        """The records of a document; see `StatementFormat.parse`.

        Raises `Unreadable` with code empty, no-qif, line-too-long, currency-required,
        too-many-accounts, date-order-ambiguous, date-order-contradictory, decimal-mark-ambiguous
        or decimal-mark-contradictory.
        """
        return _Reading(chunks, options).records()

    def lines(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        """The physical lines."""
        return byte_lines(chunks)


QIF: Final[StatementFormat] = Qif()


class _Reading:
    """One pass over one file. Rows wait until something says how all dates and amounts are read."""

    def __init__(self, chunks: Iterable[bytes], options: ParseOptions) -> None:
        profile = options.profile if isinstance(options.profile, QifProfile) else None
        self._end = b""  # the last bytes of the file
        self._text = TextLines(self._watched(chunks), profile.encoding if profile else None)
        self._dates = Dates(profile.date_format if profile else None, options.dates)
        self._marks = Marks(profile.decimal_mark if profile else None)
        self._evidence = Evidence(self._dates, self._marks)
        self._document = Document(options, profile, self._dates, self._marks)
        self._held: list[Header | Entry] = []
        self._size = 0
        self._settled = False

    def records(self) -> Iterator[Record]:
        """The records of the file."""
        findings = self._document.findings
        for part in parts(self._text, findings):
            if self._text.findings:
                yield from self._text.findings
                self._text.findings.clear()
            yield from self._ready(part)
        yield from self._text.findings
        self._check_any()
        self._settle()
        for part in self._held:
            yield from self._taken(part)
        self._document.end()
        yield from findings.drain()

    def _ready(self, part: Header | Entry) -> Iterator[Record]:
        evidence = self._evidence.sees(part)
        if self._settled or not (evidence or self._held):
            yield from self._taken(part)
            return
        self._held.append(part)
        self._size += PART_SIZE + (0 if isinstance(part, Header) else part.size)
        if self._size > HELD_MAX or (self._dates.order and self._marks.mark):
            self._settle()
            held, self._held = self._held, []
            for one in held:
                yield from self._taken(one)

    def _settle(self) -> None:
        if not self._settled:
            self._dates.settle()
            self._marks.settle()
            self._settled = True

    def _taken(self, part: Header | Entry) -> Iterator[Record]:
        findings = self._document.findings
        if isinstance(part, Header):
            self._document.header(part)
        elif part.end == "" and not self._end.endswith(_LINE_ENDS):
            findings.reject(
                "record-cut-off",
                "The file ends within this record; it was left out.",
                part.line,
                raw=part.raw,
            )
            findings.control(
                Severity.ERROR,
                "truncated",
                "The file ends in the middle of a line: it was cut off. Fetch it again.",
                part.line_end,
            )
        else:
            for record in self._document.take(part):
                yield from findings.drain()
                yield record
        if findings.pending:
            yield from findings.drain()

    def _check_any(self) -> None:
        if not self._text.number:
            raise Unreadable("empty", "The file is empty; fetch it again.")
        if not self._evidence.any:
            raise Unreadable(
                "no-qif", "The file has no header such as !Type:Bank and no records: it is no QIF."
            )

    def _watched(self, chunks: Iterable[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._end = (self._end + chunk)[-2:]
            yield chunk
