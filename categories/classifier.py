"""The classifier: how probable each class is, from a merchant's name and an amount.

A linear model over hashed features. Memory is bounded: what it knows of names and of rows is kept
for the latest ones alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from categories import features
from categories.taxonomy import OTHER
from categories.weights import Floats, Weights

NAMES_MAX: Final = 32_768  # kept at a time; 19 floats each
ROWS_MAX: Final = 131_072
TOGETHER: Final = 512  # so few that their rows of the table stay near the processor

# The share of OTHER in someone's rows is estimated as if this many of training's rows were there
# too, so that few rows change little.
PRIOR_ROWS: Final = 50
ROUNDS_MAX: Final = 100
ENOUGH: Final = 1e-4
# Rows without any OTHER are estimated to have 3 to 10 % of it (measured on months held out).
NO_OTHER_BELOW: Final = 0.12
NO_OTHER: Final = 0.001  # so little that OTHER stands before no class that is likely
OTHER_MAX: Final = 0.95


@dataclass(frozen=True, slots=True)
class Look:
    """What the classifier sees of one transaction."""

    merchant: str
    size: int
    whole: bool

    @classmethod
    def at(cls, merchant: str, amount: Decimal) -> Look:
        """The look of a transaction."""
        return cls(merchant, features.size_of(amount), features.is_whole(amount))


class Classifier:
    """Probabilities of classes; the same for the same look, whatever was asked before."""

    def __init__(self, weights: Weights) -> None:
        self.card = weights.card
        self.other = weights.card.classes.index(OTHER)
        # One row more, of zeros, for the runs of letters that are nowhere.
        self._table = np.vstack(
            [weights.table, np.zeros((1, len(weights.card.classes)), np.float32)]
        )
        self._start = np.array(weights.card.intercepts, dtype=np.float32)
        self._names: dict[str, tuple[features.NameFeatures, Floats]] = {}
        self._rows: dict[Look, Floats] = {}

    def probabilities(self, looks: Sequence[Look], *, share: float | None = None) -> Floats:
        """One row a look, one column a class; `share` is that of OTHER where it is known."""
        if not looks:
            return np.zeros((0, len(self.card.classes)), dtype=np.float32)
        scores = self._scores(looks) / self.card.temperature
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        if share is not None:
            likely[:, self.other] *= _odds(share) / _odds(self.card.share)
        found: Floats = likely / likely.sum(axis=1, keepdims=True)
        return found

    def share_of_other(self, looks: Sequence[Look]) -> float:
        """How many of these rows are of no class, though nobody labelled them.

        Saerens, Latinne and Decaestecker (2002): the share for which the probabilities, adapted to
        it, have it as their mean.
        """
        other = self.probabilities(looks)[:, self.other].astype(np.float64)
        share = start = self.card.share
        for _ in range(ROUNDS_MAX):
            before, share = share, _next_share(other, share, start)
            if abs(share - before) < ENOUGH:
                break
        return NO_OTHER if share < NO_OTHER_BELOW else min(share, OTHER_MAX)

    def bar(self, share: float | None) -> float:
        """From which probability on a class is applied."""
        shares = [bar.share for bar in self.card.bars]
        at = self.card.share if share is None else share
        return float(np.interp(at, shares, [bar.bar for bar in self.card.bars]))

    def _scores(self, looks: Sequence[Look]) -> Floats:
        """One row a look; what is not known yet is computed together, which is far quicker."""
        if len(self._rows) >= ROWS_MAX:
            self._rows.clear()
        unknown = list({look: None for look in looks if look not in self._rows})
        for start in range(0, len(unknown), TOGETHER):
            self._learn(unknown[start : start + TOGETHER])
        return np.stack([self._rows[look] for look in looks])

    def _learn(self, looks: Sequence[Look]) -> None:
        if len(self._names) >= NAMES_MAX:
            self._names.clear()
        unknown = list({look.merchant: None for look in looks if look.merchant not in self._names})
        if unknown:
            self._learn_names(unknown)
        names = [self._names[look.merchant] for look in looks]
        amounts = [
            features.of_amount(name, look.size, whole=look.whole)
            for look, (name, _) in zip(looks, names, strict=True)
        ]
        scores = self.card.amount * _sums(self._table, amounts)
        scores += np.stack([base for _, base in names])
        self._rows.update(zip(looks, scores, strict=True))

    def _learn_names(self, merchants: Sequence[str]) -> None:
        names = [features.of_name(merchant) for merchant in merchants]
        letters = features.letters(names)
        runs = sum(
            (self._table[places] for places in letters.places[1:]), self._table[letters.places[0]]
        )
        scores = np.add.reduceat(runs, letters.starts, axis=0)
        scores *= (self.card.letters / np.sqrt(letters.counts, dtype=np.float32))[:, None]
        scores += self._start + self.card.words * _sums(self._table, [name.words for name in names])
        self._names.update(zip(merchants, zip(names, scores, strict=True), strict=True))


def _sums(table: Floats, places: Sequence[Sequence[int]]) -> Floats:
    """The sum of the table's rows at each of these lists of places, none of them empty."""
    counts = np.array([len(each) for each in places])
    flat = np.fromiter(chain.from_iterable(places), dtype=np.int64, count=int(counts.sum()))
    sums: Floats = np.add.reduceat(table[flat], np.cumsum(counts) - counts, axis=0)
    return sums


def _next_share(other: NDArray[np.float64], share: float, start: float) -> float:
    ratio = _odds(share) / _odds(start)
    adapted = ratio * other / (ratio * other + 1 - other)
    total: float = float(adapted.sum()) + PRIOR_ROWS * start
    return min(total / (len(other) + PRIOR_ROWS), OTHER_MAX)


def _odds(share: float) -> float:
    return share / (1 - share)
