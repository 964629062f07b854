"""The online protocol: rows by day, the label of each revealed after it as a correction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bench.category_training.measure import facts_of
from bench.category_training.rows import CLASSES, Row
from categories.corrections import Correction, Corrections
from categories.evidence import decide_many
from categories.model import TextModel


@dataclass(slots=True, kw_only=True)
class Week:
    """What one week brought; `first` is its Monday."""

    first: date
    rows: int = 0
    right: int = 0
    applied: int = 0
    applied_right: int = 0
    corrected: int = 0  # rows of a merchant that was corrected before
    corrected_right: int = 0


def weeks(model: TextModel, rows: Sequence[Row]) -> list[Week]:
    """The weeks of these rows, for one tenant that begins without any correction."""
    found: dict[date, Week] = {}
    corrections = Corrections()
    for row in rows:
        facts, label = facts_of(row), CLASSES[row.label]
        said = next(decide_many((facts,), corrections=corrections, model=model))
        monday = row.day - timedelta(days=row.day.weekday())
        week = found.setdefault(monday, Week(first=monday))
        right = said.category == label
        week.rows += 1
        week.right += right
        week.applied += said.applied
        week.applied_right += said.applied and right
        known = corrections.opinion(facts) is not None
        week.corrected += known
        week.corrected_right += known and right
        corrections.learn(Correction(merchant=row.merchant, category=label))
    return list(found.values())
