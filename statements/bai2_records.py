"""BAI2 logical records: physical lines put together by record code and continuation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from core.errors import Unreadable
from statements.bai2_lines import Region, decode
from statements.findings import Findings

CONTINUATIONS_MAX: Final = 10_000
RECORD_CHARACTERS_MAX: Final = 4 * 1024 * 1024

# Record code without comma; its first line from the code on; the lines that continue it, where
# an 88 keeps its code and a line that has no code at all stands as it came; first and last
# physical line; whether the file ended inside the last field. A plain tuple, because hundreds
# of thousands are made in a second.
Logical = tuple[str, str, Sequence[str], int, int, bool]

_Piece = tuple[str, str, int]  # record code or "", text from the code on, physical line
_IN_TEXT: Final = frozenset({"16", "88", ""})
_CONTINUES: Final = frozenset({"88", ""})
_BLANKS: Final = " \t\r\x1a\ufeff"  # with end-of-file marks and byte order marks of old tools

# Possessive quantifiers: a line of a million blanks takes linear time.
_CODE = re.compile(r"(01|02|03|16|49|88|98|99)[ \t]*+,|(49|88|98|99)[ \t]*+(?=/[ \t]*+$)")
_SHAPES = "|".join(
    (
        r"01,[^,/]*+,[^,/]*+,[ ]*+\d{6}",
        r"02,[^,/]*+,[^,/]*+,[ ]*+[1-4]?+[ ]*+,[ ]*+\d{6}",
        r"03,[^,/]*+,[ ]*+(?:[A-Za-z]{3})?+[ ]*+,[ ]*+(?:\d{3})?+[ ]*+,",
        r"16,[ ]*+\d{3}[ ]*+,[ ]*+[+-]?+\d*+[ ]*+,",
        r"49,[ ]*+[+-]?+\d*+[ ]*+,[ ]*+\d*+[ ]*+/",
        r"9[89],[ ]*+[+-]?+\d*+[ ]*+,[ ]*+\d",
        r"88,",
    )
)
# A record that follows on the same physical line. Text may hold slashes, so there the next
# record must be set off by a blank; after any other record the slash itself ends it.
_NEXT_IN_TEXT = re.compile(rf"/[ \t]++(?={_SHAPES})")
_NEXT = re.compile(rf"/[ \t]*+(?={_SHAPES})")


def logical_records(regions: Iterable[Region], findings: Findings) -> Iterator[Logical]:
    """The records of a document, each with its continuation lines.

    A line that does not start with a record code continues the line before it, and several
    records may share one physical line: real files do both. Lines before the first record are
    reported and left out. Raises `Unreadable` at a record beyond the limits of this module.
    """
    # Lines and their 88s are put together for a whole region at once, by a NUL, which `decode`
    # leaves in no text: many times faster than looking at each line.
    code, text, line, line_end, size = "", "", 0, 0, 0
    more: list[str] = []
    number, whole = 0, True
    for region in regions:
        lines = decode(region, number + 1, findings)
        whole = region.terminated or lines.rstrip(_BLANKS).endswith("/")
        crowded = _may_share_lines(lines)
        for joined in lines.replace("\n88,", "\x0088,").split("\n"):
            number += 1
            if joined[:3] == "16," and not crowded:  # nearly all of a file
                if code:
                    yield code, text, more, line, line_end, False
                code, text, more, size, line = "16", joined, [], 0, number
                if "\x00" in joined:
                    text, *more = joined.split("\x00")
                    number += len(more)
                    size = len(joined)
                    _check_size(size, len(more), line)
                line_end = number
                continue
            first, number = number, number + joined.count("\x00")
            for piece_code, piece, at in _pieces(joined, first):
                if piece_code not in _CONTINUES:
                    if code:
                        yield code, text, more, line, line_end, False
                    code, text, more, line, line_end, size = piece_code, piece, [], at, at, 0
                elif code:
                    more.append(piece)
                    line_end, size = at, size + len(piece)
                    _check_size(size, len(more), line)
                elif findings.first("leading-text"):
                    _report_leading(findings, at)
    if code:
        yield code, text, more, line, line_end, not whole


def is_continuation(piece: str) -> bool:
    """Whether a piece of `Logical` is an 88 record, and not a line without a code."""
    return piece.startswith("88,")


def _may_share_lines(text: str) -> bool:
    return ("/ " in text or "/\t" in text) and _NEXT_IN_TEXT.search(text) is not None


def _pieces(joined: str, first: int) -> Iterator[_Piece]:
    """The records, continuations and bare lines in physical lines that were joined by NUL."""
    for number, line in enumerate(joined.split("\x00"), first):
        rest = line
        while rest.strip(_BLANKS):
            bare = rest.lstrip(_BLANKS)
            found = _CODE.match(bare)
            code = (found[1] or found[2]) if found else ""
            record = f"{code},{bare[found.end() :]}" if found else rest
            after = (_NEXT_IN_TEXT if code in _IN_TEXT else _NEXT).search(record)
            yield code, record[: after.start() + 1] if after else record, number
            rest = record[after.end() :] if after else ""


def _check_size(size: int, continuations: int, line: int) -> None:
    if size > RECORD_CHARACTERS_MAX or continuations > CONTINUATIONS_MAX:
        raise Unreadable(
            "record-too-long",
            f"The record on line {line} goes on for more than {CONTINUATIONS_MAX} lines or "
            f"{RECORD_CHARACTERS_MAX} characters; this is no BAI2 file, or it is damaged.",
            line=line,
        )


def _report_leading(findings: Findings, line: int) -> None:
    findings.warn(
        "leading-text",
        "Text stands before the first record and was left out; BAI2 starts with a 01 record.",
        line,
    )
