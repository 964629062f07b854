"""Payouts of processors: charges less fees of some days, or of one reference, are one deposit."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Final
from uuid import UUID

from core.reconciliation import Candidate, Proposal, Rule, RuleTerms
from core.reviews import ReviewReason
from matching.reconcile_agreement import key_of, major, mentioned, minor, references, tolerance
from matching.reconcile_groups import alone, not_unique, unsure

RUN_DAYS_MAX: Final = 31  # days of charges that one payout covers
MEMBERS_MAX: Final = 2_000
LOOKS_IN_ALL: Final = 2_000_000  # sums that one rule compares: a second or two
SOLUTIONS_MAX: Final = 2  # of a deposit: with a second one, neither is sure
TOGETHER_MAX: Final = 4  # payouts that a bank books as one deposit
TOGETHER_NEAR: Final = 6  # of the next ones, those that are looked at with one
_FEW: Final = 5  # rows below which a sum is right by chance too easily


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
        self.named = [
            (sum(minor(row.amount) for row in ones), name, ones)
            for name, ones in sorted(of_name.items())
            if 2 <= len(ones) <= MEMBERS_MAX
        ]


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
    ledgers = {key: _Ledger(parts[key]) for key in sorted(parts, key=str)}
    deposits = sorted(right, key=lambda row: (row.day, row.id))
    search = _Search(rule.terms, deposits, ledgers)
    found = []
    for deposit in deposits:
        proposal = _of_deposit(rule, deposit, search)
        if proposal is not None and key_of(proposal.ids) not in rejected:
            found.append(proposal if search.is_whole else unsure(proposal))
    return alone(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Deposit:
    """A row that may be a payout, in what is compared."""

    row: Candidate
    amount: int
    bound: int  # by how much a sum may be another
    day: int


class _Search:
    """What comes to deposits, in a bounded number of looks: a wide rule must not take the time of
    others. All sums are held against all deposits at once: these may be many, and mostly are no
    payouts."""

    def __init__(
        self,
        terms: RuleTerms,
        deposits: Sequence[Candidate],
        ledgers: Mapping[tuple[object, str], _Ledger],
    ) -> None:
        self._terms = terms
        self._looks = LOOKS_IN_ALL
        self._of: dict[str, list[_Deposit]] = defaultdict(list)
        for row in deposits:
            if row.amount:  # of nothing anything may be the sum
                amount = minor(row.amount)
                bound = tolerance(terms, amount)
                own = _Deposit(row=row, amount=amount, bound=bound, day=row.day.toordinal())
                self._of[row.currency].append(own)
        for ones in self._of.values():
            ones.sort(key=lambda one: (one.amount, one.day, one.row.id))
        self.named: dict[UUID, list[list[Candidate]]] = defaultdict(list)
        self.runs: dict[UUID, list[list[Candidate]]] = defaultdict(list)
        self.several: dict[UUID, list[list[Candidate]]] = defaultdict(list)
        for (account, currency), ledger in ledgers.items():
            self._name(account, currency, ledger)
            self._run(account, currency, ledger)
            self._together(account, currency, ledger)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left that was not looked at."""
        return self._looks > 0

    def _name(self, account: object, currency: str, ledger: _Ledger) -> None:
        for total, name, rows in ledger.named:
            for deposit in self._worth(account, currency, total):
                own = self.named[deposit.row.id]
                fits = abs(deposit.day - rows[-1].day.toordinal()) <= self._terms.day_window
                if len(own) < SOLUTIONS_MAX and (fits or mentioned([name], deposit.row)):
                    _add(own, rows)

    def _together(self, account: object, currency: str, ledger: _Ledger) -> None:
        """Payouts of some days that a bank books as one."""
        ended = sorted(
            (rows[-1].day.toordinal(), name, total, rows) for total, name, rows in ledger.named
        )
        for place, first in enumerate(ended):
            near = [
                one
                for one in ended[place + 1 : place + 1 + TOGETHER_NEAR]
                if one[0] - first[0] <= self._terms.day_window
            ]
            for many in range(1, min(len(near), TOGETHER_MAX - 1) + 1):
                for others in combinations(near, many):
                    self._add_together(account, currency, (first, *others))

    def _add_together(
        self,
        account: object,
        currency: str,
        groups: Sequence[tuple[int, str, int, list[Candidate]]],
    ) -> None:
        last, total = groups[-1][0], sum(one[2] for one in groups)
        for deposit in self._worth(account, currency, total):
            own = self.several[deposit.row.id]
            fits = 0 <= deposit.day - last <= self._terms.day_window
            if len(own) < SOLUTIONS_MAX and fits:
                rows = {row.id: row for one in groups for row in one[3]}
                if len(rows) == sum(len(one[3]) for one in groups) <= MEMBERS_MAX:
                    _add(own, list(rows.values()))

    def _run(self, account: object, currency: str, ledger: _Ledger) -> None:
        """Whole days, so that the order of rows within one says nothing."""
        if self._terms.by_reference:
            return
        for end, last in enumerate(ledger.days):
            for start in range(end, -1, -1):
                if last - ledger.days[start] >= RUN_DAYS_MAX:
                    break
                total = ledger.sums[end + 1] - ledger.sums[start]
                count = ledger.counts[end + 1] - ledger.counts[start]
                if not 2 <= count <= MEMBERS_MAX:
                    continue
                for deposit in self._worth(account, currency, total):
                    own = self.runs[deposit.row.id]
                    fits = 0 <= deposit.day - last <= self._terms.day_window
                    if len(own) < SOLUTIONS_MAX and fits:
                        days = ledger.days[start : end + 1]
                        _add(own, [row for day in days for row in ledger.of_day[day]])

    def _worth(self, account: object, currency: str, total: int) -> Iterator[_Deposit]:
        """Deposits of other accounts that a sum comes to, within what their rule tolerates."""
        ones = self._of[currency]
        # Wider than the tolerance where that is a share of the deposit.
        bound = 2 * tolerance(self._terms, total)
        for place in range(bisect_left(ones, total - bound, key=_amount), len(ones)):
            one = ones[place]
            self._looks -= 1
            if one.amount > total + bound or self._looks <= 0:
                return
            if abs(total - one.amount) <= one.bound and one.row.account_id != account:
                yield one


def _amount(one: _Deposit) -> int:
    return one.amount


def _add(solutions: list[list[Candidate]], rows: list[Candidate]) -> None:
    """Adds a solution, where it is of other rows."""
    if rows not in solutions:
        solutions.append(rows)


def _of_deposit(rule: Rule, deposit: Candidate, search: _Search) -> Proposal | None:
    for solutions, code, text, points in (
        (search.named[deposit.id], "same-reference", "they have one reference", 85),
        (search.runs[deposit.id], "whole-days", "they are all of these days", 80),
        (search.several[deposit.id], "several-references", "they have a few references", 70),
    ):
        if not solutions:
            continue
        rows = min(solutions, key=lambda ones: [row.id for row in ones])
        apart = sum(minor(row.amount) for row in rows) - minor(deposit.amount)
        unique = len(solutions) == 1
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
