"""The best one-to-one assignment of scored pairs, component by component: exact, not greedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from matching.assignment import heaviest

COMPONENT_MAX: Final = 60  # rows of the smaller side that are assigned exactly
PAIRS_MAX: Final = 20_000  # of both sides, whether they may be pairs or not

Pair = tuple[int, int]  # places of a left and a right row


def components(pairs: Mapping[Pair, int]) -> Iterator[tuple[list[int], list[int]]]:
    """The places of left and right rows that hang together, in ascending order."""
    lefts: dict[int, list[int]] = {}
    rights: dict[int, list[int]] = {}
    for left, right in sorted(pairs):
        lefts.setdefault(left, []).append(right)
        rights.setdefault(right, []).append(left)
    seen: set[int] = set()
    for start in lefts:
        if start in seen:
            continue
        mine, theirs, waiting = {start}, set[int](), [start]
        while waiting:
            for right in lefts[waiting.pop()]:
                if right not in theirs:
                    theirs.add(right)
                    new = [left for left in rights[right] if left not in mine]
                    mine.update(new)
                    waiting += new
        seen |= mine
        yield sorted(mine), sorted(theirs)


def assign(pairs: Mapping[Pair, int]) -> dict[Pair, bool]:
    """Pairs of the highest sum of scores in which each row is once; scores are above zero.

    True: the assignment is exact. False: the component was too large for that, so that its pairs
    were taken by falling score.
    """
    chosen: dict[Pair, bool] = {}
    for lefts, rights in components(pairs):
        smaller = min(len(lefts), len(rights))
        if smaller > COMPONENT_MAX or len(lefts) * len(rights) > PAIRS_MAX:
            chosen |= dict.fromkeys(_greedy(lefts, rights, pairs), False)
            continue
        flipped = len(lefts) > len(rights)
        rows, columns = (rights, lefts) if flipped else (lefts, rights)
        scores = [
            [pairs.get((column, row) if flipped else (row, column), 0) for column in columns]
            for row in rows
        ]
        for i, j in enumerate(heaviest(scores)):
            if scores[i][j] > 0:
                pair = (columns[j], rows[i]) if flipped else (rows[i], columns[j])
                chosen[pair] = True
    return chosen


def _greedy(lefts: Sequence[int], rights: Sequence[int], pairs: Mapping[Pair, int]) -> list[Pair]:
    mine, theirs, chosen = set(lefts), set(rights), []
    for _, left, right in sorted((-score, *pair) for pair, score in pairs.items()):
        if left in mine and right in theirs:
            mine.remove(left)
            theirs.remove(right)
            chosen.append((left, right))
    return chosen
