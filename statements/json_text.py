"""JSON text: bytes of any encoding become text with line ends that can be counted."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from core.errors import Unreadable
from statements.bai2_lines import fixed_blocks
from statements.csv_text import wide_encoding
from statements.findings import Findings

STRING_MAX: Final = 1024 * 1024  # characters
LINE_LENGTH_USUAL: Final = 8 * 1024  # on average; beyond it a document has no lines to speak of
_STRAY: Final = re.compile("[\udc80-\udcff]+")
_STRING_OR_OBJECT: Final = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:(")|\\?\Z)|\{', re.S)


def pieces(chunks: Iterable[bytes], findings: Findings) -> Iterator[str]:
    """The text in pieces that do not depend on how the bytes were chunked.

    A document without line breaks gets one before each object, so that a line is a place in it.
    Raises `Unreadable` with code empty.
    """
    blocks = fixed_blocks(chunks)
    head = next(blocks, b"")
    if not head.strip(b" \t\r\n\x00\x1a\xef\xbb\xbf"):
        raise Unreadable("empty", "The document is empty; fetch it again from its source.")
    text = _decoded(chain([head], blocks), wide_encoding(head) or "utf-8-sig", findings)
    first = next(text, "")
    whole = chain([first], text)
    unbroken = len(first) > LINE_LENGTH_USUAL * (first.count("\n") + 1)
    yield from _before_objects(whole) if unbroken else whole


def text_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The lines as the reader counts them."""
    tail = ""
    for piece in pieces(chunks, Findings()):
        *whole, tail = (tail + piece).split("\n")
        yield from (line.encode("utf-8", "replace") for line in whole)
    if tail:
        yield tail.encode("utf-8", "replace")


def _decoded(blocks: Iterable[bytes], encoding: str, findings: Findings) -> Iterator[str]:
    narrow = encoding == "utf-8-sig"
    decoder = codecs.getincrementaldecoder(encoding)("surrogateescape" if narrow else "replace")
    line, held = 1, ""
    for block in chain(blocks, [None]):
        text = held + (decoder.decode(b"", True) if block is None else decoder.decode(block))
        # A carriage return and its line feed may be in two blocks.
        held = "\r" if text.endswith("\r") and block is not None else ""
        text = text[: len(text) - len(held)]
        if "\r" in text:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        stray = None if text.isascii() or not narrow else _STRAY.search(text)
        if stray is not None:
            if findings.first("encoding-fallback"):
                findings.warn(
                    "encoding-fallback",
                    "A text here is not UTF-8 and was read as Windows-1252, as are all later ones "
                    "like it; check the letters with accents.",
                    line + text.count("\n", 0, stray.start()),
                )
            text = _STRAY.sub(_windows, text)
        line += text.count("\n")
        yield text


def _windows(found: re.Match[str]) -> str:
    data = found[0].encode("utf-8", "surrogateescape")
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _before_objects(texts: Iterable[str]) -> Iterator[str]:
    tail, first = "", True
    for text in texts:
        data, tail = tail + text, ""
        parts: list[str] = []
        last = 0
        for found in _STRING_OR_OBJECT.finditer(data):
            if found[0] == "{":
                parts += [data[last : found.start()], "" if first else "\n"]
                last, first = found.start(), False
            elif found[1] is None and len(data) - found.start() <= STRING_MAX:
                tail = data[found.start() :]
                data = data[: found.start()]
                break
        parts.append(data[last:])
        yield "".join(parts)
    if tail:
        yield tail
