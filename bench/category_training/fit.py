"""Fitting: multinomial logistic regression with a ridge, by L-BFGS; the same bytes each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from bench.category_training.rows import CLASSES, Row
from categories import features
from categories.classifier import Look
from categories.weights import Card

LETTERS: Final = 2.0
WORDS: Final = 0.8
AMOUNT: Final = 0.5
RIDGE: Final = 1.0
ROUNDS: Final = 60

Doubles = NDArray[np.float64]


def fit(rows: Sequence[Row]) -> tuple[Card, Doubles]:
    """A card without bars, and the table of weights."""
    design, counts = _design(rows)
    used = np.unique(design.indices)
    places = np.full(features.SIZE, -1)
    places[used] = np.arange(len(used))
    narrow = csr_matrix(
        (design.data, places[design.indices], design.indptr), shape=(design.shape[0], len(used))
    )
    weights, intercepts = _minimised(narrow, counts)
    table = np.zeros((features.SIZE, len(CLASSES)))
    table[used] = weights
    others = sum(row.label == len(CLASSES) - 1 for row in rows)
    card = Card(
        classes=CLASSES,
        bits=features.BITS,
        letters=LETTERS,
        words=WORDS,
        amount=AMOUNT,
        temperature=1.0,
        share=round(others / len(rows), 4),
        intercepts=tuple(round(float(value), 6) for value in intercepts),
        bars=(),
        raised={},
        trained_on=(),
        rows=len(rows),
    )
    return card, table


def _design(rows: Sequence[Row]) -> tuple[Any, Doubles]:
    """One line for each look, and how often each class was its label."""
    seen: dict[Look, Counter[int]] = {}
    for row in rows:
        seen.setdefault(row.look, Counter())[row.label] += 1
    places: list[int] = []
    values: list[float] = []
    ends = [0]
    for look in seen:
        name = features.of_name(look.merchant)
        amount = features.of_amount(name, look.size, whole=look.whole)
        places += [*name.letters, *name.words, *amount]
        values += [LETTERS / max(len(name.letters), 1) ** 0.5] * len(name.letters)
        values += [WORDS] * len(name.words) + [AMOUNT] * len(amount)
        ends.append(len(places))
    counts = np.zeros((len(seen), len(CLASSES)))
    for number, labels in enumerate(seen.values()):
        for label, count in labels.items():
            counts[number, label] = count
    return csr_matrix((values, places, ends), shape=(len(seen), features.SIZE)), counts


def _minimised(design: Any, counts: Doubles) -> tuple[Doubles, Doubles]:
    across = design.T.tocsr()
    totals = counts.sum(axis=1, keepdims=True)
    classes = counts.shape[1]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        weights, intercepts = flat[:-classes].reshape(-1, classes), flat[-classes:]
        scores = design @ weights + intercepts
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        sums = likely.sum(axis=1, keepdims=True)
        value = -(counts * (scores - np.log(sums))).sum() + RIDGE / 2 * (weights**2).sum()
        error = likely / sums * totals - counts
        slope = np.concatenate([(across @ error + RIDGE * weights).ravel(), error.sum(axis=0)])
        return float(value), slope

    start = np.zeros((design.shape[1] + 1) * classes)
    options = {"maxiter": ROUNDS, "maxcor": 8}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return found.x[:-classes].reshape(-1, classes), found.x[-classes:]
