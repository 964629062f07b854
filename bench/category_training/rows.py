"""Labelled rows: card payments of a city council, each with its merchant, amount, month, class.

Contains public sector information licensed under the Open Government Licence v3.0
(Birmingham City Council).
"""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Final

from categories.classifier import Look
from categories.taxonomy import OTHER, classes

DATA: Final = Path(__file__).resolve().parents[2] / "../shared/data/categories"
FILES: Final = ("bcc_cards_2016-12_2017-08.csv", "bcc_cards_2021-09_2021-12.csv")
CLASSES: Final = (*classes(), OTHER)
NUMBERS: Final = {name: number for number, name in enumerate(CLASSES)}


@dataclass(frozen=True, slots=True)
class Row:
    """One labelled payment; `label` is the number of its class."""

    day: date
    merchant: str
    amount: Decimal
    label: int
    look: Look

    @property
    def month(self) -> str:
        """The month, such as "2017-06"."""
        return f"{self.day:%Y-%m}"


def read(folder: Path = DATA, files: Sequence[str] = FILES) -> list[Row]:
    """Every row, by day; rows of one day stay in the order of their file."""
    found: list[Row] = []
    for name in files:
        with (folder / name).open(encoding="utf-8", newline="") as file:
            found += [_row(line) for line in csv.DictReader(file)]
    return sorted(found, key=lambda row: row.day)


def fingerprints(folder: Path = DATA, files: Sequence[str] = FILES) -> tuple[str, ...]:
    """The name and the SHA-256 of each file."""
    return tuple(
        f"{name} sha256:{hashlib.sha256((folder / name).read_bytes()).hexdigest()}"
        for name in files
    )


def folds(rows: Sequence[Row], count: int) -> list[range]:
    """The rows in so many stretches of whole months, of about as many rows each."""
    ends = [
        number for number in range(1, len(rows)) if rows[number].month != rows[number - 1].month
    ]
    cuts = [0]
    for part in range(1, count):
        wanted = len(rows) * part / count
        cuts.append(min(ends, key=lambda end: abs(end - wanted)))
    cuts.append(len(rows))
    return [range(first, last) for first, last in pairwise(cuts) if last > first]


def _row(line: dict[str, str]) -> Row:
    amount = Decimal(line["amount"])
    return Row(
        day=date.fromisoformat(line["date"]),
        merchant=line["merchant"],
        amount=amount,
        label=NUMBERS[line["category"]],
        look=Look.at(line["merchant"], amount),
    )
