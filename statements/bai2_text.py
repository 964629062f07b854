"""BAI2 transaction details (16): where the fields end, and the text that follows them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from statements.bai2_records import is_continuation
from statements.bai2_values import funds_width

_NO_TEXT_STARTS: Final = frozenset({"", " ", "\t", "/"})


def split_detail(text: str, more: Sequence[str], *, cut: bool) -> tuple[list[str], list[str]]:
    """The fields before the text, and the physical lines of the text (BAI2 version 2, 16 and 88).

    Fields end a line with a slash, which stands for the comma; text runs to the next record, may
    hold commas and slashes, and may begin on the line of the fields or on an 88 of its own.
    """
    fields: list[str] = []
    lines: list[str] = []
    for piece in (text, *more):
        coded = piece is text or is_continuation(piece)
        part = piece[3:] if coded else piece
        if _wanted(fields) == len(fields):
            lines.append(part)
            continue
        if not coded and fields:
            part = fields.pop() + part  # a line break inside a field
        rest = _take_fields(part, fields)
        if rest is not None and not is_no_text(rest):
            lines.append(rest)
    if cut and not lines and fields:
        fields.pop()  # how the file would have gone on is not known
    return fields, lines


def detail_text(text: str) -> tuple[str, str]:
    """The text but for the slash that some banks end it with, and the same on one line.

    Blanks alone are no text.
    """
    bare = text.rstrip()
    raw = bare[:-1] if bare[-1:] == "/" else text
    # Most texts are one line already; where only blanks could be folded, that is seen at once.
    folded = "  " not in raw and raw.isprintable()
    description = raw.strip() if folded else " ".join(raw.split())
    return (raw, description) if description else ("", "")


def without_slash(field: str) -> str:
    """The last field of a line without the slash that ends the line."""
    bare = field.rstrip()
    return bare[:-1] if bare[-1:] == "/" else bare


def is_no_text(rest: str) -> bool:
    """Whether what follows the last field on its line is nothing but the end of the line."""
    return rest[:1] in _NO_TEXT_STARTS and rest.strip(" \t") in {"", "/"}


def _wanted(fields: Sequence[str]) -> int:
    """How many fields come before the text, as far as is known yet."""
    if len(fields) < 3:
        return 3
    kind = fields[2].upper()
    if kind == "D" and len(fields) < 4:
        return 4
    return 5 + funds_width(kind, fields[3] if len(fields) > 3 else "")


def _take_fields(part: str, fields: list[str]) -> str | None:
    """Move fields from the front of the line; the rest, or None where the line ended in them."""
    start = 0
    while len(fields) < _wanted(fields):
        comma = part.find(",", start)
        if comma < 0:
            fields.append(without_slash(part[start:]).strip())
            return None
        fields.append(part[start:comma].strip())
        start = comma + 1
    return part[start:]
