"""Windows: days that are looked at together, so that any number of rows is reconciled in bounded
memory, each with everything that may speak for or against it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate
from typing import Final

from core.days import shifted
from core.reconciliation import Candidate, Proposal, RuleShape, RuleTerms
from matching.reconcile_payouts import RUN_DAYS_MAX

# A row is held against its other side, and that against what it may be with instead. In groups of
# several, these have parts of their own.
_STEPS_OF_PAIRS: Final = 2
_STEPS_OF_GROUPS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Days that are decided about, and the days around them that are read for it.

    `parts`: rows are read in so many parts, each with all rows of some amounts. `whole`: nothing is
    left out that may speak against what is found.
    """

    first: date
    last: date
    read_first: date
    read_last: date
    parts: int
    whole: bool = True

    def decides(self, found: Proposal) -> bool:
        """Whether what a rule found is of these days, by the row that others are held against."""
        return self.first <= _anchor(found).day <= self.last


def reach(terms: RuleTerms) -> int:
    """Days around a row on which something may speak for or against it."""
    if terms.shape is RuleShape.ONE_TO_ONE:
        return terms.day_window * _STEPS_OF_PAIRS
    run = RUN_DAYS_MAX if terms.shape is RuleShape.PAYOUT else 0
    return (terms.day_window + run) * _STEPS_OF_GROUPS


def windows(counts: Mapping[date, int], terms: RuleTerms, *, most: int) -> list[Window]:
    """All days that have rows, each once, so that no more than `most` rows are read at once.

    Where the days around one day have more, pairs of equal amounts are read in parts, which
    changes nothing; for others fewer days around it are read.
    """
    days = sorted(counts)
    rows = _counted(days, counts)
    around = reach(terms)
    found, start = [], 0
    while start < len(days):
        first, end = _away(days[start], -around), start
        while end + 1 < len(days) and rows(first, _away(days[end + 1], around)) <= most:
            end += 1
        last = _away(days[end], around)
        size = rows(first, last)
        if size <= most or _is_exact(terms):
            found.append(
                Window(
                    first=days[start],
                    last=days[end],
                    read_first=first,
                    read_last=last,
                    parts=-(-size // most),
                )
            )
        else:
            found.append(_narrowed(days[start], around, rows, most=most))
        start = end + 1
    return found


def _narrowed(day: date, around: int, rows: Callable[[date, date], int], *, most: int) -> Window:
    """One day, with as many days around it as can be read with it, or a part of it."""
    while around and rows(_away(day, -around), _away(day, around)) > most:
        around //= 2
    first, last = _away(day, -around), _away(day, around)
    parts = -(-rows(first, last) // most)
    return Window(first=day, last=day, read_first=first, read_last=last, parts=parts, whole=False)


def _counted(days: list[date], counts: Mapping[date, int]) -> Callable[[date, date], int]:
    sums = [0, *accumulate(counts[day] for day in days)]

    def rows(first: date, last: date) -> int:
        return sums[bisect_right(days, last)] - sums[bisect_left(days, first)]

    return rows


def _is_exact(terms: RuleTerms) -> bool:
    """Whether only rows of one amount, whatever its sign, are ever held against each other."""
    exact = not terms.amount_tolerance and not terms.tolerance_percent
    return exact and terms.shape is RuleShape.ONE_TO_ONE


def _away(day: date, days: int) -> date:
    return shifted(day, timedelta(days=days))


def _anchor(found: Proposal) -> Candidate:
    if found.rule.terms.shape in (RuleShape.MANY_TO_ONE, RuleShape.PAYOUT):
        return found.right[0]
    return found.left[0]
