"""One row against one: every pair that a rule allows is scored, then all are assigned at once."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.reconciliation import Candidate, Proposal, Rule, RuleSigns, RuleTerms
from core.reviews import ReviewReason
from matching.reconcile_agreement import (
    difference,
    key_of,
    major,
    minor,
    references,
    text_agreement,
    tolerance,
    words,
)
from matching.reconcile_assignment import assign

MARGIN: Final = 10  # by which a pair must beat every other that its rows could make
NEAREST_MAX: Final = 50  # partners of a row that are looked at
SPAN_MAX: Final = 200  # rows among which they are sought, those of the nearest amounts
LOOKS_IN_ALL: Final = 500_000  # pairs that one rule scores: a second or two
TEXT_MIN: Final = 50  # percent that count as agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A candidate with what is compared, made once."""

    row: Candidate
    units: int
    day: int
    names: frozenset[str]
    words: frozenset[str]


def pair_up(
    rule: Rule,
    left: Sequence[Candidate],
    right: Sequence[Candidate],
    *,
    rejected: Collection[str] = (),
) -> list[Proposal]:
    """The best assignment of pairs that nobody said no to."""
    lefts, rights = _prepared(left), _prepared(right)
    edges, crowded = _edges(rule, lefts, rights)
    if rejected:
        edges = {
            (i, j): score
            for (i, j), score in edges.items()
            if key_of([lefts[i].row.id, rights[j].row.id]) not in rejected
        }
    best = _rivals(edges, lefts, rights)
    proposals = []
    for pair, exact in sorted(assign(edges).items()):
        one, other = lefts[pair[0]], rights[pair[1]]
        edge, ends = _edge(rule.terms, one, other), (one.row, other.row)
        assert edge is not None  # of the many only scores were kept
        rival = max(
            second if first == edge.score else first for first, second in (best[r.id] for r in ends)
        )
        unique = exact and pair[0] not in crowded and edge.score - rival >= MARGIN
        reasons = edge.reasons()
        if not unique:
            reasons += (
                ReviewReason(
                    code="not-unique", text="other rows would do nearly as well", points=0
                ),
            )
        proposals.append(
            Proposal(
                rule=rule,
                left=ends[:1],
                right=ends[1:],
                score=edge.score,
                reasons=reasons,
                difference=major(edge.apart),
                unique=unique,
            )
        )
    return proposals


def _prepared(rows: Sequence[Candidate]) -> list[_Row]:
    made = [
        _Row(
            row=row,
            units=minor(row.amount),
            day=row.day.toordinal(),
            names=references(row),
            words=words(row),
        )
        for row in rows
    ]
    return sorted(made, key=lambda one: (one.units, one.day, one.row.id))


def _edges(
    rule: Rule, lefts: Sequence[_Row], rights: Sequence[_Row]
) -> tuple[dict[tuple[int, int], int], set[int]]:
    """The scores of all pairs that the rule allows, and the left rows that have more partners than
    are looked at. What a rule would look at beyond its limit is left for when there is less."""
    terms = rule.terms
    places: dict[str, list[int]] = defaultdict(list)  # by currency, in the order of amounts
    keys: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, row in enumerate(rights):
        places[row.row.currency].append(place)
        keys[row.row.currency].append((row.units, row.day))
    edges: dict[tuple[int, int], int] = {}
    crowded: set[int] = set()
    seen, looks = set(), LOOKS_IN_ALL
    for i, one in enumerate(lefts):
        if looks <= 0:
            crowded.update(range(i))  # what is not looked at may be a rival of any
            break
        known, at = keys[one.row.currency], places[one.row.currency]
        first, last = one.day - terms.day_window, one.day + terms.day_window
        near = []
        for units, reach in _ranges(terms, one.units):
            ends = (units - reach, first), (units + reach, last)
            span, whole = _span(known, *ends, nearest=(units, one.day))
            near += [j for j in at[span] if first <= rights[j].day <= last]
            if not whole:
                crowded.add(i)
        near = sorted(set(near), key=lambda j: (abs(rights[j].day - one.day), j))
        if len(near) > NEAREST_MAX:
            crowded.add(i)
        looks -= min(len(near), NEAREST_MAX)
        for j in near[:NEAREST_MAX]:
            other = rights[j]
            ids = frozenset((one.row.id, other.row.id))
            if one.row.account_id == other.row.account_id or ids in seen:
                continue
            edge = _edge(terms, one, other)
            if edge is not None:
                edges[i, j] = edge.score
                seen.add(ids)  # a row may be on both sides
    return edges, crowded


