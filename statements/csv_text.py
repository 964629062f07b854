"""Text of a delimited file: bytes in any chunks become decoded physical lines, counted from 1."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from core.errors import Unreadable
from core.records import Finding, Severity
from statements.base import HEAD_BYTES, LINE_BYTES_MAX

RECORD_LINES_MAX: Final = 100  # a quoted cell over more lines has lost its closing quote
FINDINGS_PER_CODE: Final = 20  # then a count: a million broken lines are one fact
FALLBACK: Final = "cp1252"
_WIDE: Final = ("utf-32", "utf-16")
_LINE_ENDS: Final = re.compile(r"[\r\n]+")
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


class QuoteUnclosed(Exception):
    """A quoted cell does not end within `RECORD_LINES_MAX` lines or before the file does."""


class TextLines(Iterator[str]):
    """Physical lines without their ends, for `csv.reader`, which asks again inside quotes.

    Blocks are cut at fixed offsets of the file, so lines and findings do not depend on how the
    bytes arrived. `findings` collects what was odd about the text; the reader drains it.
    """

    def __init__(self, chunks: Iterable[bytes], encoding: str | None) -> None:
        self.number = 0  # of the line handed out last
        self.record: list[str] = []  # the lines handed out since the record began
        self.findings: list[Finding] = []
        self._blocks = _Blocks(chunks, encoding)
        self._encoding = self._blocks.encoding
        self._odd: Counter[str] = Counter()
        self._lines: list[str] = []
        self._next = 0
        self._bom = True

    def __next__(self) -> str:
        if self._next == len(self._lines):
            self._fill()
        line = self._lines[self._next]
        record = self.record
        if record:
            if len(record) >= RECORD_LINES_MAX:
                raise QuoteUnclosed
            self._next += 1
            self.number += 1
            record.append(line)
            return "\n" + line
        self._next += 1
        self.number += 1
        record.append(line)
        return line

    def begin(self) -> int:
        """Starts a record; the number of its first line."""
        self.record = []
        return self.number + 1

    def each(self, count: int) -> Iterator[str]:
        """Up to `count` lines one by one, quotes or not."""
        for _ in range(count):
            self.begin()
            line = next(self, None)
            if line is None:
                return
            yield line

    def waiting(self) -> list[str]:
        """The lines of this block that come next, or those of the next block; none at the end."""
        self.begin()
        if self._next == len(self._lines):
            try:
                self._fill()
            except StopIteration:
                return []
        return self._lines[self._next :] if self._next else self._lines

    def ahead(self) -> tuple[list[str], int]:
        """The lines of this block, and the place among them of the one that comes next."""
        return self._lines, self._next

    def pass_over(self, count: int) -> None:
        """Counts lines that wait as handed out."""
        self._next += count
        self.number += count

    def retreat(self) -> None:
        """Hands all lines of the record but its first out again."""
        again = self.record[1:]
        self._lines[: self._next] = again
        self._next = 0
        self.number -= len(again)
        self.record = self.record[:1]

    def _fill(self) -> None:
        block = next(self._blocks, None)
        if block is None:
            if self.record:
                raise QuoteUnclosed
            self._summarise()
            raise StopIteration
        self._lines = self._text(block)
        self._next = 0

    def _text(self, block: bytes) -> list[str]:
        separator = self._blocks.separator
        if self._encoding is None and not block.isascii():
            self._encoding = self._detected(block.split(separator))
        encoding = self._encoding or "utf-8"
        try:
            text = block.decode(encoding)
        except UnicodeDecodeError:
            text = self._patched(block.split(separator), encoding, separator.decode("ascii"))
        if self._bom:
            text = text.removeprefix("\ufeff")
            self._bom = False
        lines = text.split(separator.decode("ascii"))
        if "\r" in text:
            lines = [line.rstrip("\r") for line in lines]
        if "\0" in text or "\ufffd" in text:
            lines = self._flagged(lines)
        return lines

    def _detected(self, lines: list[bytes]) -> str:
        """UTF-8 or the fallback, decided once by the first block that is not plain ASCII."""
        foreign = [line for line in lines if not line.isascii()]
        valid = sum(map(_is_utf8, foreign))
        if valid * 2 >= len(foreign):
            return "utf-8"
        self.findings.append(
            Finding(
                Severity.INFO,
                "encoding-assumed",
                f"The text is not UTF-8 and was read as {FALLBACK}; if letters look wrong, "
                "set `encoding` in the profile, for example to cp1250.",
                line=self.number + 1 + lines.index(foreign[0]),
            )
        )
        return FALLBACK

    def _patched(self, lines: list[bytes], encoding: str, separator: str) -> str:
        texts = []
        for offset, line in enumerate(lines, start=1):
            try:
                texts.append(line.decode(encoding))
            except UnicodeDecodeError:
                texts.append(line.decode(encoding, errors="backslashreplace"))
                self._report(
                    "bytes-undecodable",
                    f"has bytes that are no {encoding}; they are kept as \\x.. in the text",
                    self.number + offset,
                )
        return separator.join(texts)

    def _flagged(self, lines: list[str]) -> list[str]:
        for index, line in enumerate(lines):
            if "\0" in line:
                lines[index] = line.replace("\0", "\\x00")
                self._report(
                    "nul-bytes",
                    "has NUL bytes; they are kept as \\x00 in the text",
                    self.number + index + 1,
                )
            if "\ufffd" in line:
                self._report(
                    "replacement-characters",
                    "has U+FFFD: letters were lost before this file was made",
                    self.number + index + 1,
                )
        return lines

    def _report(self, code: str, message: str, line: int) -> None:
        self._odd[code] += 1
        if self._odd[code] <= FINDINGS_PER_CODE:
            self.findings.append(
                Finding(Severity.WARNING, code, f"Line {line} {message}.", line=line)
            )

    def _summarise(self) -> None:
        for code, count in sorted(self._odd.items()):
            if count > FINDINGS_PER_CODE:
                message = f"{count} lines in all; the first {FINDINGS_PER_CODE} are listed."
                self.findings.append(Finding(Severity.WARNING, code, message))
        self._odd.clear()


def broken_lines(text: TextLines) -> Iterator[tuple[int, str]]:
    """The lines with their numbers. Where a file was put together from parts that end their lines
    otherwise, what is one physical line here comes as the several that it was, under its number.
    """
    while True:
        number = text.begin()
        line = next(text, None)
        if line is None:
            return
        if "\r" in line or "\n" in line:
            for part in _LINE_ENDS.split(line):
                if part:
                    yield number, part
        else:
            yield number, line


def byte_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The physical lines without their ends; UTF-16 and UTF-32 come as UTF-8."""
    blocks = _Blocks(chunks, None)
    for block in blocks:
        for line in block.split(blocks.separator):
            yield line.rstrip(b"\r")


