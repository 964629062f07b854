"""Rounds: what goes with which, and then what of the rest does, until nothing more is sure.

A pair may be doubtful for a third row alone, which then goes surely with a fourth. A later
comparison would be sure of it, so this one is: what comes out does not depend on how often rows are
compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from matching.assignment import Bundle, Pair
from matching.rows import Row

Candidate = TypeVar("Candidate")
Said = TypeVar("Said")


def in_rounds(
    candidates: Sequence[Candidate],
    *,
    once: Callable[[Sequence[Candidate]], list[Pair]],
    is_sure: Callable[[Pair], bool],
    without: Callable[[Sequence[Candidate], Sequence[Pair]], Sequence[Candidate]],
    several: bool = False,
) -> list[Pair]:
    """The pairs in the order of their left rows; `later`: sure only as others are.

    `once` makes pairs of candidates, `without` takes from them what sure pairs leave no room for;
    `several`: a right row may be of more than one pair.
    """
    pairs = once(candidates) if candidates else []
    if len(candidates) < 2 and not several:  # mostly
        return pairs
    found: list[Pair] = []
    left = candidates
    while sure := [pair for pair in pairs if is_sure(pair)]:
        found += [replace(pair, later=True) for pair in sure] if found else sure
        left = without(left, sure)
        pairs = once(left) if left else []
    return sorted((*found, *pairs), key=lambda pair: pair.left.order)


class Rest:
    """Bundles without the rows that are gone, each made once; None where nothing is left."""

    def __init__(self, gone: Iterable[Row]) -> None:
        self._gone = {row.id for row in gone}
        self._made: dict[Bundle, Bundle | None] = {}

    def of(self, bundle: Bundle) -> Bundle | None:
        """What is left of one."""
        if bundle not in self._made:
            rows = tuple(row for row in bundle.rows if row.id not in self._gone)
            whole = len(rows) == len(bundle.rows)
            self._made[bundle] = bundle if whole else Bundle(rows=rows) if rows else None
        return self._made[bundle]


def one_to_one(
    candidates: Sequence[tuple[Bundle, Bundle, Said]], sure: Sequence[Pair]
) -> list[tuple[Bundle, Bundle, Said]]:
    """Candidates without the rows of sure pairs."""
    rest = Rest(row for pair in sure for row in (pair.left, pair.right))
    return [
        (first, second, said)
        for left, right, said in candidates
        if (first := rest.of(left)) is not None and (second := rest.of(right)) is not None
    ]
