"""The rows of a CSV file that is to be categorised: facts, or what is wrong with a row."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from categories.evidence import Facts
from core.errors import InvalidMoney, Unreadable
from core.money import storable

SEPARATORS: Final = (",", ";", "\t")
COLUMNS: Final = ("date", "amount", "currency", "merchant", "mcc", "description")


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
            head = file.readline()
            places = _places(head)
            reader = csv.reader(file, delimiter=_separator(head))
            while True:
                line = reader.line_num + 2  # the first of the row, below the header
                try:
                    cells = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    yield BadRow(line=line, problem=f"It is no CSV: {error}.")
                    continue
                if cells:
                    yield _row(cells, places, line)
    except OSError as error:
        raise Unreadable(
            "file-unreadable", f"The file {path} cannot be read: {error.strerror}."
        ) from error


def _separator(head: str) -> str:
    return max(SEPARATORS, key=head.count)


def _places(head: str) -> Mapping[str, int]:
    names = [name.strip().lower() for name in next(csv.reader([head], delimiter=_separator(head)))]
    places: dict[str, int] = {name: names.index(name) for name in COLUMNS if name in names}
    if "amount" not in places or not {"merchant", "description"} & places.keys():
        raise Unreadable(
            "columns-missing",
            "The first line must name the columns amount and merchant; date, currency and mcc may "
            f"be there too. It says: {head.strip()[:200]!r}.",
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
        amount = storable(Decimal(said["amount"]))
    except (InvalidOperation, InvalidMoney):
        return BadRow(
            line=line, problem=f"The amount {said['amount'][:40]!r} is no number such as -12.34."
        )
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
