"""The statement formats, told apart by what is in a file; its name is never asked."""

from __future__ import annotations

import re
from typing import Final

from core.errors import Unreadable
from statements.bai2 import BAI2
from statements.base import HEAD_BYTES, StatementFormat
from statements.camt import CAMT
from statements.csv import CSV
from statements.json import JSON
from statements.mt940 import MT940
from statements.ofx import OFX
from statements.qif import QIF
from statements.xml import XML

FORMATS: Final[tuple[StatementFormat, ...]] = (BAI2, CAMT, CSV, JSON, MT940, OFX, QIF, XML)
CERTAIN_ENOUGH: Final = 50  # percent

_BINARY: Final = (
    (b"\xff\xd8\xff", "a JPEG image", "export the statement as data instead"),
    (b"\x89PNG", "a PNG image", "export the statement as data instead"),
    (b"GIF8", "a GIF image", "export the statement as data instead"),
    (b"%PDF", "a PDF document", "export the statement as data instead"),
    (b"\x1f\x8b", "compressed with gzip", "unpack it first (gunzip)"),
    (b"BZh", "compressed with bzip2", "unpack it first (bunzip2)"),
    (b"\xfd7zXZ", "compressed with xz", "unpack it first (unxz)"),
    (b"7z\xbc\xaf", "a 7-Zip archive", "unpack it first"),
    (b"Rar!", "a RAR archive", "unpack it first"),
    (b"PK\x03\x04", "a ZIP archive or an Excel workbook", "unpack it, or save it as CSV, first"),
    (b"PK\x05\x06", "an empty ZIP archive", "look for the statement elsewhere"),
    (b"\xd0\xcf\x11\xe0", "an old Excel or Word document", "save it as CSV first"),
    (b"-----BEGIN PGP", "encrypted with PGP", "decrypt it first"),
    (b"\x7fELF", "a program", "choose the statement file"),
    (b"MZ\x90", "a program", "choose the statement file"),
    (b"SQLite format 3", "an SQLite database", "choose the statement file"),
)
_UNSUPPORTED: Final = (
    (re.compile(rb"^\s*(?:<!doctype html|<html)", re.I), "a web page"),
    (re.compile(rb"^\s*<"), "an XML file that does not begin as one"),
)


def detect(head: bytes) -> StatementFormat | None:
    """The format that the first bytes of a file are surest of; None where none is sure enough."""
    head = head[:HEAD_BYTES]
    if _binary(head) is not None:
        return None
    best = max(FORMATS, key=lambda candidate: candidate.recognise(head))
    return best if best.recognise(head) >= CERTAIN_ENOUGH else None


def by_name(name: str) -> StatementFormat:
    """The format of that name. Raises `Unreadable` that lists the names."""
    for candidate in FORMATS:
        if candidate.name == name.casefold():
            return candidate
    known = ", ".join(candidate.name for candidate in FORMATS)
    raise Unreadable("format-unknown", f'There is no format "{name}"; known are {known}.')


def refusal(head: bytes) -> Unreadable:
    """Why a file that begins so, and that no format recognises, cannot be read."""
    head = head[:HEAD_BYTES]
    binary = _binary(head)
    if binary is not None:
        return binary
    for pattern, what in _UNSUPPORTED:
        if pattern.search(head.removeprefix(b"\xef\xbb\xbf")):
            known = ", ".join(candidate.name for candidate in FORMATS)
            return Unreadable("format-unsupported", f"This is {what}; readable are {known}.")
    return Unreadable(
        "format-unrecognised",
        "The content is no statement in a known format; if it is one, name its format.",
    )


def _binary(head: bytes) -> Unreadable | None:
    if not head:
        return Unreadable("empty", "The file is empty.")
    if head.count(0) == len(head):
        return Unreadable(
            "only-nul-bytes",
            "The file begins with nothing but NUL bytes: a broken download; fetch it again.",
        )
    for magic, what, remedy in _BINARY:
        if head.startswith(magic):
            return Unreadable("binary-file", f"This is {what}, no statement: {remedy}.")
    if not head.strip():
        return Unreadable("empty", "The file has only blanks.")
    return None
