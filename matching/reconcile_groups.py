"""One row against several: an invoice paid in parts, a deposit of several sales."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from core.reconciliation import Candidate, Proposal, Rule, RuleShape, RuleSigns, RuleTerms
from core.reviews import ReviewReason
from matching.reconcile_agreement import (
    difference,
    key_of,
    major,
    mentioned,
    minor,
    references,
    text_agreement,
    tolerance,
    words,
)
from matching.subset import STEPS_MAX, subsets

CANDIDATES_MAX: Final = 40  # of one row
STEPS_IN_ALL: Final = 300_000  # of one rule: less than a second
STEPS_MIN: Final = 200  # of one row, however many there are
TEXT_MIN: Final = 50


def group_up(
    rule: Rule,
    left: Sequence[Candidate],
    right: Sequence[Candidate],
    *,
    rejected: Collection[str] = (),
) -> list[Proposal]:
    """Groups that a bounded search finds, and that nobody said no to.

    Unique are those to whose sum nothing else comes, and whose rows no other group wants.
    """
    one_is_left = rule.terms.shape is RuleShape.ONE_TO_MANY
    ones, many = (left, right) if one_is_left else (right, left)
    parts = _Parts(rule.terms, many)
    steps, proposals = STEPS_IN_ALL, []
    for left_over, one in _counted_down(sorted(ones, key=lambda row: (row.day, row.id))):
        near, all_there = _near(rule.terms, one, parts.of(one))
        if len(near) < 2:
            continue
        target = _target(rule.terms.signs, one, near)
        found = subsets(
            [minor(row.amount) for row in near],
            target,
            tolerance=tolerance(rule.terms, target),
            most=rule.terms.group_max,
            steps=min(STEPS_MAX, max(steps // left_over, STEPS_MIN)),
        )
        steps -= found.steps
        if found.solutions:
            rows = tuple(near[i] for i in found.solutions[0])
            unique = found.unique and all_there
            proposals.append(_proposal(rule, one, rows, unique=unique, one_is_left=one_is_left))
    return alone(one for one in proposals if key_of(one.ids) not in rejected)


class _Parts:
    """What may be parts of a row: of its currency and days, and with a word of it where the texts
    must agree. So that many rows are not all held against each other."""

    def __init__(self, terms: RuleTerms, rows: Sequence[Candidate]) -> None:
        self._terms = terms
        self._of: dict[tuple[str, str], list[Candidate]] = defaultdict(list)
        for row in sorted(rows, key=lambda row: (row.day, row.id)):
            for name in words(row) if terms.text_needed else ("",):
                self._of[row.currency, name].append(row)

    def of(self, one: Candidate) -> Collection[Candidate]:
        """Rows that may be parts of this one, and others."""
        first = one.day.toordinal() - self._terms.day_window
        last = one.day.toordinal() + self._terms.day_window
        found = {}
        for name in words(one) if self._terms.text_needed else ("",):
            rows = self._of.get((one.currency, name), [])
            start = bisect_left(rows, first, key=_ordinal)
            for row in rows[start : bisect_right(rows, last, key=_ordinal)]:
                found[row.id] = row
        return found.values()


def _ordinal(row: Candidate) -> int:
    return row.day.toordinal()


def _counted_down(rows: Sequence[Candidate]) -> Iterator[tuple[int, Candidate]]:
    """Each row with how many there are from it on."""
    return zip(range(len(rows), 0, -1), rows, strict=True)


def _near(
    terms: RuleTerms, one: Candidate, many: Collection[Candidate]
) -> tuple[list[Candidate], bool]:
    """Rows that may be a part of one, nearest first; and whether these are all."""
    amount = minor(one.amount)
    sign = -1 if terms.signs is RuleSigns.OPPOSITE else 1
    own_words, own_names = words(one), references(one)
    near = []
    for row in many:
        part = minor(row.amount)
        if row.account_id == one.account_id or abs((row.day - one.day).days) > terms.day_window:
            continue
        if part == 0 or abs(part) > abs(amount) + tolerance(terms, amount):
            continue
        if terms.signs is not RuleSigns.EITHER and (part * sign > 0) != (amount > 0):
            continue
        if terms.by_reference and not _names_it(own_names, row):
            continue
        if terms.text_needed and text_agreement(own_words, words(row)) < TEXT_MIN:
            continue
        near.append(row)
    near.sort(key=lambda row: (abs((row.day - one.day).days), row.day, row.id))
    return near[:CANDIDATES_MAX], len(near) <= CANDIDATES_MAX


def _names_it(names: frozenset[str], row: Candidate) -> bool:
    return bool(names & references(row)) or mentioned(names, row)


def _target(signs: RuleSigns, one: Candidate, near: Sequence[Candidate]) -> int:
    amount = minor(one.amount)
    turned = signs is RuleSigns.OPPOSITE or (
        signs is RuleSigns.EITHER and all((row.amount > 0) != (one.amount > 0) for row in near)
    )
    return -amount if turned else amount


def _proposal(
    rule: Rule, one: Candidate, rows: tuple[Candidate, ...], *, unique: bool, one_is_left: bool
) -> Proposal:
    left, right = ((one,), rows) if one_is_left else (rows, (one,))
    sums = [sum(minor(row.amount) for row in side) for side in (left, right)]
    apart = difference(rule.terms.signs, *sums)
    days = max(abs((row.day - one.day).days) for row in rows)
    own_words, own_names = words(one), references(one)
    agreeing = sum(
        _names_it(own_names, row) or text_agreement(own_words, words(row)) >= TEXT_MIN
        for row in rows
    )
    reasons = [
        ReviewReason(
            code="same-sum" if apart == 0 else "near-sum",
            text=f"{len(rows)} rows come to the amount"
            + ("" if apart == 0 else f", but for {major(apart)}"),
            points=50 if apart == 0 else 25,
        ),
        ReviewReason(
            code="days-apart",
            text="the same day" if days == 0 else f"{days} days apart at most",
            points=20 - 20 * days // (rule.terms.day_window + 1),
        ),
        ReviewReason(
            code="text-agrees",
            text=f"{agreeing} of {len(rows)} name it, or agree in their words",
            points=30 * agreeing // len(rows),
        ),
    ]
    if not unique:
        reasons.append(not_unique())
    return Proposal(
        rule=rule,
        left=left,
        right=right,
        score=sum(reason.points for reason in reasons),
        reasons=tuple(reasons),
        difference=major(apart),
        unique=unique,
    )


def not_unique() -> ReviewReason:
    """Why a sum that is right is asked about all the same."""
    return ReviewReason(code="not-unique", text="other rows come to the same sum", points=0)


def alone(proposals: Iterable[Proposal]) -> list[Proposal]:
    """Where two groups want one row, neither is sure."""
    proposals = list(proposals)
    wanted: dict[object, int] = defaultdict(int)
    for proposal in proposals:
        for row in (*proposal.left, *proposal.right):
            wanted[row.id] += 1
    return [
        proposal
        if not proposal.unique
        or all(wanted[row.id] == 1 for row in (*proposal.left, *proposal.right))
        else unsure(proposal)
        for proposal in proposals
    ]


def unsure(proposal: Proposal) -> Proposal:
    """The proposal, to be asked about."""
    if not proposal.unique:
        return proposal
    return replace(proposal, unique=False, reasons=(*proposal.reasons, not_unique()))
