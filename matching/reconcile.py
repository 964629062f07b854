"""Reconciles rows by rules, in their order: pure, the same whatever order the rows come in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

from core.reconciliation import (
    Candidate,
    Proposal,
    Rule,
    RuleMode,
    RuleShape,
    RuleSigns,
    RuleTerms,
)
from matching.reconcile_groups import group_up
from matching.reconcile_pairs import pair_up
from matching.reconcile_payouts import pay_out

VERSION: Final = "reconcile-1"  # of what scores mean
# Books and processors are accounts of this type: what else there is comes from banks.
_BOOKS: Final = "other"

# For tenants that have no rules of their own.
DEFAULT_RULES: Final = (
    Rule(
        label="the same reference/1",
        terms=RuleTerms(
            name="the same reference",
            mode=RuleMode.AUTO,
            signs=RuleSigns.EITHER,
            by_reference=True,
            day_window=10,
            score_min=80,
        ),
    ),
    Rule(
        label="amount, days and text/1",
        terms=RuleTerms(
            name="amount, days and text",
            mode=RuleMode.AUTO,
            left_account_type=_BOOKS,
            text_needed=True,
            day_window=3,
            score_min=85,
        ),
    ),
    Rule(
        label="payout/1",
        terms=RuleTerms(
            name="payout",
            mode=RuleMode.AUTO,
            shape=RuleShape.PAYOUT,
            left_account_type=_BOOKS,
            day_window=7,
            score_min=90,
        ),
    ),
    Rule(
        label="invoice in parts/1",
        terms=RuleTerms(
            name="invoice in parts",
            mode=RuleMode.SUGGEST,
            shape=RuleShape.ONE_TO_MANY,
            left_account_type=_BOOKS,
            day_window=30,
            text_needed=True,
        ),
    ),
    Rule(
        label="several invoices at once/1",
        terms=RuleTerms(
            name="several invoices at once",
            mode=RuleMode.SUGGEST,
            shape=RuleShape.MANY_TO_ONE,
            left_account_type=_BOOKS,
            day_window=30,
            text_needed=True,
        ),
    ),
)


class _Shape(Protocol):
    def __call__(
        self,
        rule: Rule,
        left: Sequence[Candidate],
        right: Sequence[Candidate],
        *,
        rejected: Collection[str] = (),
    ) -> list[Proposal]:
        """What a rule of the shape finds."""
        ...


_SHAPES: Final[Mapping[RuleShape, _Shape]] = {
    RuleShape.ONE_TO_ONE: pair_up,
    RuleShape.ONE_TO_MANY: group_up,
    RuleShape.MANY_TO_ONE: group_up,
    RuleShape.PAYOUT: pay_out,
}


def reconcile(
    rules: Iterable[Rule],
    rows: Iterable[Candidate],
    *,
    rejected: Collection[str] = (),
) -> list[Proposal]:
    """What the rules find; each row is in one proposal at most, what is automatic goes first.

    `rejected`: keys of what a person said no to.
    """
    free = {row.id: row for row in rows}
    found: list[Proposal] = []
    for rule in sorted(rules, key=lambda one: one.terms.position):
        if not rule.terms.enabled:
            continue
        proposals = _once(_proposed(rule, list(free.values()), rejected))
        found += proposals
        for proposal in proposals:
            if proposal.automatic:
                for row in (*proposal.left, *proposal.right):
                    free.pop(row.id)
    return _once(found)


def selects(terms: RuleTerms, row: Candidate) -> tuple[bool, bool]:
    """Whether a row may be on the left side, and on the right."""
    left = _selected(terms.left_account_ids, terms.left_account_type, row)
    right = _selected(terms.right_account_ids, terms.right_account_type, row)
    if left is None and right is None:
        return True, True
    if left is None:
        left = not right
    if right is None:
        right = not left
    return left, right


def is_open(terms: RuleTerms) -> bool:
    """Whether the rule selects no accounts: then it pairs rows of different connections alone."""
    return all(
        one is None
        for one in (
            terms.left_account_ids,
            terms.left_account_type,
            terms.right_account_ids,
            terms.right_account_type,
        )
    )


def _selected(ids: Sequence[UUID] | None, account_type: str | None, row: Candidate) -> bool | None:
    if ids is None and account_type is None:
        return None
    return (ids is None or row.account_id in ids) and account_type in (None, row.account_type)


def _proposed(rule: Rule, rows: Iterable[Candidate], rejected: Collection[str]) -> list[Proposal]:
    left, right = [], []
    for row in rows:
        on_left, on_right = selects(rule.terms, row)
        if on_left:
            left.append(row)
        if on_right:
            right.append(row)
    proposals = _SHAPES[rule.terms.shape](rule, left, right, rejected=rejected)
    if is_open(rule.terms):
        proposals = [
            one for one in proposals if _connections(one.left).isdisjoint(_connections(one.right))
        ]
    return proposals


def _connections(rows: Iterable[Candidate]) -> set[UUID]:
    return {row.connection_id for row in rows}


def _once(proposals: Iterable[Proposal]) -> list[Proposal]:
    """The best first; what wants a row that is taken is left out until that one is settled."""
    taken: set[UUID] = set()
    kept = []
    for proposal in sorted(
        proposals, key=lambda one: (not one.automatic, -one.score, abs(one.difference), one.ids)
    ):
        if taken.isdisjoint(proposal.ids):
            taken.update(proposal.ids)
            kept.append(proposal)
    return kept
