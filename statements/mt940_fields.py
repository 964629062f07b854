"""MT940 fields: physical lines put together by tag, and what stands around the messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from core.errors import Unreadable
from statements.csv_text import TextLines, broken_lines

FIELD_LINES_MAX: Final = 10_000
FIELD_CHARACTERS_MAX: Final = 1024 * 1024
USUAL_LINES_MAX: Final = 100
USUAL_CHARACTERS_MAX: Final = 10_000
HEADER: Final = "{"  # blocks 1 to 3 of a SWIFT message
END: Final = "-"
OUTSIDE: Final = ""

_new: Final = tuple.__new__
_TAGS = "13[CD]?|20|21|25P?|28C?|34F|60[FM]?|61|62[FM]?|64|65|86|90[CD]|NS"
_TAG = re.compile(rf":({_TAGS}):")
_BROKEN_TAG = re.compile(rf"(?:{_TAGS}):")
_BLOCK = re.compile(r"\{[1-5S]:")
_STARTS: Final = frozenset(["", " ", "\t", ":", "{", "-", "\x01", "\x02", "\x03", "\x1a", "\ufeff"])
_BEHIND_USUAL: Final = (":61:", ":62F:", ":62M:")
_NOISE: Final = "\x01\x02\x03\x1a\ufeff"  # frames of SWIFT transports, ends of old tools


class Field(NamedTuple):
    """A field with the lines of its value; a header, an end, or text outside any field."""

    tag: str
    lines: list[str]
    line: int
    line_end: int


class Usual(NamedTuple):
    """A :61: of one line with the lines of its :86:, none where it has none; all printable."""

    line: str
    texts: Sequence[str]
    first: int
    last: int

    def fields(self) -> Iterator[Field]:
        """The same as the fields that it is."""
        yield Field("61", [self.line], self.first, self.first)
        if self.texts:
            yield Field("86", list(self.texts), self.first + 1, self.last)


def fields(text: TextLines) -> Iterator[Field | Usual]:
    """The fields of a document in order, those of usual entries together.

    A line that does not begin with a tag of MT940 goes on with the field before it: in text, things
    such as `:26:37` stand at the beginning of lines. Raises `Unreadable` at a field beyond the
    limits of this module.
    """
    tag: str | None = None
    lines: list[str] = []
    first = size = 0
    for number, line in _physical(text):
        if tag is not None and line[:1] not in _STARTS:
            lines.append(line)
            size += len(line)
            _check(size, len(lines), first)
            continue
        bare = line.strip(_NOISE)
        found = _TAG.match(bare)
        if found is None and not _is_frame(bare):
            if tag is not None:
                lines.append(line)
                size += len(line)
                _check(size, len(lines), first)
            elif bare.strip():
                yield Field(OUTSIDE, [bare], number, number)
            continue
        if tag is not None:
            yield _field(tag, lines, first)
            tag = None
        if found is not None:
            usual = list(_usual_entries(text, line, number))
            if usual:
                yield from usual
                continue
            tag, lines, first = found[1].upper(), [bare[found.end() :]], number
            size = len(bare)
            continue
        for kind, part in _frames(bare):
            opened = _TAG.match(part) if kind == OUTSIDE else None
            if opened is not None:  # a field on the line of its header
                tag, lines, first, size = opened[1], [part[opened.end() :]], number, len(part)
            else:
                yield Field(kind, [part], number, number)
    if tag is not None:
        yield _field(tag, lines, first)


def _usual_entries(text: TextLines, line: str, number: int) -> Iterator[Usual]:
    """The usual entries from this line on, the last that was handed out; their lines are passed.

    Only what another entry or the closing balance follows in the same block is one, so that it is
    certain where its text ends. What follows the last of them is the next line of `text`.
    """
    lines, place = text.ahead()
    if lines[place - 1] != line:  # a part of a broken line: what follows is not what comes next
        return
    count, begin, end = len(lines), place, place
    while line.startswith(":61:") and line.isprintable():
        at = begin
        if at < count and lines[at].startswith(":86:"):
            at += 1
            while at < count and lines[at][:1] not in _STARTS:
                at += 1
        if at >= count or at - begin > USUAL_LINES_MAX or not lines[at].startswith(_BEHIND_USUAL):
            break
        texts = lines[begin:at]
        if texts:
            texts[0] = texts[0][4:]
            joined = "".join(texts)
            if len(joined) > USUAL_CHARACTERS_MAX or not joined.isprintable():
                break
        last = number + at - begin
        yield _new(Usual, (line[4:], texts, number, last))
        line, number, begin, end = lines[at], last + 1, at + 1, at
    text.pass_over(end - place)


def _physical(text: TextLines) -> Iterator[tuple[int, str]]:
    """Numbered lines. A colon that was parted from its tag stands with it again."""
    colon: int | None = None
    for number, found in broken_lines(text):
        line = found
        if colon is not None:
            if _BROKEN_TAG.match(line):
                line = f":{line}"
            else:
                yield colon, ":"
            colon = None
        if line.strip() == ":":
            colon = number
        else:
            yield number, line
    if colon is not None:
        yield colon, ":"


def _is_frame(bare: str) -> bool:
    return _BLOCK.match(bare) is not None or bare.startswith("-}") or bare.strip() == "-"


def _frames(bare: str) -> Iterator[tuple[str, str]]:
    """Ends and headers on one line, and what stands behind the last `{4:`."""
    for piece in re.split(r"(?=\{1:)", bare):
        if not piece.strip(_NOISE + " "):
            continue
        if piece.startswith("{"):
            header, opened, rest = piece.partition("{4:")
            yield HEADER, header + opened
            if rest.strip(_NOISE + " "):
                yield OUTSIDE, rest.strip(_NOISE)
        else:
            yield END, piece


def _field(tag: str, lines: list[str], first: int) -> Field:
    kept = len(lines)
    if kept == 1 or lines[-1].strip():
        return _new(Field, (tag, lines, first, first + kept - 1))
    while kept > 1 and not lines[kept - 1].strip():
        kept -= 1
    return Field(tag, lines[:kept], first, first + kept - 1)


def _check(size: int, lines: int, line: int) -> None:
    if size > FIELD_CHARACTERS_MAX or lines > FIELD_LINES_MAX:
        raise Unreadable(
            "field-too-long",
            f"The field on line {line} goes on for more than {FIELD_LINES_MAX} lines or "
            f"{FIELD_CHARACTERS_MAX} characters; this is no MT940 file, or it is damaged.",
            line=line,
        )
