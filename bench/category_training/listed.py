"""Names of the lists of brands as rows to learn from, for merchants and classes yet to come.

A feature of what a brand sells is learnt from payments alone; a class that a ledger begins to use
in April has none in March, though the lists know what an electricity company sells. So each name of
our list that has a class counts as some rows of it, shared out between the class and OTHER as the
labels of the listed merchants of that class are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from bench.category_training.rows import CLASSES, NUMBERS, Row
from categories import brands
from categories.classifier import Look
from categories.taxonomy import OTHER

ROWS_A_NAME: Final = 2.0
AMOUNTS: Final = (Decimal("8.99"), Decimal("42.50"))  # small and not, with cents as most are
PRIOR_ROWS: Final = 20  # of the mean of all classes, for a class with few rows


def listed(rows: Sequence[Row]) -> Iterator[tuple[Look, int, float]]:
    """Looks, their labels and how many rows each counts."""
    others = _others(rows)
    for brand in brands.ours():
        if brand.class_name is None:
            continue
        label, share = NUMBERS[brand.class_name], others[brand.class_name]
        for amount in AMOUNTS:
            look, count = Look.at(brand.words, amount), ROWS_A_NAME / len(AMOUNTS)
            yield look, label, count * (1 - share)
            yield look, NUMBERS[OTHER], count * share


def _others(rows: Sequence[Row]) -> dict[str, float]:
    """Of the rows of listed merchants of each class, how many are labelled OTHER."""
    found: Counter[str] = Counter()
    others: Counter[str] = Counter()
    for row in rows:
        brand = brands.find(row.merchant)
        if brand is not None and brand.class_name is not None:
            found[brand.class_name] += 1
            others[brand.class_name] += CLASSES[row.label] == OTHER
    mean = others.total() / max(found.total(), 1)
    return {
        name: (others[name] + PRIOR_ROWS * mean) / (found[name] + PRIOR_ROWS) for name in CLASSES
    }
