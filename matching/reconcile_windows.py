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
PARTS_MOST: Final = 8  # that a window has where one would do, too


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


def reach(terms: RuleTerms) -> tuple[int, int]:
    """Days before and after a row on which something may speak for or against it."""
    window = terms.day_window
    match terms.shape:
        case RuleShape.ONE_TO_ONE:
            return _STEPS_OF_PAIRS * window, _STEPS_OF_PAIRS * window
        case RuleShape.PAYOUT:
            # Charges are before their deposit; so are those that another deposit wants with them.
            run = window + RUN_DAYS_MAX
            return _STEPS_OF_PAIRS * run + window, run + window
        case _:
            return _STEPS_OF_GROUPS * window, _STEPS_OF_GROUPS * window


def windows(counts: Mapping[date, int], terms: RuleTerms, *, most: int) -> list[Window]:
    """All days that have rows, each once, so that no more than `most` rows are read at once.

    Where the days around one day have more, pairs of equal amounts are read in parts, which
    changes nothing; for others fewer days around it are read.
    """
    days = sorted(counts)
    rows = _counted(days, counts)
    # Rows around a window are read for each anew: in parts, fewer windows have more of their own.
    parts = PARTS_MOST if _is_exact(terms) else 1
    found, start = [], 0
    while start < len(days):
        before, after = reach(terms)
        whole = True
        if rows(_away(days[start], -before), _away(days[start], after)) > most * parts:
            whole = _is_exact(terms)
            while not whole and before + after:
                before, after = before // 2, after // 2
                if rows(_away(days[start], -before), _away(days[start], after)) <= most // 2:
                    break
        first, end = _away(days[start], -before), start
        while end + 1 < len(days) and rows(first, _away(days[end + 1], after)) <= most * parts:
            end += 1
        last = _away(days[end], after)
        found.append(
            Window(
                first=days[start],
                last=days[end],
                read_first=first,
                read_last=last,
                parts=-(-rows(first, last) // most),
                whole=whole,
            )
        )
        start = end + 1
    return found


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
