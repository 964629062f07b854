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
TEXT_MIN: Final = 50  # percent that count as agreement


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """A candidate with what is compared, made once."""

    row: Candidate
    units: int
    day: int
    names: frozenset[str]
    words: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Edge:
    score: int
    reasons: tuple[ReviewReason, ...]
    difference: int


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
            (i, j): edge
            for (i, j), edge in edges.items()
            if key_of([lefts[i].row.id, rights[j].row.id]) not in rejected
        }
    best = _rivals(edges, lefts, rights)
    proposals = []
    for pair, exact in sorted(assign({at: edge.score for at, edge in edges.items()}).items()):
        edge, ends = edges[pair], (lefts[pair[0]].row, rights[pair[1]].row)
        rival = max(
            second if first == edge.score else first for first, second in (best[r.id] for r in ends)
        )
        unique = exact and pair[0] not in crowded and edge.score - rival >= MARGIN
        reasons = edge.reasons
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
                difference=major(edge.difference),
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
) -> tuple[dict[tuple[int, int], _Edge], set[int]]:
    """All pairs that the rule allows, and the left rows that have more partners than are looked
    at."""
    terms = rule.terms
    places: dict[str, list[int]] = defaultdict(list)  # by currency, in the order of amounts
    keys: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for place, row in enumerate(rights):
        places[row.row.currency].append(place)
        keys[row.row.currency].append((row.units, row.day))
    edges, crowded, seen = {}, set(), set()
    for i, one in enumerate(lefts):
        known, at = keys[one.row.currency], places[one.row.currency]
        first, last = one.day - terms.day_window, one.day + terms.day_window
        near = []
        for low, high in _ranges(terms, one.units):
            span = at[bisect_left(known, (low, first)) : bisect_right(known, (high, last))]
            near += [j for j in span if first <= rights[j].day <= last]
        near = sorted(set(near), key=lambda j: (abs(rights[j].day - one.day), j))
        if len(near) > NEAREST_MAX:
            crowded.add(i)
        for j in near[:NEAREST_MAX]:
            other = rights[j]
            ids = frozenset((one.row.id, other.row.id))
            if one.row.account_id == other.row.account_id or ids in seen:
                continue
            edge = _edge(terms, one, other)
            if edge is not None:
                edges[i, j] = edge
                seen.add(ids)  # a row may be on both sides
    return edges, crowded


def _ranges(terms: RuleTerms, units: int) -> Iterator[tuple[int, int]]:
    # Wider than the tolerance where that is a share of the larger side: `_edge` looks again.
    reach = 2 * tolerance(terms, units)
    if terms.signs is not RuleSigns.OPPOSITE:
        yield units - reach, units + reach
    if terms.signs is not RuleSigns.EQUAL:
        yield -units - reach, -units + reach


def _edge(terms: RuleTerms, one: _Row, other: _Row) -> _Edge | None:
    apart = difference(terms.signs, one.units, other.units)
    if one.units == 0 or abs(apart) > tolerance(terms, one.units, other.units):
        return None
    shared = one.names & other.names
    agreement = text_agreement(one.words, other.words)
    if (terms.by_reference and not shared) or (terms.text_needed and agreement < TEXT_MIN):
        return None
    days = abs(one.day - other.day)
    for_amount, for_day, for_text = (30, 10, 10) if shared else (40, 20, 40)
    reasons = [
        ReviewReason(
            code="same-amount" if apart == 0 else "near-amount",
            text="the amounts are equal" if apart == 0 else f"the amounts differ by {major(apart)}",
            points=for_amount if apart == 0 else for_amount // 2,
        ),
        ReviewReason(
            code="days-apart",
            text="the same day" if days == 0 else f"{days} days apart",
            points=for_day - for_day * days // (terms.day_window + 1),
        ),
        ReviewReason(
            code="text-agrees",
            text=f"{agreement} % of the words agree",
            points=for_text * agreement // 100,
        ),
    ]
    if shared:
        reasons.insert(
            0, ReviewReason(code="same-reference", text="an id or reference is equal", points=50)
        )
    score = max(sum(reason.points for reason in reasons), 1)
    return _Edge(score=score, reasons=tuple(reasons), difference=apart)


def _rivals(
    edges: Mapping[tuple[int, int], _Edge], lefts: Sequence[_Row], rights: Sequence[_Row]
) -> dict[UUID, tuple[int, int]]:
    """The best two scores among the pairs that each row could make, on whichever side."""
    best: dict[UUID, tuple[int, int]] = {}
    for (i, j), edge in edges.items():
        for row in (lefts[i].row.id, rights[j].row.id):
            first, second = best.get(row, (0, 0))
            best[row] = (first, max(second, edge.score))
            if edge.score > first:
                best[row] = (edge.score, first)
    return best
