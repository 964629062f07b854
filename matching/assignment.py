"""Assignment: which row goes with which, one to one, over all rows at once.

As many pairs as possible of the highest score, then of the next one, and so on: a shift of a whole
row of equal payments by a day never wins over those of the same day. What comes out depends on the
rows alone, and not on the order in which they came. Real twins are one bundle: which of them is
which makes no difference, and a thousand of them are no more work than one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.reviews import ReviewReason
from matching.rows import Row

SIZE_MAX: Final = 60  # rows of a side that are weighed all against all
RIVAL_WITHIN: Final = 5  # points: what is nearer than that could be meant as well


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bundle:
    """Twins of one source, in their order; mostly one row alone."""

    rows: tuple[Row, ...]

    @property
    def first(self) -> Row:
        """The one that speaks for all."""
        return self.rows[0]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edge:
    """Two bundles whose rows may belong together."""

    left: Bundle
    right: Bundle
    score: int
    reasons: tuple[ReviewReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two rows that go together; `alone`: nothing else could be meant; `later`: as others go."""

    left: Row
    right: Row
    edge: Edge
    alone: bool
    later: bool = False


def assigned(edges: Iterable[Edge]) -> list[Pair]:
    """The best pairs, in the order of their left rows."""
    pairs = [pair for part in components(edges) for pair in _pairs(part)]
    return sorted(pairs, key=lambda pair: pair.left.order)


def components(edges: Iterable[Edge]) -> list[list[Edge]]:
    """Edges that share bundles, directly or through others, put together."""
    parent: dict[Bundle, Bundle] = {}

    def root(one: Bundle) -> Bundle:
        parent.setdefault(one, one)
        while parent[one] is not one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    kept = list(edges)
    if len(kept) < 2:  # mostly
        return [kept] if kept else []
    for edge in kept:
        parent[root(edge.left)] = root(edge.right)
    parts: dict[Bundle, list[Edge]] = defaultdict(list)
    for edge in kept:
        parts[root(edge.left)].append(edge)
    return [sorted(part, key=_order) for part in parts.values()]


def _order(edge: Edge) -> tuple[int, object, object]:
    """The highest score first."""
    return (-edge.score, edge.left.first.order, edge.right.first.order)


def _pairs(edges: Sequence[Edge]) -> list[Pair]:
    uses = _uses(edges)
    bundles = dict.fromkeys(one for edge in edges for one in (edge.left, edge.right))
    free = {one: list(one.rows) for one in bundles}
    linked = [row for one in bundles for row in one.rows if row.of.linked is not None]
    if linked:  # what is linked goes with what it was, and last with anything else
        busy = {row.id for row in linked} | {row.of.linked for row in linked}
        for one in bundles:
            free[one].sort(key=lambda row: (row.id in busy, row.order))
    starts: Counter[Bundle] = Counter()
    pairs = []
    for edge in edges:
        if not uses[edge]:
            continue
        alone = not _has_rival(edge, edges, uses)
        lefts, rights = free[edge.left], free[edge.right]
        if linked:
            _stay_together(lefts, rights, starts[edge.left], starts[edge.right], uses[edge])
        for _ in range(uses[edge]):
            left, right = lefts[starts[edge.left]], rights[starts[edge.right]]
            starts.update((edge.left, edge.right))
            pairs.append(Pair(left=left, right=right, edge=edge, alone=alone))
    return pairs


def _stay_together(lefts: list[Row], rights: list[Row], left: int, right: int, most: int) -> None:
    """Brings twins that are linked with each other to the front of what is left of both."""
    by_id = {row.id: row for row in rights[right:]}
    by_link = {row.of.linked: row for row in rights[right:] if row.of.linked is not None}
    together: dict[Row, Row] = {}
    for row in lefts[left:]:
        partner = by_link.get(row.id) or by_id.get(row.of.linked or row.id)
        if partner is not None and len(together) < most:
            together[row] = partner
    for rows, start, first in (
        (lefts, left, [*together]),
        (rights, right, [*together.values()]),
    ):
        ahead = set(first)
        rows[start:] = [*first, *(row for row in rows[start:] if row not in ahead)]


