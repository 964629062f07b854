"""Noise: how often people gave the same text different labels, which no model of text can tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from bench.category_training.rows import Row
from categories.merchant import key


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """Shares, of rows and of pairs of rows."""

    disputed: float  # rows whose name has more than one label
    commonest: float  # rows that have their name's commonest label
    alike: float  # of pairs of rows of one name and one amount, those with one label

    def __str__(self) -> str:
        """The figures in words."""
        return (
            f"labels of the closed classes before: {self.disputed:.1%} of rows are of a name that "
            f"has several, {self.commonest:.1%} have their name's commonest; of two rows of one "
            f"name and amount {self.alike:.1%} have the same"
        )


def noise(rows: Sequence[Row]) -> Noise:
    """How much these rows' labels say the same of the same."""
    names = _counted((key(row.merchant), row.label) for row in rows)
    exact = _counted(((key(row.merchant), row.amount), row.label) for row in rows)
    count = max(len(rows), 1)
    pairs = sum(_pairs(found.total()) for found in exact)
    return Noise(
        disputed=sum(found.total() for found in names if len(found) > 1) / count,
        commonest=sum(max(found.values()) for found in names) / count,
        alike=sum(_pairs(each) for found in exact for each in found.values()) / max(pairs, 1),
    )


def _counted(said: Iterable[tuple[Hashable, int]]) -> list[Counter[int]]:
    found: dict[Hashable, Counter[int]] = {}
    for what, label in said:
        found.setdefault(what, Counter())[label] += 1
    return list(found.values())


def _pairs(count: int) -> int:
    return count * (count - 1) // 2