def wide_encoding(head: bytes) -> str | None:
    """The UTF-16 or UTF-32 encoding that the first bytes show by BOM or by their NUL bytes."""
    marked = next((name for bom, name in _BOMS if head.startswith(bom)), None)
    if marked is not None:
        return marked if marked in _WIDE else None
    sample = head[:2048]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    half = len(sample) // 2
    if half < 2 or min(even, odd) * 20 > half or max(even, odd) * 3 < half:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


class _Blocks(Iterator[bytes]):
    """Runs of whole lines in an encoding where a line feed is one byte.

    `encoding` is what the bytes themselves show by a mark, then what the profile says; None where
    neither does.
    """

    def __init__(self, chunks: Iterable[bytes], encoding: str | None) -> None:
        pieces = _pieces(chunks)
        head = next(pieces, b"")
        wide = wide_encoding(head) or (encoding if _is_wide(encoding) else None)
        whole: Iterator[bytes] = chain([head], pieces)
        if wide is not None:
            whole = _transcoded(whole, wide)
            head = next(whole, b"")
            whole = chain([head], whole)
        marked = wide is not None or head.startswith(codecs.BOM_UTF8)
        self.encoding = "utf-8" if marked else encoding
        self.separator = b"\r" if b"\r" in head and b"\n" not in head else b"\n"
        self._runs = _runs(whole, self.separator)

    def __next__(self) -> bytes:
        return next(self._runs)


def _pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces of exactly `HEAD_BYTES`, but for the last."""
    waiting = bytearray()
    for chunk in chunks:
        view = memoryview(chunk)
        for start in range(0, len(view), HEAD_BYTES):
            waiting += view[start : start + HEAD_BYTES]
            if len(waiting) >= HEAD_BYTES:
                yield bytes(waiting[:HEAD_BYTES])
                del waiting[:HEAD_BYTES]
    if waiting:
        yield bytes(waiting)


def _transcoded(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("backslashreplace")
    try:
        for piece in pieces:
            yield decoder.decode(piece).encode("utf-8")
        yield decoder.decode(b"", final=True).encode("utf-8")
    except UnicodeError:  # of a mark that has to come first; all else is replaced
        raise Unreadable(
            "encoding-mismatch",
            f"The profile says {encoding}, but nothing at the beginning of the file shows it; "
            "leave `encoding` out, or say which bytes come first, such as utf-16-le.",
        ) from None


def _runs(pieces: Iterable[bytes], separator: bytes) -> Iterator[bytes]:
    tail = b""
    for piece in pieces:
        waiting = tail + piece
        first = waiting.find(separator)
        if (first if first >= 0 else len(waiting)) > LINE_BYTES_MAX:
            raise Unreadable(
                "line-too-long",
                f"A line is longer than {LINE_BYTES_MAX} bytes: this is not a statement in text.",
            )
        cut = waiting.rfind(separator)
        if cut >= 0:
            yield waiting[:cut]
        tail = waiting[cut + 1 :]
    if tail:
        yield tail


def _is_wide(encoding: str | None) -> bool:
    return encoding is not None and encoding.startswith(_WIDE)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
