"""CAMT text: bytes of any encoding become UTF-8 in whole pieces that an XML parser can take.

Real files are not always well-formed: letters in another encoding than declared, control
characters, ampersands that nobody escaped. Each is read over with a finding. Nothing here expands
an entity: a name that XML itself does not know stays the text that it is.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Final

from core.errors import Unreadable
from statements.bai2_lines import fixed_blocks
from statements.findings import Findings

TEXT_BYTES_MAX: Final = 1024 * 1024  # between two tags
_UNBROKEN_LINES: Final = 2  # a document of so few lines is cut before its parts
_REPLACEMENT: Final = b"\xef\xbf\xbd"
_BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
    (b"<\x00", "utf-16-le"),
    (b"\x00<", "utf-16-be"),
)
_DECLARATION: Final = re.compile(rb"\s*<\?xml\s[^<>]*\?>")
_DECLARED: Final = re.compile(rb"<\?xml\s[^<>]*\?>")  # without blanks, which may be many
_ENCODING: Final = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_WINDOWS: Final = re.compile(r"iso-?8859-?1|latin-?1|windows-1252|cp1252|us-ascii|ascii", re.I)
_SINGLE: Final = re.compile(
    r"iso-?8859-(?:[2-9]|1[0134-6])|windows-125[013-8]|cp125[013-8]|cp(?:437|850|852|858)"
    r"|koi8-[ru]",
    re.I,
)
_CONTROLS: Final = bytes(set(range(32)) - {9, 10, 13})
_SUBSTITUTES: Final = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]")
_AMPERSAND: Final = re.compile(
    rb"&(?!(?:amp|lt|gt|quot|apos);)(?:#(?:([0-9]{1,7})|x([0-9a-fA-F]{1,6}));)?"
)
_BARE: Final = re.compile(rb"<(?=(?:Stmt|Rpt|Ntfctn|Bal|Ntry|TxDtls)[\s>/])")
_PARTS: Final = re.compile(rb"<(?=(?:[\w.-]+:)?(?:Stmt|Rpt|Ntfctn|Bal|Ntry|TxDtls)[\s>/])")


def encoding_of(head: bytes) -> tuple[str, int]:
    """The encoding that a byte order mark or the XML declaration names, and the mark's length.

    "" where the declaration names one that no bank uses.
    """
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name, 0 if b"<" in mark else len(mark)
    declaration = _DECLARATION.match(head[:1024])
    named = _ENCODING.search(declaration[0]) if declaration is not None else None
    stated = "utf-8" if named is None else named[1].decode("ascii")
    if _WINDOWS.fullmatch(stated):
        return "cp1252", 0
    if _SINGLE.fullmatch(stated):
        return codecs.lookup(stated).name, 0
    # A text that can be read so far is no UTF-16, whatever it says.
    return ("utf-8" if re.fullmatch(r"utf-?(?:8|16|16[lb]e)", stated, re.I) else ""), 0


def pieces(
    chunks: Iterable[bytes], findings: Findings, parts: re.Pattern[bytes] = _PARTS, line: int = 1
) -> Iterator[bytes]:
    """The document as UTF-8, cut before tags, so that no tag and no text is in two pieces.

    Where it has no lines, one begins at each of the `parts`. `line` is where it begins.
    What comes does not depend on how the bytes were chunked. The XML declaration becomes blanks.
    Raises `Unreadable` with code empty or text-too-long.
    """
    blocks = fixed_blocks(chunks)
    head = next(blocks, b"")
    if not head.strip(b" \t\r\n\x00\x1a\xef\xbb\xbf"):
        kind = "holds only NUL bytes" if b"\x00" in head else "is empty"
        raise Unreadable("empty", f"The document {kind}; fetch it again from the bank.")
    encoding, mark = encoding_of(head)
    if not encoding:
        findings.warn(
            "encoding-unknown",
            "The XML declaration names an encoding that is not read; UTF-8 was assumed. Check the "
            "letters with accents.",
            line,
        )
    decoded = _decoded(chain([head[mark:]], blocks), encoding or "utf-8")
    repair = _Repair(findings, parts, line)
    for piece in _cut(decoded):
        yield repair.repaired(piece)


def text_lines(chunks: Iterable[bytes], parts: re.Pattern[bytes] = _PARTS) -> Iterator[bytes]:
    """The lines as the parser counts them."""
    return joined_lines(pieces(chunks, Findings(), parts))


def joined_lines(found: Iterable[bytes]) -> Iterator[bytes]:
    """The lines of pieces."""
    tail = b""
    for piece in found:
        *whole, tail = (tail + piece).split(b"\n")
        yield from whole
    if tail:
        yield tail


def _decoded(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    if encoding == "utf-8":
        yield from blocks
        return
    if not encoding.startswith("utf-16"):
        for block in blocks:
            yield _single_byte(block, encoding).encode()
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", True).encode()


def _single_byte(block: bytes, encoding: str) -> str:
    try:
        return block.decode(encoding)
    except UnicodeDecodeError:
        if encoding != "cp1252":
            return block.decode(encoding, "replace")
    return "".join(_windows(block[at : at + 256]) for at in range(0, len(block), 256))


def _windows(part: bytes) -> str:
    try:
        return part.decode("cp1252")
    except UnicodeDecodeError:
        return part.decode("latin-1")


def _cut(blocks: Iterable[bytes]) -> Iterator[bytes]:
    tail = b""
    for block in blocks:
        data = tail + block
        end = data.rfind(b"<")
        if end > 0:
            yield data[:end]
            tail = data[end:]
        else:
            tail = data
        if len(tail) > TEXT_BYTES_MAX:
            raise Unreadable(
                "text-too-long",
                f"A text of more than {TEXT_BYTES_MAX} bytes without a tag: this is no bank "
                "statement, or it is damaged; fetch it again from the bank.",
            )
    if tail:
        yield tail


class _Repair:
    """What is mended in each piece, with one finding for each kind of damage."""

    def __init__(self, findings: Findings, parts: re.Pattern[bytes], line: int) -> None:
        self._findings = findings
        self._parts = parts
        self._line = line
        self._first = True
        self._unbroken = False
        self._literal = False  # CDATA was seen: an ampersand in it is one already

    def repaired(self, piece: bytes) -> bytes:
        if b"\r" in piece:
            piece = piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if self._first:
            self._first = False
            self._unbroken = piece.count(b"\n") <= _UNBROKEN_LINES
            piece = _DECLARED.sub(lambda found: re.sub(rb"[^\n]", b" ", found[0]), piece, 1)
        if not piece.isascii():
            piece = self._letters(piece)
        if len(piece.translate(None, _CONTROLS)) != len(piece) or b"\xef\xbf" in piece:
            piece = self._characters(piece)
        self._literal = self._literal or b"<![CDATA[" in piece
        if b"&" in piece and not self._literal:
            piece = self._ampersands(piece)
        if self._unbroken:
            # Mostly without a prefix, and then found in half the time.
            bare = self._parts is _PARTS and b":" not in piece
            piece = (_BARE if bare else self._parts).sub(b"\n<", piece)
        self._line += piece.count(b"\n")
        return piece

    def _letters(self, piece: bytes) -> bytes:
        try:
            piece.decode("utf-8")
        except UnicodeDecodeError as error:
            place = self._line + piece.count(b"\n", 0, error.start)
            if self._findings.first("encoding-fallback"):
                self._findings.warn(
                    "encoding-fallback",
                    "A text here is not in the encoding of the document and was read as "
                    "Windows-1252, as are all later ones like it; check the letters with accents.",
                    place,
                )
            return b"<".join(map(_as_utf8, piece.split(b"<")))
        return piece

    def _characters(self, piece: bytes) -> bytes:
        piece = _SUBSTITUTES.sub(_REPLACEMENT, piece)
        at = piece.find(_REPLACEMENT)
        if at >= 0 and self._findings.first("unreadable-character"):
            self._findings.warn(
                "unreadable-character",
                "Letters were lost before this file came, or it holds control characters (each is "
                "shown as U+FFFD), here and maybe further on; ask the bank for the original.",
                self._line + piece.count(b"\n", 0, at),
            )
        return piece

    def _ampersands(self, piece: bytes) -> bytes:
        def mended(found: re.Match[bytes]) -> bytes:
            if found[1] is None and found[2] is None:
                self._tell(piece, found.start())
                return b"&amp;" + found[0][1:]
            code = int(found[1]) if found[1] is not None else int(found[2], 16)
            if code in (9, 10, 13) or 32 <= code < 0xD800 or 0xE000 <= code < 0xFFFE:
                return found[0]
            if 0x10000 <= code <= 0x10FFFF:
                return found[0]
            self._tell(piece, found.start())
            return _REPLACEMENT

        return _AMPERSAND.sub(mended, piece)

    def _tell(self, piece: bytes, at: int) -> None:
        if self._findings.first("reference-unreadable"):
            self._findings.warn(
                "reference-unreadable",
                'An "&" here begins no reference that XML knows; it was read as the character '
                "itself, as are all later ones like it, and nothing was expanded.",
                self._line + piece.count(b"\n", 0, at),
            )


def _as_utf8(part: bytes) -> bytes:
    try:
        part.decode("utf-8")
    except UnicodeDecodeError:
        return _windows(part).encode()
    return part
