"""The rows of a CSV file that is to be categorised: facts, or what is wrong with a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from categories.evidence import Facts
from core.errors import InvalidMoney, Unreadable
from statements.csv_amount import AmountReader
from statements.csv_evidence import decimal_mark_of

SEPARATORS: Final = (",", ";", "\t")
COLUMNS: Final = ("date", "amount", "currency", "merchant", "mcc", "description")
HEAD_CHARACTERS_MAX: Final = 65_536  # of the line that names the columns
SHOWN_MAX: Final = 40  # characters of a cell in a message

# A sign or a currency may stand on either side; parentheses are a minus.
_POINT: Final = AmountReader(decimal_mark=".", thousands=",")
_COMMA: Final = AmountReader(decimal_mark=",", thousands=".")

_FIRST_LINE: Final = (
    "The first line must name the columns amount and merchant, parted by commas, semicolons or "
    "tabs; date, currency and mcc may be there too. Delete lines above it."
)
_TOO_LONG: Final = (
    f"A cell is longer than {csv.field_size_limit():,} characters; look for a quotation mark that "
    "is never closed."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row that says too little, with its line and what to write instead."""

    line: int
    problem: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GoodRow:
    """What one row says."""

    line: int
    facts: Facts


Row = GoodRow | BadRow


def read(path: Path) -> Iterator[Row]:
    """The rows in their order, one at a time; raises Unreadable where there is no table."""
    try:
        # A byte that is no UTF-8 spoils a letter, not the file.
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
            head = file.readline(HEAD_CHARACTERS_MAX)
            places = _places(path, head)
            reader = csv.reader(file, delimiter=_separator(head))
            while True:
                line = reader.line_num + 2  # the first of the row, below the header
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error:
                    yield BadRow(line=line, problem=_TOO_LONG)
                    continue
                if cells:
                    yield _row(cells, places, line)
    except OSError as error:
        raise Unreadable(
            "file-unreadable", f"The file {path} cannot be read: {error.strerror}."
        ) from error


def _separator(head: str) -> str:
    return max(SEPARATORS, key=head.count)


def _places(path: Path, head: str) -> Mapping[str, int]:
    if not head:
        raise Unreadable("columns-missing", f"The file {path} is empty. {_FIRST_LINE}")
    if "\0" in head:
        raise Unreadable(
            "columns-missing",
            f"The file {path} is no text in UTF-8: its first line has zero bytes. "
            "Save it as CSV in UTF-8.",
            line=1,
        )
    if len(head) >= HEAD_CHARACTERS_MAX:
        raise Unreadable(
            "columns-missing",
            f"Line 1 of {path} is longer than {HEAD_CHARACTERS_MAX:,} characters. {_FIRST_LINE}",
            line=1,
        )
    names = [name.strip().lower() for name in next(csv.reader([head], delimiter=_separator(head)))]
    places: dict[str, int] = {name: names.index(name) for name in COLUMNS if name in names}
    missing = [] if "amount" in places else ["amount"]
    missing += [] if {"merchant", "description"} & places.keys() else ["merchant (or description)"]
    if missing:
        raise Unreadable(
            "columns-missing",
            f"Line 1 of {path} names no {' and no '.join(missing)}. {_FIRST_LINE} "
            f"It says: {head.strip()[:200]!r}.",
            line=1,
        )
    return places


def _row(cells: Sequence[str], places: Mapping[str, int], line: int) -> Row:
    said = {
        name: cells[place].strip() if place < len(cells) else "" for name, place in places.items()
    }
    merchant = said.get("merchant") or said.get("description", "")
    if not merchant:
        return BadRow(line=line, problem="The merchant is empty; write the name as on the feed.")
    try:
        amount = _amount(said["amount"])
    except InvalidMoney:
        shown = said["amount"][:SHOWN_MAX]
        return BadRow(line=line, problem=f"The amount {shown!r} is no number such as -12.34.")
    return GoodRow(
        line=line,
        facts=Facts(
            merchant=merchant,
            amount=amount,
            currency=said.get("currency", ""),
            description=said.get("description", ""),
            mcc=said.get("mcc") or None,
        ),
    )


def _amount(cell: str) -> Decimal:
    """The amount; of a mark that may part decimals or thousands, a comma parts thousands."""
    is_comma = not _POINT.plain(cell) and decimal_mark_of(cell) == ","
    return (_COMMA if is_comma else _POINT).read(cell).value
