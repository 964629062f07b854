"""Bars: from which probability on a class is applied, found on months that the weights never saw.

Each stretch of months was predicted by weights of the other stretches. A bar holds if the lower end
of Wilson's interval of what it lets through in a stretch is 95 % or more in the mean of stretches:
that is what months to come are measured by, so chance and drift between stretches both count. A
margin grows with the share of OTHER, as it is mostly OTHER that drifts; the worst stretch may be
one point lower. Rows of no class are counted as often as each share of them demands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench.category_training.figures import wilson_low
from categories.classifier import NO_OTHER
from categories.weights import Bar

GOAL: Final = 0.95
MARGIN: Final = 0.01  # on the goal, where all rows were OTHER
WORST: Final = 0.01  # below the goal in the worst stretch
SHARES: Final = (NO_OTHER, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
STEPS: Final = np.arange(400, 996, 5) / 1000
NEVER: Final = 1.01
ROWS_MIN: Final = 60  # let through in a stretch, else it says nothing
CLASS_GOAL: Final = 0.85
CLASS_ROWS_MIN: Final = 40
RAISES: Final = np.arange(0.0, 0.5, 0.02)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heldout:
    """Probabilities of rows whose labels the weights did not see, and the labels."""

    likely: NDArray[np.float64]
    labels: NDArray[np.int64]
    other: int  # the number of OTHER

    @property
    def share(self) -> float:
        """How many rows are of no class."""
        return float((self.labels == self.other).mean())

    def adapted(self, start: float, share: float) -> Weighted:
        """The answers for that share of OTHER, and what the rows count then."""
        likely = self.likely.copy()
        likely[:, self.other] *= (share / (1 - share)) / (start / (1 - start))
        likely /= likely.sum(axis=1, keepdims=True)
        here = self.share
        counts = np.where(
            self.labels == self.other, share / max(here, 1e-6), (1 - share) / max(1 - here, 1e-6)
        )
        chosen = likely.argmax(axis=1)
        return Weighted(
            chosen=chosen,
            sure=likely.max(axis=1),
            right=chosen == self.labels,
            counts=counts,
            other=self.other,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighted:
    """Answers and what each row counts."""

    chosen: NDArray[np.int64]
    sure: NDArray[np.float64]
    right: NDArray[np.bool_]
    counts: NDArray[np.float64]
    other: int

    def low(self, through: NDArray[np.bool_]) -> float | None:
        """The lower end of Wilson's interval of these rows; None where they are too few."""
        through = through & (self.chosen != self.other)
        counts = self.counts[through]
        if through.sum() < ROWS_MIN:
            return None
        size = counts.sum() ** 2 / (counts**2).sum()  # as many rows of equal weight
        return wilson_low(float((counts * self.right[through]).sum() / counts.sum() * size), size)


def lowest(
    stretches: Sequence[Heldout],
    start: float,
    raised: Mapping[str, float],
    classes: Sequence[str],
) -> tuple[Bar, ...]:
    """The lowest bars that hold, for each share of OTHER, where these classes' are higher."""
    more = np.array([raised.get(name, 0.0) for name in classes])
    found: list[Bar] = []
    for share in SHARES:
        bar = _lowest([stretch.adapted(start, share) for stretch in stretches], more, share)
        # The more rows are of no class, the higher the bar; what says otherwise is chance.
        found.append(Bar(share=share, bar=max(bar, found[-1].bar) if found else bar))
    return tuple(found)


def raised(stretches: Sequence[Heldout], start: float, classes: Sequence[str]) -> dict[str, float]:
    """How much higher the bar of a class is that would be wrong too often."""
    found: dict[str, float] = {}
    other = stretches[0].other
    for share in (SHARES[0], min(SHARES, key=lambda each: abs(each - start))):
        answers = [stretch.adapted(start, share) for stretch in stretches]
        bar = _lowest(answers, np.zeros(len(classes)), share)
        for number, name in enumerate(classes):
            if number == other:
                continue
            step = next((s for s in RAISES if _holds(answers, number, bar + s)), RAISES[-1])
            if step > found.get(name, 0.0):
                found[name] = round(float(step), 3)
    return found


def _lowest(answers: Sequence[Weighted], more: NDArray[np.float64], share: float) -> float:
    """The lowest bar that holds; `more` is what each class needs beyond it."""
    goal = GOAL + MARGIN * share
    for step in STEPS:
        lows = [each.low(each.sure >= step + more[each.chosen]) for each in answers]
        told = [low for low in lows if low is not None]
        if told and np.mean(told) >= goal and min(told) >= goal - WORST:
            return round(float(step), 3)
    return NEVER


def _holds(answers: Sequence[Weighted], number: int, bar: float) -> bool:
    """Whether a class is right often enough above the bar, or hardly ever there."""
    right = count = rows = 0.0
    for each in answers:
        through = (each.chosen == number) & (each.sure >= bar)
        rows += through.sum()
        count += each.counts[through].sum()
        right += (each.counts * each.right)[through].sum()
    return rows < CLASS_ROWS_MIN or right / count >= CLASS_GOAL
