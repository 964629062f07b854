"""Payouts of processors: charges less fees of some days, or of one reference, are one deposit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Final
from uuid import UUID

from core.reconciliation import Candidate, Proposal, Rule, RuleTerms
from core.reviews import ReviewReason
from matching.reconcile_agreement import key_of, major, mentioned, minor, references, tolerance
from matching.reconcile_groups import alone, not_unique

RUN_DAYS_MAX: Final = 31  # days of charges that one payout covers
MEMBERS_MAX: Final = 2_000
LOOKS_IN_ALL: Final = 2_000_000  # sums that one rule compares: a second or two
SOLUTIONS_MAX: Final = 2  # of a deposit: with a second one, neither is sure
_FEW: Final = 5  # rows below which a sum is right by chance too easily


class _Looks:
    """What one rule may still look at: a wide one must not take the time of others."""

    def __init__(self) -> None:
        self._left = LOOKS_IN_ALL

    def go_on(self) -> bool:
        """Whether there is one more."""
        self._left -= 1
        return self._left >= 0


class _Ledger:
    """The rows of one processor's account in one currency, by day and by reference."""

    def __init__(self, rows: Sequence[Candidate]) -> None:
        rows = sorted(rows, key=lambda row: (row.day, row.id))
        of_name: dict[str, list[Candidate]] = defaultdict(list)
        self.of_day: dict[int, list[Candidate]] = defaultdict(list)
        for row in rows:
            self.of_day[row.day.toordinal()].append(row)
            for name in references(row):
                of_name[name].append(row)
        self.days = sorted(self.of_day)
        # Up to each day.
        self.sums, self.counts = [0], [0]
        for day in self.days:
            ones = self.of_day[day]
            self.sums.append(self.sums[-1] + sum(minor(row.amount) for row in ones))
            self.counts.append(self.counts[-1] + len(ones))
        # By what they come to.
        self.named = sorted(
            (sum(minor(row.amount) for row in ones), name, ones)
            for name, ones in of_name.items()
            if 2 <= len(ones) <= MEMBERS_MAX
        )
        self.totals = [total for total, _, _ in self.named]


def pay_out(
    rule: Rule,
    left: Sequence[Candidate],
    right: Sequence[Candidate],
    *,
    rejected: Collection[str] = (),
) -> list[Proposal]:
    """Charges and fees (left) of each deposit (right): those of one reference, else of whole days
    that follow each other. A row goes into one payout."""
    parts: dict[tuple[object, str], list[Candidate]] = defaultdict(list)
    for row in left:
        parts[row.account_id, row.currency].append(row)
    ledgers = [(key, _Ledger(parts[key])) for key in sorted(parts, key=str)]
    found, looks = [], _Looks()
    for deposit in sorted(right, key=lambda row: (row.day, row.id)):
        if not deposit.amount:
            continue  # of nothing anything may be the sum
        own = [
            ledger
            for (account, currency), ledger in ledgers
            if currency == deposit.currency and account != deposit.account_id
        ]
        proposal = _of_deposit(rule, deposit, own, looks)
        if proposal is not None and key_of(proposal.ids) not in rejected:
            found.append(proposal)
    return alone(found)


def _of_deposit(
    rule: Rule, deposit: Candidate, ledgers: Sequence[_Ledger], looks: _Looks
) -> Proposal | None:
    for solutions, code, text, points in (
        (
            _named(rule.terms, deposit, ledgers, looks),
            "same-reference",
            "they have one reference",
            85,
        ),
        (
            _runs(rule.terms, deposit, ledgers, looks),
            "whole-days",
            "they are all of these days",
            80,
        ),
    ):
        distinct = _distinct(solutions)
        if not distinct:
            continue
        rows = distinct[min(distinct)]
        apart = sum(minor(row.amount) for row in rows) - minor(deposit.amount)
        unique = len(distinct) == 1
        reasons = [
            ReviewReason(
                code="same-sum" if apart == 0 else "near-sum",
                text=f"{len(rows)} charges and fees come to the deposit"
                + ("" if apart == 0 else f", but for {major(apart)}"),
                points=15 if apart == 0 else 0,
            ),
            ReviewReason(code=code, text=text, points=points if len(rows) >= _FEW else points // 2),
        ]
        if not unique:
            reasons.append(not_unique())
        return Proposal(
            rule=rule,
            left=tuple(rows),
            right=(deposit,),
            score=min(sum(reason.points for reason in reasons), 100),
            reasons=tuple(reasons),
            difference=major(apart),
            unique=unique,
        )
    return None


def _distinct(
    solutions: Iterator[list[Candidate]],
) -> dict[tuple[UUID, ...], list[Candidate]]:
    """The first few solutions that are of other rows."""
    distinct: dict[tuple[UUID, ...], list[Candidate]] = {}
    for rows in solutions:
        distinct[tuple(row.id for row in rows)] = rows
        if len(distinct) == SOLUTIONS_MAX:
            break
    return distinct


def _named(
    terms: RuleTerms, deposit: Candidate, ledgers: Sequence[_Ledger], looks: _Looks
) -> Iterator[list[Candidate]]:
    amount = minor(deposit.amount)
    bound = tolerance(terms, amount)
    for ledger in ledgers:
        first = bisect_left(ledger.totals, amount - bound)
        for place in range(first, bisect_right(ledger.totals, amount + bound)):
            if not looks.go_on():
                return
            _, name, rows = ledger.named[place]
            fits = abs((deposit.day - rows[-1].day).days) <= terms.day_window
            if fits or mentioned([name], deposit):
                yield rows


def _runs(
    terms: RuleTerms, deposit: Candidate, ledgers: Sequence[_Ledger], looks: _Looks
) -> Iterator[list[Candidate]]:
    """Whole days, so that the order of rows within one says nothing."""
    if terms.by_reference:
        return
    amount, day = minor(deposit.amount), deposit.day.toordinal()
    bound = tolerance(terms, amount)
    for ledger in ledgers:
        last = bisect_right(ledger.days, day)
        for end in range(bisect_left(ledger.days, day - terms.day_window), last):
            for start in range(end, -1, -1):
                if ledger.days[end] - ledger.days[start] >= RUN_DAYS_MAX:
                    break
                if not looks.go_on():
                    return
                total = ledger.sums[end + 1] - ledger.sums[start]
                count = ledger.counts[end + 1] - ledger.counts[start]
                if abs(total - amount) <= bound and 2 <= count <= MEMBERS_MAX:
                    yield [row for d in ledger.days[start : end + 1] for row in ledger.of_day[d]]
