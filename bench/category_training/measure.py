"""Measuring: what a model says of months that it never saw, as `bankfeeds categorize` does it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.category_training.bars import GOAL
from bench.category_training.figures import calibration_error, covered_at_most, wilson_low
from bench.category_training.rows import CLASSES, Row
from categories.evidence import Decision, Facts, decide_many
from categories.merchant import key
from categories.model import TextModel
from categories.taxonomy import OTHER


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Months to train on and later ones to test on."""

    name: str
    last_trained: str
    last_tested: str

    def parts(self, rows: Sequence[Row]) -> tuple[list[Row], list[Row]]:
        """The rows of both."""
        seen = [row for row in rows if row.month <= self.last_trained]
        test = [row for row in rows if self.last_trained < row.month <= self.last_tested]
        return seen, test


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The figures of one set of rows."""

    name: str
    rows: int
    accuracy: float
    applied: int
    right: int
    covered_seen: float
    covered_unseen: float
    at_most: float  # coverage by the best bar, chosen on these rows: what no bar can exceed
    by_name: float  # right if every merchant's commonest label in these rows were known
    calibration: float
    macro: float  # mean over classes of the share of their rows that was applied rightly
    share: float | None  # of OTHER, as the model estimated it
    classes: tuple[tuple[str, int, int, int], ...]  # class, its rows, applied as it, rightly

    @property
    def coverage(self) -> float:
        """The share of rows that was applied."""
        return self.applied / self.rows

    @property
    def precision(self) -> float:
        """The share of what was applied that is right."""
        return self.right / max(self.applied, 1)

    @property
    def low(self) -> float:
        """The lower end of its Wilson interval."""
        return wilson_low(self.right, self.applied)


def facts_of(row: Row, *, mcc: str | None = None) -> Facts:
    """What a file says of the row."""
    return Facts(merchant=row.merchant, amount=row.amount, currency="GBP", mcc=mcc)


def decided(model: TextModel, rows: Sequence[Row]) -> tuple[TextModel, list[Decision]]:
    """The decisions on a file of these rows, and the model as it adapted to them."""
    facts = [facts_of(row) for row in rows]
    fitted = model.fitted(facts)
    return fitted, list(decide_many(facts, model=fitted))


def report(name: str, model: TextModel, rows: Sequence[Row], *, seen: set[str]) -> Report:
    """The figures of a file of these rows; `seen` has the merchants of training."""
    fitted, decisions = decided(model, rows)
    labels = [CLASSES[row.label] for row in rows]
    right = np.array([each.category == said for each, said in zip(decisions, labels, strict=True)])
    applied = np.array([each.applied for each in decisions])
    sure = np.array([each.probability for each in decisions])
    classed = np.array([each.category != OTHER for each in decisions])
    known = np.array([key(row.merchant) in seen for row in rows])
    classes = tuple(_classes(decisions, labels))
    return Report(
        name=name,
        rows=len(rows),
        accuracy=float(right.mean()),
        applied=int(applied.sum()),
        right=int((applied & right).sum()),
        covered_seen=_share(applied, known),
        covered_unseen=_share(applied, ~known),
        at_most=covered_at_most(np.where(classed, sure, -1.0), right & classed, GOAL),
        by_name=_by_name(rows),
        calibration=calibration_error(sure, right),
        macro=float(np.mean([hit / count for _, count, _, hit in classes if count])),
        share=fitted.share,
        classes=classes,
    )


def named(rows: Sequence[Row]) -> list[Row]:
    """The rows whose label is one of the closed classes."""
    return [row for row in rows if CLASSES[row.label] != OTHER]


def _by_name(rows: Sequence[Row]) -> float:
    labels: dict[str, Counter[int]] = {}
    for row in rows:
        labels.setdefault(key(row.merchant), Counter())[row.label] += 1
    return sum(max(counts.values()) for counts in labels.values()) / len(rows)


def _share(applied: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(applied[among].mean()) if among.any() else 0.0


def _classes(
    decisions: Sequence[Decision], labels: Sequence[str]
) -> list[tuple[str, int, int, int]]:
    found = []
    for name in CLASSES:
        mine = [said == name for said in labels]
        applied = [each.applied and each.category == name for each in decisions]
        hits = sum(one and two for one, two in zip(mine, applied, strict=True))
        found.append((name, sum(mine), sum(applied), hits))
    return found
