"""Trades: what is applied of the text alone, and rows that carry an acquirer's code as the judge.

No row with a code lies beside this repository. Without one, the labels of classes that acquirers
code alike stand in: a row of FUEL was bought of a petrol station. With `--coded FILE` (columns
merchant, amount, mcc) the codes of that file are the truth.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from bench.category_training.figures import wilson_low
from bench.category_training.measure import facts_of
from bench.category_training.rows import CLASSES, Row
from categories import mcc, taxonomy
from categories.evidence import Facts, decide_many
from categories.model import TRADE_BAR, TextModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How many trades were applied, and how many of them are the judge's."""

    rows: int
    applied: int
    judged: int
    right: int

    def __str__(self) -> str:
        """The figures in words."""
        return (
            f"trades applied to {self.applied / max(self.rows, 1):.1%} of {self.rows:,} rows; "
            f"{self.right / max(self.judged, 1):.1%} of {self.judged:,} judged are right, at least "
            f"{wilson_low(self.right, self.judged):.1%}"
        )


def by_ledger(model: TextModel, rows: Sequence[Row]) -> Told:
    """By the labels of classes that acquirers code alike."""
    alike = {name for name, percent in taxonomy.coded_alike().items() if percent / 100 >= TRADE_BAR}
    truths: list[str | None] = []
    for row in rows:
        place = taxonomy.place(CLASSES[row.label]) if CLASSES[row.label] in alike else None
        truths.append(place.primary if place else None)
    return _told(model, [facts_of(row) for row in rows], truths)


def by_code(model: TextModel, path: Path) -> tuple[Told, Told]:
    """A file whose rows carry codes: with the code told, and from the text alone."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.DictReader(file))
    truths: list[str | None] = []
    for line in lines:
        trade = mcc.find(line["mcc"])
        truths.append(taxonomy.categories()[trade.detailed].primary if trade else None)
    with_code, alone = (
        [
            Facts(
                merchant=line["merchant"],
                amount=Decimal(line["amount"]),
                currency="",
                mcc=line["mcc"] if is_told else None,
            )
            for line in lines
        ]
        for is_told in (True, False)
    )
    return _told(model, with_code, truths), _told(model, alone, truths)


def _told(model: TextModel, facts: Sequence[Facts], truths: Sequence[str | None]) -> Told:
    applied = judged = right = 0
    decisions = decide_many(facts, model=model.fitted(facts))
    for said, truth in zip(decisions, truths, strict=True):
        applied += said.trade.applied
        if said.trade.applied and truth is not None:
            judged += 1
            right += said.primary == truth
    return Told(rows=len(facts), applied=applied, judged=judged, right=right)
