"""Fitting: multinomial logistic regression with a ridge, by L-BFGS; the same bytes each time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """What is known of each look; names are told apart, as most looks share theirs with others."""

    names: Any  # one line a name, one column a place that is used
    amounts: Any  # one line a look, likewise
    owner: Any  # one line a look, with a one at its name
    labels: NDArray[np.float32]  # one line a look: how often each class was its label
    used: NDArray[np.int64]  # the places of the columns


def fit(rows: Sequence[Row]) -> tuple[Card, Doubles]:
    """A card without bars, and the table of weights."""
    design = _design(rows)
    weights, intercepts = _minimised(design)
    table = np.zeros((features.SIZE, len(CLASSES)))
    table[design.used] = weights
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


def _design(rows: Sequence[Row]) -> Design:
    seen: dict[Look, Counter[int]] = {}
    for row in rows:
        seen.setdefault(row.look, Counter())[row.label] += 1
    names = {look.merchant: features.of_name(look.merchant) for look in seen}
    numbers = {name: number for number, name in enumerate(names)}
    letters = _letters(list(names.values()))
    words = [name.words for name in names.values()]
    amounts = [
        features.of_amount(names[look.merchant], look.size, whole=look.whole) for look in seen
    ]
    used = np.unique(np.fromiter(chain(*letters, *words, *amounts), dtype=np.int64))
    labels = np.zeros((len(seen), len(CLASSES)), dtype=np.float32)
    for number, found in enumerate(seen.values()):
        for label, count in found.items():
            labels[number, label] = count
    scaled = [[LETTERS / len(runs) ** 0.5] * len(runs) for runs in letters]
    return Design(
        names=_matrix(
            [[*runs, *said] for runs, said in zip(letters, words, strict=True)],
            [[*runs, *[WORDS] * len(said)] for runs, said in zip(scaled, words, strict=True)],
            used,
        ),
        amounts=_matrix(amounts, [[AMOUNT] * len(each) for each in amounts], used),
        owner=csr_matrix(
            (
                np.ones(len(seen), dtype=np.float32),
                [numbers[look.merchant] for look in seen],
                np.arange(len(seen) + 1),
            ),
            shape=(len(seen), len(names)),
        ),
        labels=labels,
        used=used,
    )


def _letters(names: Sequence[features.NameFeatures]) -> list[list[int]]:
    """The places of each name's runs of letters."""
    found = features.letters(names)
    parts = np.split(np.stack(found.places, axis=1), found.starts[1:])
    return [part[part != features.NOWHERE].tolist() for part in parts]


def _matrix(
    places: Sequence[Sequence[int]], values: Sequence[Sequence[float]], used: NDArray[np.int64]
) -> Any:
    columns = np.searchsorted(used, np.fromiter(chain.from_iterable(places), dtype=np.int64))
    return csr_matrix(
        (
            np.fromiter(chain.from_iterable(values), dtype=np.float32),
            columns,
            [0, *accumulate(len(each) for each in places)],
        ),
        shape=(len(places), len(used)),
    )


def _minimised(design: Design) -> tuple[Doubles, Doubles]:
    # Single precision where the numbers are many, double where they are summed up.
    names, amounts, owner, labels = design.names, design.amounts, design.owner, design.labels
    by_name, by_amount, owned = (each.T.tocsr() for each in (names, amounts, owner))
    totals = labels.sum(axis=1, keepdims=True)
    classes = labels.shape[1]

    def loss(flat: Doubles) -> tuple[float, Doubles]:
        weights = flat[:-classes].astype(np.float32).reshape(-1, classes)
        scores = owner @ (names @ weights) + amounts @ weights
        scores += flat[-classes:].astype(np.float32)
        scores -= scores.max(axis=1, keepdims=True)
        likely = np.exp(scores)
        sums = likely.sum(axis=1, keepdims=True)
        value = -(labels * (scores - np.log(sums))).sum(dtype=np.float64)
        value += RIDGE / 2 * float(flat[:-classes] @ flat[:-classes])
        error = likely / sums * totals - labels
        slope = np.empty_like(flat)
        slope[:-classes] = (by_name @ (owned @ error) + by_amount @ error).ravel()
        slope[:-classes] += RIDGE * flat[:-classes]
        slope[-classes:] = error.sum(axis=0, dtype=np.float64)
        return float(value), slope

    start = np.zeros((len(design.used) + 1) * classes)
    options = {"maxiter": ROUNDS, "maxcor": 5}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options)
    return found.x[:-classes].reshape(-1, classes), found.x[-classes:]
