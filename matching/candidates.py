"""Candidates: which rows are weighed against each other, and what remains worth a question."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Final

from core.links import LinkKind
from matching import scoring
from matching.assignment import Bundle, Edge
from matching.rejected import Rejected
from matching.rows import Row
from matching.scoring import WORTH_ASKING, Reasons, points_of, score_of

MANY: Final = 100  # rows that one row is held against; of more, those that share something with it

Weighed = Sequence[tuple[Bundle, Bundle, Reasons]]
Counted = Sequence[tuple[Bundle, Bundle, int]]


def bundled(
    rows: Iterable[Row], rejected: Rejected, *, apart: Callable[[Row], Hashable] | None = None
) -> list[Bundle]:
    """Rows with their twins, in an order of their own; those that `apart` tells so are none."""
    rows = tuple(rows)
    if len(rows) < 2:  # mostly
        return [Bundle(rows=rows)] if rows else []
    twins: dict[object, list[Row]] = defaultdict(list)
    for row in rows:
        key: Hashable = row.id if rejected.names(row) else row.signature
        twins[key if apart is None else (key, apart(row))].append(row)
    ordered = (tuple(sorted(same, key=lambda row: row.order)) for same in twins.values())
    return sorted((Bundle(rows=same) for same in ordered), key=lambda one: one.first.order)


def edges(kind: LinkKind, weighed: Weighed) -> list[Edge]:
    """Edges that are worth asking about; more so where there is no other on either side."""
    reasons = {(left, right): said for left, right, said in weighed}
    counted = [(left, right, points_of(said)) for left, right, said in weighed]
    return counted_edges(kind, counted, lambda left, right: reasons[left, right])


def counted_edges(
    kind: LinkKind, counted: Counted, reasons: Callable[[Bundle, Bundle], Reasons]
) -> list[Edge]:
    """The same of pairs by their points; reasons are written only of what is worth asking."""
    alone = points_of(scoring.unique(True))
    worth = [one for one in counted if one[2] + alone >= WORTH_ASKING[kind]]
    seen: dict[Bundle, int] = defaultdict(int)
    for left, right, _ in worth:
        seen[left] += 1
        seen[right] += 1
    found = []
    for left, right, points in worth:
        is_alone = seen[left] == seen[right] == 1
        if is_alone or points >= WORTH_ASKING[kind]:
            whole = (*reasons(left, right), *scoring.unique(is_alone))
            found.append(Edge(left=left, right=right, score=score_of(whole), reasons=whole))
    return found


def near(
    lefts: Sequence[Bundle], rights: Sequence[Bundle], *, within: int
) -> Iterator[tuple[Bundle, Bundle]]:
    """Bundles whose days are near; where those are many, only such as have something in common.

    Both are in the order of their days.
    """
    days = [right.first.day for right in rights]
    index: Shared | None = None
    for left in lefts:
        low = bisect_left(days, left.first.day - within)
        high = bisect_right(days, left.first.day + within)
        if high - low <= MANY:
            for right in rights[low:high]:
                yield left, right
            continue
        if index is None:
            index = Shared(rights)
        for right in index.like(left, low, high):
            yield left, right


class Shared:
    """Bundles by what they say: words, references and check numbers."""

    def __init__(self, bundles: Sequence[Bundle]) -> None:
        self._bundles = bundles
        self._places: dict[Hashable, list[int]] = defaultdict(list)
        for place, bundle in enumerate(bundles):
            for key in _said(bundle.first):
                self._places[key].append(place)

    def like(self, bundle: Bundle, low: int, high: int) -> list[Bundle]:
        """Those from `low` to `high` that share something with it, what is rare first."""
        spans = []
        for key in _said(bundle.first):
            places = self._places.get(key, [])
            begin, end = bisect_left(places, low), bisect_left(places, high)
            spans.append((end - begin, str(key), places, begin))
        found: set[int] = set()
        for count, _, places, begin in sorted(spans, key=lambda span: span[:2]):
            if len(found) + count > MANY:
                break
            found.update(places[begin : begin + count])
        return [self._bundles[place] for place in sorted(found)]


def _said(row: Row) -> Iterator[Hashable]:
    yield from row.words
    for one in row.references:
        yield ("reference", one)
    if row.of.check_number:
        yield ("check", row.of.check_number.lstrip("0"))
    yield ("text", row.text)