def _uses(edges: Sequence[Edge]) -> Counter[Edge]:
    """How many rows go together along each edge."""
    if len(edges) == 1:
        return Counter({edges[0]: min(len(edges[0].left.rows), len(edges[0].right.rows))})
    lefts = [one for one in dict.fromkeys(edge.left for edge in edges) for _ in one.rows]
    rights = [one for one in dict.fromkeys(edge.right for edge in edges) for _ in one.rows]
    if max(len(lefts), len(rights)) > SIZE_MAX:
        return _best_first(edges)
    by_pair = {(edge.left, edge.right): edge for edge in edges}
    by_pair |= {(edge.right, edge.left): edge for edge in edges}
    if len(lefts) > len(rights):
        lefts, rights = rights, lefts
    levels = {score: n for n, score in enumerate(sorted({edge.score for edge in edges}), start=1)}
    base = len(lefts) + 1
    weights = [
        [base ** levels[edge.score] if (edge := by_pair.get((a, b))) else 0 for b in rights]
        for a in lefts
    ]
    uses: Counter[Edge] = Counter()
    for a, b in enumerate(heaviest(weights)):
        if (edge := by_pair.get((lefts[a], rights[b]))) is not None:
            uses[edge] += 1
    return uses


def _best_first(edges: Sequence[Edge]) -> Counter[Edge]:
    """Of too many: along the best edge as many as there are, then along the next one."""
    free: dict[Bundle, int] = {}
    uses: Counter[Edge] = Counter()
    for edge in edges:
        count = min(free.setdefault(one, len(one.rows)) for one in (edge.left, edge.right))
        uses[edge] = count
        free[edge.left] -= count
        free[edge.right] -= count
    return uses


def _has_rival(edge: Edge, edges: Sequence[Edge], uses: Mapping[Edge, int]) -> bool:
    """Whether another row could be meant as well: one that is no twin, and not better placed."""
    for other in edges:
        if other is edge or other.score <= edge.score - RIVAL_WITHIN:
            continue
        if other.left is edge.left:
            stays, goes = edge.left, other.right
        elif other.right is edge.right:
            stays, goes = edge.right, other.left
        else:
            continue
        homes = [one for one in edges if uses[one] and goes in (one.left, one.right)]
        if sum(uses[one] for one in homes) < len(goes.rows):
            return True
        if any(one.score <= other.score and stays not in (one.left, one.right) for one in homes):
            return True
    return False


def heaviest(weights: Sequence[Sequence[int]]) -> list[int]:
    """For each row the column that makes the sum of weights greatest; no more rows than columns.

    The Hungarian method with potentials, cubic. Whole numbers, so nothing is ever rounded.
    Source: E. L. Lawler, Combinatorial Optimization (1976).
    """
    rows, columns = len(weights), len(weights[0])
    most = max(map(max, weights))
    costs = [[most - weight for weight in row] for row in weights]
    row_price, column_price = [0] * (rows + 1), [0] * (columns + 1)
    row_of = [0] * (columns + 1)  # 0: free; the row being placed stands in column 0
    for row in range(1, rows + 1):
        row_of[0] = row
        way, last = _shortest(costs, row_of, row_price, column_price)
        while last:
            row_of[last] = row_of[way[last]]
            last = way[last]
    chosen = [0] * rows
    for column in range(1, columns + 1):
        if row_of[column]:
            chosen[row_of[column] - 1] = column - 1
    return chosen


def _shortest(
    costs: Sequence[Sequence[int]],
    row_of: Sequence[int],
    row_price: list[int],
    column_price: list[int],
) -> tuple[list[int], int]:
    """The cheapest way from column 0 to a free one: where each column was reached from, and its
    end. Prices follow."""
    columns = range(1, len(row_of))
    way = [0] * len(row_of)
    slack: dict[int, int] = {}
    used = [0]
    column = 0
    while row_of[column]:
        here = row_of[column]
        for one in columns:
            if one in used:
                continue
            cost = costs[here - 1][one - 1] - row_price[here] - column_price[one]
            if one not in slack or cost < slack[one]:
                slack[one], way[one] = cost, column
        nearest = min((one for one in columns if one not in used), key=slack.__getitem__)
        delta = slack[nearest]
        for one in used:
            row_price[row_of[one]] += delta
            column_price[one] -= delta
        for one in columns:
            if one not in used:
                slack[one] -= delta
        used.append(nearest)
        column = nearest
    return way, column
