"""QIF lines: headers that begin with "!", and records that end with "^"."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from statements.csv_text import TextLines, broken_lines
from statements.findings import Findings

ACCOUNTS: Final = "account"  # the header of a list of accounts
LISTS: Final = frozenset(
    f"type:{name}"
    for name in (
        *("cat", "class", "memorized", "security", "prices"),
        *("budget", "tag", "invitem", "template", "payee"),
    )
)  # headers of what holds no transactions
FIELDS_MAX: Final = 10_000  # of one record
CHARACTERS_MAX: Final = 1024 * 1024  # of one record
RAW_MAX: Final = 500
_BLANK: Final = " \t\x1a"  # DOS ended its files with the last of them


class Header(NamedTuple):
    """A line such as "!Type:Bank"; `name` is "type:bank"."""

    name: str
    line: int


class Entry(NamedTuple):
    """The fields of one record, each with its letter, in order."""

    fields: list[tuple[str, str]]
    line: int
    line_end: int
    end: str  # what ended it: "^", or the letter of the line behind it, or "" for the end of all

    @property
    def size(self) -> int:
        """How many characters its text has."""
        return sum(len(text) + 1 for _, text in self.fields)

    @property
    def raw(self) -> str:
        """The beginning of its text, as findings keep it."""
        return "\n".join(letter + text for letter, text in self.fields)[:RAW_MAX]


def parts(text: TextLines, findings: Findings) -> Iterator[Header | Entry]:
    """The headers and records of a document.

    A record that has a date and an amount and meets another of either has lost its "^": the next
    one begins there. A header ends a record too.
    """
    fields: list[tuple[str, str]] = []
    seen: set[str] = set()
    first = size = line = 0
    for line, content in broken_lines(text):
        letter = content[:1] or " "
        if letter in "!^" or (letter in "DT" and letter in seen and {"D", "T"} <= seen):
            if fields or letter == "^":
                yield Entry(fields, first or line, _last(letter, line), letter)
            fields, seen, first, size = [], set(), 0, 0
        if letter == "!":
            yield Header("".join(content[1:].split()).casefold(), line)
        elif letter != "^" and content.strip(_BLANK) and not (letter == "#" and not fields):
            first = first or line
            size += len(content)
            if len(fields) < FIELDS_MAX and size < CHARACTERS_MAX:
                fields.append((letter, content[1:]))
                seen.add(letter)
            elif findings.first(f"record-too-long {first}"):
                findings.warn(
                    "record-too-long",
                    f"This record has more than {FIELDS_MAX} lines or {CHARACTERS_MAX} characters; "
                    "what follows in it was left out.",
                    first,
                )
    if fields:
        yield Entry(fields, first, line, "")


def _last(letter: str, line: int) -> int:
    """The last line of the record that this line ends."""
    return line if letter == "^" else line - 1