def _ranges(terms: RuleTerms, units: int) -> Iterator[tuple[int, int]]:
    """Amounts, and how far from them a partner's may be."""
    # Wider than the tolerance where that is a share of the larger side: `_edge` looks again.
    reach = 2 * tolerance(terms, units)
    if terms.signs is not RuleSigns.OPPOSITE:
        yield units, reach
    if terms.signs is not RuleSigns.EQUAL:
        yield -units, reach


def _span(
    known: Sequence[tuple[int, int]],
    low: tuple[int, int],
    high: tuple[int, int],
    *,
    nearest: tuple[int, int],
) -> tuple[slice, bool]:
    """The places between two amounts and days, those about the nearest one where they are many, and
    whether these are all."""
    first, last = bisect_left(known, low), bisect_right(known, high)
    if last - first <= SPAN_MAX:
        return slice(first, last), True
    middle = bisect_left(known, nearest)
    begin = min(max(middle - SPAN_MAX // 2, first), last - SPAN_MAX)
    return slice(begin, begin + SPAN_MAX), False


@dataclass(frozen=True, slots=True)
class _Edge:
    """What speaks for a pair, in points; its reasons are written where it is chosen."""

    amount: int
    day: int
    text: int
    reference: int
    apart: int
    days: int
    agreement: int

    @property
    def score(self) -> int:
        """All points together: at least one."""
        return max(self.amount + self.day + self.text + self.reference, 1)

    def reasons(self) -> tuple[ReviewReason, ...]:
        """The points in words."""
        apart, days = self.apart, self.days
        reasons = [
            ReviewReason(
                code="same-amount" if apart == 0 else "near-amount",
                text="the amounts are equal"
                if apart == 0
                else f"the amounts differ by {major(apart)}",
                points=self.amount,
            ),
            ReviewReason(
                code="days-apart",
                text="the same day" if days == 0 else f"{days} days apart",
                points=self.day,
            ),
            ReviewReason(
                code="text-agrees", text=f"{self.agreement} % of the words agree", points=self.text
            ),
        ]
        if self.reference:
            reasons.insert(
                0,
                ReviewReason(
                    code="same-reference",
                    text="an id or reference is equal",
                    points=self.reference,
                ),
            )
        return tuple(reasons)


def _edge(terms: RuleTerms, one: _Row, other: _Row) -> _Edge | None:
    apart = difference(terms.signs, one.units, other.units)
    if one.units == 0 or abs(apart) > tolerance(terms, one.units, other.units):
        return None
    shared = not one.names.isdisjoint(other.names)
    if terms.by_reference and not shared:
        return None
    agreement = text_agreement(one.words, other.words)
    if terms.text_needed and agreement < TEXT_MIN:
        return None
    days = abs(one.day - other.day)
    for_amount, for_day, for_text = (30, 10, 10) if shared else (40, 20, 40)
    return _Edge(
        amount=for_amount if apart == 0 else for_amount // 2,
        day=for_day - for_day * days // (terms.day_window + 1),
        text=for_text * agreement // 100,
        reference=50 if shared else 0,
        apart=apart,
        days=days,
        agreement=agreement,
    )


def _rivals(
    edges: Mapping[tuple[int, int], int], lefts: Sequence[_Row], rights: Sequence[_Row]
) -> dict[UUID, tuple[int, int]]:
    """The best two scores among the pairs that each row could make, on whichever side."""
    best: dict[UUID, tuple[int, int]] = {}
    for (i, j), score in edges.items():
        for row in (lefts[i].row.id, rights[j].row.id):
            first, second = best.get(row, (0, 0))
            best[row] = (first, max(second, score))
            if score > first:
                best[row] = (score, first)
    return best
