"""Walking forward: each month as it is read by a model of all that came before it, bars included.

What counts for the book-keeper who installs a release is the month after it. So every month with
six before it is a test once, and nothing of it or of later ones had a part in its model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from bench.category_training.measure import Report, named, report
from bench.category_training.rows import Row
from bench.category_training.train import train
from categories.classifier import Classifier
from categories.merchant import key
from categories.model import TextModel
from categories.weights import unpack

MONTHS_MIN: Final = 6  # of training
ROWS_MIN: Final = 1_000  # of a month; a month of strays is none


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One month and what the model of all before it made of it."""

    month: str
    trained: int  # rows
    unseen: float  # share of the rows of the closed classes whose merchant was never seen
    everything: Report
    classes: Report  # of the rows of the closed classes


def steps(rows: Sequence[Row], *, parts: int) -> Iterator[Step]:
    """The months in their order."""
    for month in tested(rows):
        seen = [row for row in rows if row.month < month]
        yield step(train(seen, parts=parts).data, seen, [row for row in rows if row.month == month])


def tested(rows: Sequence[Row], *, rows_min: int = ROWS_MIN) -> list[str]:
    """The months that have enough of them before."""
    counts = Counter(row.month for row in rows)
    return sorted(month for month, count in counts.items() if count >= rows_min)[MONTHS_MIN:]


def step(data: bytes, seen: Sequence[Row], test: Sequence[Row]) -> Step:
    """One month, by the model in this file."""
    model = TextModel(Classifier(unpack(data)))
    names = {key(row.merchant) for row in seen}
    mine = named(test)
    return Step(
        month=test[0].month,
        trained=len(seen),
        unseen=sum(key(row.merchant) not in names for row in mine) / max(len(mine), 1),
        everything=report("all rows", model, test, seen=names),
        classes=report("rows of the closed classes", model, mine, seen=names),
    )
