"""Text of an OFX file: bytes in any chunks become decoded runs that end before a tag.

OFX 1.x names its encoding in ENCODING and CHARSET, 2.x in the XML declaration. Banks get both
wrong (USASCII with Windows-1252 bytes, 1252 with UTF-8 bytes, NONE), so the bytes decide: UTF-8
where they are UTF-8, else what the header says, else Windows-1252.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from core.errors import Unreadable
from core.records import Finding, Severity
from statements.base import HEAD_BYTES
from statements.csv_text import wide_encoding

TEXT_MAX: Final = 1024 * 1024  # bytes between two tags
FALLBACK: Final = "cp1252"
_BEGINS: Final = re.compile(
    rb"<(?:[\w-]+:)?(?:OFX|\w{1,40}MSGSRSV1|\w{0,10}STMTRS)(?:\s[^<>]*)?>", re.I
)
_HEADER: Final = re.compile(rb"CHARSET\s*[:=]\s*\"?([\w-]+)", re.I)
_DECLARED: Final = re.compile(rb"<\?xml[^>]*?encoding\s*=\s*[\"']([\w-]+)", re.I)
_SINGLE_BYTE: Final = re.compile(r"(?:cp|windows-?)?(125[0-8])|(?:iso-?)?8859-?(1[0-6]|[1-9])")


class Blocks(Iterator[str]):
    """Runs of text, each but the first beginning with "<", cut at places that never vary.

    `separator` ends a line: "\\n", or "\\r" where the file has nothing else. `findings` collects
    what was odd about the text, for the reader to hand over.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self.findings: list[Finding] = []
        pieces = narrow_pieces(chunks)
        head = next(pieces, b"")
        _check(head)
        self.separator = line_separator(head)
        self._declared = declared_encoding(head)
        self._encoding = "utf-8" if head.startswith(codecs.BOM_UTF8) else None
        self._runs = _runs(chain([head], pieces))
        self._odd: set[str] = set()

    def __next__(self) -> str:
        run = next(self._runs)
        if self._encoding is None and not run.isascii():
            self._encoding = self._detected(run)
        try:
            text = run.decode(self._encoding or "utf-8")
        except UnicodeDecodeError:
            text = self._patched(run)
        text = text.removeprefix("\ufeff")
        if "\0" in text:
            text = text.replace("\0", "\\x00")
            self._report("nul-bytes", "The text has NUL bytes; they are kept as \\x00.")
        if "\ufffd" in text:
            self._report(
                "replacement-characters",
                "The text has U+FFFD: letters were lost before this file was made.",
            )
        return text

    def _detected(self, run: bytes) -> str:
        """UTF-8 or one byte a letter: decided once, by the first run that is not plain ASCII.

        Most values decide, so that one broken letter does not spoil all others.
        """
        foreign = [value for value in run.split(b"<") if not value.isascii()]
        if sum(map(_is_utf8, foreign)) * 2 < len(foreign):
            if self._declared is None:
                self._note(f"The text is not UTF-8 and was read as {FALLBACK}")
            return self._declared or FALLBACK
        if self._declared is not None:
            self._note(f"The header says {self._declared}, but the text is UTF-8 and was read so")
        return "utf-8"

    def _note(self, what: str) -> None:
        self.findings.append(
            Finding(
                Severity.INFO,
                "encoding-assumed",
                f"{what}; if letters look wrong, tell the bank that its header is.",
            )
        )

    def _patched(self, run: bytes) -> str:
        encoding = self._encoding or "utf-8"
        self._report(
            "bytes-undecodable",
            f"The text has bytes that are no {encoding}; they are kept as \\x.. in it.",
        )
        return run.decode(encoding, errors="backslashreplace")

    def _report(self, code: str, message: str) -> None:
        if code not in self._odd:
            self._odd.add(code)
            self.findings.append(Finding(Severity.WARNING, code, message))


def declared_encoding(head: bytes) -> str | None:
    """The encoding of one byte a letter that the header names; None for all others."""
    named = _DECLARED.search(head) or _HEADER.search(head[: max(head.find(b"<"), 0)])
    if named is None:
        return None
    found = _SINGLE_BYTE.fullmatch(named[1].decode("ascii").casefold())
    if found is None:
        return None
    # What calls itself Latin-1 is Windows-1252, as in HTML: it differs only in control codes.
    if found[2] in {"1", None}:
        return f"cp{found[1]}" if found[1] else FALLBACK
    return "iso8859-" + found[2] if found[2] != "12" else None


def line_separator(head: bytes) -> str:
    """What ends the lines of a file that begins so."""
    return "\r" if b"\r" in head and b"\n" not in head else "\n"


def narrow_pieces(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The bytes in pieces that do not depend on the chunks; UTF-16 and UTF-32 come as UTF-8."""
    pieces = _pieces(chunks)
    head = next(pieces, b"")
    whole = chain([head], pieces)
    wide = wide_encoding(head)
    if wide is None:
        return whole
    return _pieces(_transcoded(whole, wide))


def _check(head: bytes) -> None:
    if not head.strip():
        raise Unreadable("empty", "The file is empty.")
    if _BEGINS.search(head) is None:
        raise Unreadable(
            "no-ofx",
            "There is no <OFX> where the file begins: it is no OFX or QFX file, or it was damaged. "
            "Fetch it again from the bank.",
        )


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
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "backslashreplace")
    yield decoder.decode(b"", final=True).encode("utf-8", "backslashreplace")


def _runs(pieces: Iterable[bytes]) -> Iterator[bytes]:
    tail = b""
    for piece in pieces:
        waiting = tail + piece
        cut = waiting.rfind(b"<")
        if cut > 0:
            yield waiting[:cut]
            waiting = waiting[cut:]
        if len(waiting) > TEXT_MAX:
            raise Unreadable(
                "text-too-long",
                f"More than {TEXT_MAX} bytes stand between two tags: this is no statement.",
            )
        tail = waiting
    if tail:
        yield tail


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
