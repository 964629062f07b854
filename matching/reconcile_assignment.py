"""The best one-to-one assignment of scored pairs, component by component: exact, not greedy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

COMPONENT_MAX: Final = 60  # rows of the smaller side that are assigned exactly

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
        if min(len(lefts), len(rights)) > COMPONENT_MAX:
            chosen |= dict.fromkeys(_greedy(lefts, rights, pairs), False)
            continue
        flipped = len(lefts) > len(rights)
        rows, columns = (rights, lefts) if flipped else (lefts, rights)
        scores = [
            [pairs.get((column, row) if flipped else (row, column), 0) for column in columns]
            for row in rows
        ]
        for i, j in enumerate(_least_cost([[-score for score in row] for row in scores])):
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


def _least_cost(cost: Sequence[Sequence[int]]) -> list[int]:
    """The column of each row in the cheapest assignment; there are no fewer columns than rows.

    Source: the Hungarian method with potentials, E. L. Lawler, Combinatorial Optimization (1976).
    """
    rows, columns = len(cost), len(cost[0])
    # 1-based; place 0 of the columns is where the row that is assigned stands first.
    of_row, of_column = [0] * (rows + 1), [0] * (columns + 1)
    row_at = [0] * (columns + 1)  # 0: free
    for row in range(1, rows + 1):
        row_at[0] = row
        at, way = _cheapest_way(cost, row_at, of_row, of_column)
        while at:
            row_at[at] = row_at[way[at]]
            at = way[at]
    found = [0] * rows
    for column in range(1, columns + 1):
        if row_at[column]:
            found[row_at[column] - 1] = column - 1
    return found


def _cheapest_way(
    cost: Sequence[Sequence[int]], row_at: list[int], of_row: list[int], of_column: list[int]
) -> tuple[int, list[int]]:
    """From place 0 to a free column: that column, and where each column is come to from. Changes
    the potentials so that no reduced cost is below zero."""
    columns = len(row_at)
    way = [0] * columns
    least: list[int | None] = [None] * columns
    unused = list(range(1, columns))
    used = [0]
    at = 0
    while True:
        here = row_at[at]
        for column in unused:
            reduced = cost[here - 1][column - 1] - of_row[here] - of_column[column]
            known = least[column]
            if known is None or reduced < known:
                least[column], way[column] = reduced, at
        step, at = min((known, column) for column in unused if (known := least[column]) is not None)
        for column in used:
            of_row[row_at[column]] += step
            of_column[column] -= step
        for column in unused:
            known = least[column]
            if known is not None:
                least[column] = known - step
        if row_at[at] == 0:
            return at, way
        unused.remove(at)
        used.append(at)
