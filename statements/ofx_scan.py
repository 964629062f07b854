"""OFX tags, read as a stream: elements one by one, and the aggregates that make a row as one.

OFX 1.x is SGML whose elements need no end tag, 2.x is XML; banks mix both. The same scanner reads
either: the value of an element is the text up to the next tag, whether or not it is closed.
Document types and entity declarations are refused; nothing is ever expanded or fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from core.errors import Unreadable
from statements.findings import Findings
from statements.ofx_tags import BREAKS, COLLECTED
from statements.ofx_text import TEXT_MAX

AGGREGATE_MAX: Final = 16 * 1024  # characters that the short way to an aggregate may look at
ELEMENTS_MAX: Final = 500  # inside one aggregate

_QUICK: Final = re.compile(r"\s*<(" + "|".join(sorted(COLLECTED, key=len, reverse=True)) + r")>")
_ELEMENT: Final = re.compile(r"<([A-Z0-9._]+)>([^<]*)(?:</\1>)?")
_STRAY: Final = re.compile(r"</[^<>]*>\s*+[^<\s]")
_TAG: Final = re.compile(
    r"<(?:(?P<close>/?)(?:[A-Za-z][\w-]*:)?(?P<tag>[A-Za-z][\w.-]*)(?:\s[^<>]*)?(?P<empty>/?)>"
    r"|(?P<cdata>!\[CDATA\[)|(?P<comment>!--)|(?P<declared>!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST"
    r"|NOTATION)\b)|\?[^<>]*>)",
    re.IGNORECASE | re.ASCII,
)


class Entry(NamedTuple):
    """An element or tag by itself, or an aggregate with the elements in it.

    Values are as written: not stripped of blanks, entities not yet read.
    """

    tag: str  # capital letters; "/TAG" where it closes
    value: str
    fields: Mapping[str, str] | None  # of an aggregate
    line: int
    line_end: int
    whole: bool = True  # False: the file ends inside of the aggregate


class Scanner:
    """Takes the text in runs that begin with a tag, and yields its entries in order."""

    def __init__(self, blocks: Iterator[str], separator: str, findings: Findings) -> None:
        self._blocks = blocks
        self._separator = separator
        self._findings = findings
        self._text = ""
        self._at = 0
        self._line = 1  # of `_counted`
        self._counted = 0
        self._ended = False
        self._again: Entry | None = None  # was read, and comes again
        self._unending: set[str] = set()  # ends that do not come any more

    def entries(self) -> Iterator[Entry]:
        """All entries. Raises `Unreadable` with code doctype or text-too-long."""
        self._skip_header()
        while True:
            found = _QUICK.match(self._text, self._at) if self._again is None else None
            entry = self._quick(found) if found is not None else None
            if entry is None:
                entry = self._element()
                if entry is None:
                    return
                if entry.tag in COLLECTED:
                    entry = self._collected(entry)
            yield entry

    def line(self) -> int:
        """The line that has been come to."""
        return self._line_at(self._at)

    def _quick(self, found: re.Match[str]) -> Entry | None:
        """The aggregate, where it is closed, plain and short; None where it needs a closer look."""
        text, start, tag = self._text, found.start(1) - 1, found[1]
        end = text.find(f"</{tag}>", start, start + AGGREGATE_MAX)
        if end < 0 and len(text) - start < AGGREGATE_MAX and self._more():
            text, start = self._text, start - found.start()
            end = text.find(f"</{tag}>", start, start + AGGREGATE_MAX)
        if end < 0:
            return None
        pairs = _ELEMENT.findall(text, start, end)
        fields = dict(pairs)
        closes = text.count("</", start, end)
        if (
            len(fields) != len(pairs)
            or len(pairs) + closes != text.count("<", start, end)
            or (closes and _STRAY.search(text, start, end))
            or len(BREAKS.intersection(fields)) != 1
        ):
            return None
        line = self._line_at(start)
        line_end = self._line_at(end)
        self._at = end + len(tag) + 3
        return Entry(tag, "", fields, line, line_end)

    def _element(self) -> Entry | None:
        """The next tag and the text that follows it; None at the end."""
        if self._again is not None:
            entry, self._again = self._again, None
            return entry
        found = self._tag()
        if found is None:
            return None
        line = self._line_at(found.start())
        self._at = found.end()
        value = self._value()
        line_end = self._line_at(self._at - len(value) + len(value.rstrip()))
        tag = found["tag"].upper()
        if found["close"]:
            tag = f"/{tag}"
        if found["empty"] or (found["close"] and tag != "/OFX"):
            self._report_stray(value, line)
        return Entry(tag, "" if found["empty"] else value, None, line, line_end)

    def _tag(self) -> re.Match[str] | None:
        """The next tag; declarations of the head (<?xml ...?>) are read over."""
        self._report_stray(self._value(), self._line)
        while self._at < len(self._text):
            found = _TAG.match(self._text, self._at)
            assert found is not None, "a value ends at a tag"
            if found["tag"] is not None:
                return found
            self._at = found.end()
            self._value()
        return None

    def _value(self) -> str:
        """The text up to the next tag: a "<" that begins none, and CDATA, are part of it."""
        parts: list[str] = []
        while True:
            start = self._at
            place = self._text.find("<", start)
            self._at = len(self._text) if place < 0 else place
            parts.append(self._text[start : self._at])
            if place < 0:
                if self._more():
                    continue
                return "".join(parts)
            found = _TAG.match(self._text, place)
            if found is None:
                parts.append("<")
                self._at += 1
            elif found["declared"] is not None:
                self._refuse(place)
            elif found["cdata"] is not None:
                parts.append(self._enclosed(found.end() - place, "]]>").replace("&", "&amp;"))
            elif found["comment"] is not None:
                self._enclosed(found.end() - place, "-->")
            else:
                return "".join(parts)

    def _enclosed(self, opening: int, closing: str) -> str:
        """What stands between here and the closing mark; only the opening mark where none is."""
        start = self._at + opening
        end = -1 if closing in self._unending else self._text.find(closing, start)
        while end < 0 and closing not in self._unending:
            if len(self._text) - self._at > TEXT_MAX:
                raise Unreadable(
                    "text-too-long",
                    f"Text of more than {TEXT_MAX} characters is not closed by {closing}.",
                    line=self.line(),
                )
            start -= self._at
            if not self._more():
                self._unending.add(closing)
            start += self._at
            end = self._text.find(closing, start)
        if end < 0:
            self._at = start
            return ""
        self._at = end + len(closing)
        return self._text[start:end]

    def _collected(self, opening: Entry) -> Entry:
        """The aggregate whose opening was read, element by element."""
        tag, fields, last = opening.tag, {opening.tag: opening.value}, opening
        name, count = tag, 0
        while True:
            entry = self._element()
            if entry is None:
                return Entry(tag, "", fields, opening.line, last.line_end, whole=False)
            if entry.tag == f"/{tag}":
                return Entry(tag, "", fields, opening.line, entry.line)
            if entry.tag in BREAKS or count >= ELEMENTS_MAX:
                self._again = entry
                self._report_unclosed(tag, entry.line)
                return Entry(tag, "", fields, opening.line, last.line_end)
            last, count = entry, count + 1
            if entry.tag.startswith("/"):
                if entry.value.strip():
                    fields[name] += entry.value
                continue
            name = entry.tag
            if name in fields and fields[name].strip():
                fields[name] += f"\n{entry.value.strip()}" if entry.value.strip() else ""
            else:
                fields[name] = entry.value

    def _skip_header(self) -> None:
        """Come to the first tag."""
        self._more()
        self._value()

    def _more(self) -> bool:
        """Take the next run in, and drop what was read; False at the end of the file."""
        if self._ended:
            return False
        run = next(self._blocks, None)
        if run is None:
            self._ended = True
            return False
        self._line_at(self._at)
        self._text = self._text[self._at :] + run
        self._at = self._counted = 0
        return True

    def _line_at(self, place: int) -> int:
        if place > self._counted:
            self._line += self._text.count(self._separator, self._counted, place)
            self._counted = place
        return self._line

    def _refuse(self, place: int) -> None:
        raise Unreadable(
            "doctype",
            "The file declares a document type or entities, which no statement needs and attacks "
            "use; it was not read. Ask the bank for a file without them.",
            line=self._line_at(place),
        )

    def _report_stray(self, value: str, line: int) -> None:
        if value.strip() and self._findings.first("stray-text"):
            self._findings.warn(
                "stray-text",
                "Text that belongs to no element was left out, here and maybe later.",
                line,
                raw=value.strip()[:80],
            )

    def _report_unclosed(self, tag: str, line: int) -> None:
        if self._findings.first(f"unclosed {tag}"):
            self._findings.warn(
                "aggregate-unclosed",
                f"A {tag} is not closed before the next one begins; it was read up to there. "
                "Later ones are not reported.",
                line,
            )
