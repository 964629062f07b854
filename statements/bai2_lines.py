"""BAI2 physical lines: bytes in chunks of any size become numbered lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final, NamedTuple

from core.errors import Unreadable
from statements.base import HEAD_BYTES, LINE_BYTES_MAX
from statements.findings import Findings

BLOCK_BYTES: Final = HEAD_BYTES
UTF8_BOM: Final = b"\xef\xbb\xbf"
UTF16_BOMS: Final = (b"\xff\xfe", b"\xfe\xff")

_HEADER = re.compile(rb"(?:^|[\r\n])[ \t]*01[ \t]*,[^,\r\n]*,[^,\r\n]*")
_RECORD_START = re.compile(rb"[ \t]*(?:01|02|03|16|49|88|98|99)[ \t]*[,/]")
_RECORD_BYTES_MIN: Final = 10


class Layout(NamedTuple):
    """How a file is cut into physical lines."""

    separator: bytes
    record_bytes: int | None  # a blocked file without line breaks: cut every so many bytes


class Region(NamedTuple):
    """Whole physical lines, joined by a line feed."""

    data: bytes
    terminated: bool  # False: the file ended without a line break here


def check_head(head: bytes) -> None:
    """Raise `Unreadable` unless a BAI2 file header (01) stands in the first bytes."""
    if not head.strip(b" \t\r\n\x00\x1a" + UTF8_BOM):
        kind = "holds only NUL bytes" if b"\x00" in head else "is empty"
        raise Unreadable("empty", f"The document {kind}; fetch it again from the bank.")
    if head.startswith(UTF16_BOMS) or _is_wide(head):
        raise Unreadable("utf-16", "The document is UTF-16 text; save it as UTF-8 and retry.")
    if _HEADER.search(head.removeprefix(UTF8_BOM)) is None:
        raise Unreadable(
            "no-file-header",
            f"No BAI2 file header (a line starting with 01,) in the first {HEAD_BYTES} bytes; "
            "send the complete BAI2 file, or choose the format that it really has.",
        )


def regions(chunks: Iterable[bytes]) -> Iterator[Region]:
    """Whole physical lines in batches that do not depend on how the bytes were chunked.

    Raises `Unreadable` at a physical line of more than `LINE_BYTES_MAX` bytes.
    """
    blocks = fixed_blocks(chunks)
    head = next(blocks, b"")
    layout = layout_of(head)
    blocks = chain([head.removeprefix(UTF8_BOM)], blocks)
    if layout.record_bytes is not None:
        yield from _fixed_regions(blocks, layout.record_bytes)
    else:
        yield from _line_regions(blocks, layout.separator)


def fixed_blocks(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in blocks of `BLOCK_BYTES`; the last one is shorter."""
    pending = bytearray()
    for chunk in chunks:
        for start in range(0, len(chunk), BLOCK_BYTES):
            pending += chunk[start : start + BLOCK_BYTES]
            if len(pending) >= BLOCK_BYTES:
                yield bytes(pending[:BLOCK_BYTES])
                del pending[:BLOCK_BYTES]
    if pending:
        yield bytes(pending)


def layout_of(head: bytes) -> Layout:
    """Lines, or fixed-length records where there are no line breaks and 01 states their length."""
    if b"\n" in head:
        return Layout(b"\n", None)
    if b"\r" in head:
        return Layout(b"\r", None)
    return Layout(b"\n", _stated_record_bytes(head.removeprefix(UTF8_BOM)))


def decode(region: Region, first_line: int, findings: Findings) -> str:
    """The region as text: UTF-8, and Windows-1252 for each line that is no UTF-8.

    `findings` gets one entry for the first line of each trouble; no byte is ever dropped, but
    NUL, which text in a database cannot hold, becomes U+FFFD.
    """
    try:
        text = region.data.decode("utf-8")
    except UnicodeDecodeError:
        text = _decode_by_line(region.data, first_line, findings)
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if "\ufffd" in text and findings.first("unreadable-character"):
        findings.warn(
            "unreadable-character",
            "The file itself holds characters that were lost before it came here (U+FFFD or "
            "NUL), here and maybe further on; ask the bank for the original.",
            first_line + text.count("\n", 0, text.index("\ufffd")),
        )
    return text


def _is_wide(head: bytes) -> bool:
    sample = head[:64]
    wide = max(2, len(sample) // 2)
    return any(sample[start::2].count(b"\x00") >= wide for start in (0, 1))


def _stated_record_bytes(head: bytes) -> int | None:
    # Field 7 of 01 is the physical record length; the header itself may go on in an 88.
    header = head[:1024].split(b"/")
    fields = header[0].split(b",")
    if len(fields) < 9 and len(header) > 1 and header[1].lstrip().startswith(b"88,"):
        fields += header[1].lstrip().split(b",")[1:]
    stated = fields[6].strip() if len(fields) > 6 else b""
    if not stated.isdigit() or len(stated) > 7:
        return None
    length = int(stated)
    second = head[length : length + 8]
    fits = not second.strip() or _RECORD_START.match(second) is not None
    return length if _RECORD_BYTES_MIN <= length <= LINE_BYTES_MAX and fits else None


def _line_regions(blocks: Iterable[bytes], separator: bytes) -> Iterator[Region]:
    tail = b""
    number = 1
    for block in blocks:
        data = tail + block
        end = data.rfind(separator) + 1
        whole, tail = data[:end], data[end:]
        if max(whole.find(separator), len(tail)) > LINE_BYTES_MAX:
            raise _too_long(number + (whole.count(separator) if len(tail) > LINE_BYTES_MAX else 0))
        if whole:
            number += whole.count(separator)
            yield Region(_line_feeds(whole, separator)[:-1], True)
    if tail:
        *ended, last = _line_feeds(tail, separator).rpartition(b"\n")
        if ended[1]:
            yield Region(ended[0], True)
        if last:
            yield Region(last, False)


def _line_feeds(whole: bytes, separator: bytes) -> bytes:
    if b"\r" not in whole:
        return whole
    if separator == b"\n":
        whole = whole.replace(b"\r\n", b"\n")
    # What is left ends lines by itself, also where files of other line ends were put together.
    return whole.replace(b"\r", b"\n")


def _fixed_regions(blocks: Iterable[bytes], length: int) -> Iterator[Region]:
    tail = b""
    for block in blocks:
        data = tail + block
        end = len(data) - len(data) % length
        tail = data[end:]
        if end:
            records = (data[start : start + length] for start in range(0, end, length))
            yield Region(b"\n".join(record.rstrip() for record in records), True)
    if tail.strip():
        yield Region(tail.rstrip(), False)


def _too_long(line: int) -> Unreadable:
    return Unreadable(
        "line-too-long",
        f"Line {line} is longer than {LINE_BYTES_MAX} bytes: this is no BAI2 file, or it lost its "
        "line breaks; fetch it again from the bank.",
        line=line,
    )


def _decode_by_line(data: bytes, first_line: int, findings: Findings) -> str:
    lines = []
    for number, line in enumerate(data.split(b"\n"), first_line):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            lines.append(_decode_windows(line))
            if findings.first("encoding-fallback"):
                findings.warn(
                    "encoding-fallback",
                    "This line is not UTF-8 and was read as Windows-1252, as are all later lines "
                    "like it; check the letters with accents.",
                    number,
                )
    return "\n".join(lines)


def _decode_windows(line: bytes) -> str:
    try:
        return line.decode("cp1252")
    except UnicodeDecodeError:
        return line.decode("latin-1")
