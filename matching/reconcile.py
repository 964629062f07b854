"""Reconciles rows by rules, in their order: pure, the same whatever order the rows come in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
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
# Books and processors are accounts of this type: what else there is comes from banks. A bank's
# own may be of it too where nobody said what it is, so that equal amounts alone only suggest.
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
            mode=RuleMode.SUGGEST,
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
    patience: Callable[[], None] | None = None,
) -> list[Proposal]:
    """What the rules find; each row is in one proposal at most, what is automatic goes first.

    `rejected`: keys of what a person said no to. `patience`: asked before each rule; it raises
    where there is none left.
    """
    free = {row.id: row for row in rows}
    found: list[Proposal] = []
    for rule in sorted(rules, key=lambda one: one.terms.position):
        if not rule.terms.enabled:
            continue
        if patience is not None:
            patience()
        proposals = _once(_proposed(rule, list(free.values()), rejected))
        found += proposals
        for proposal in proposals:
            if proposal.automatic:
                for row in (*proposal.left, *proposal.right):
                    free.pop(row.id)
    return _once(found)


def sides(terms: RuleTerms, types: Mapping[UUID, str]) -> tuple[set[UUID], set[UUID]]:
    """The accounts of the left side of a rule, and of the right, of all by their types.

    A side that selects nothing is what the other one leaves, or all.
    """
    left = _selected(terms.left_account_ids, terms.left_account_type, types)
    right = _selected(terms.right_account_ids, terms.right_account_type, types)
    every = set(types)
    if left is None and right is None:
        return every, every
    if left is None:
        assert right is not None
        return every - right, right
    return left, every - left if right is None else right


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


def _selected(
    ids: Sequence[UUID] | None, account_type: str | None, types: Mapping[UUID, str]
) -> set[UUID] | None:
    if ids is None and account_type is None:
        return None
    return {
        account
        for account, its_type in types.items()
        if (ids is None or account in ids) and account_type in (None, its_type)
    }


def _proposed(rule: Rule, rows: Sequence[Candidate], rejected: Collection[str]) -> list[Proposal]:
    left_ids, right_ids = sides(rule.terms, {row.account_id: row.account_type for row in rows})
    left = [row for row in rows if row.account_id in left_ids]
    right = [row for row in rows if row.account_id in right_ids]
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
