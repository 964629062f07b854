"""Recurrence: whether payments of one merchant come in a period, when next, and of how much.

Pure. Days of one period differ by weekends and by the lengths of months, so each gap is held
against the period's own calendar: a payment on the 31st comes on the 30th in months that end then.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Final

from core.categories import RecurringPeriod, RecurringState
from db.recurring import NewItem, Series

OCCURRENCES_MIN: Final = 3
SPREAD_MAX: Final = Decimal("0.35")  # of amounts around their middle
FITTING_MIN: Final = Decimal("0.75")  # of gaps that are of the period
MISSED_MAX: Final = 2  # in a row, after which it has ended
_MONTHS: Final = 12
_END_OF_MONTH: Final = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class _Period:
    name: RecurringPeriod
    days: int  # 0: it goes by months
    months: int
    slack: int  # days by which one may be early or late
    least: int  # occurrences that show it


_PERIODS: Final = (
    _Period(name=RecurringPeriod.WEEKLY, days=7, months=0, slack=1, least=4),
    _Period(name=RecurringPeriod.FORTNIGHTLY, days=14, months=0, slack=2, least=4),
    _Period(name=RecurringPeriod.MONTHLY, days=0, months=1, slack=4, least=3),
    _Period(name=RecurringPeriod.QUARTERLY, days=0, months=3, slack=7, least=3),
    _Period(name=RecurringPeriod.YEARLY, days=0, months=12, slack=10, least=3),
)


def recurrence(series: Series, *, today: date) -> NewItem | None:
    """What recurs in payments that are in the order of their days; None where nothing does."""
    days = list(dict.fromkeys(series.days))
    # More than one a day is no contract: two of three payments at most may share their days.
    if len(days) < OCCURRENCES_MIN or len(days) * 3 < len(series.days) * 2:
        return None
    if not _are_alike(series.amounts):
        return None
    best = max(
        ((_fitting(days, period), period) for period in _PERIODS if len(days) >= period.least),
        key=lambda found: found[0],
        default=None,
    )
    if best is None or best[0] < FITTING_MIN:
        return None
    share, period = best
    anchor = _anchor(days)
    next_on = _step(days[-1], period, anchor=anchor)
    missed = _missed(next_on, period, today, anchor=anchor)
    has_ended = missed > MISSED_MAX
    sure = share * min(Decimal(1), Decimal(len(days) + 2) / 8)
    return NewItem(
        account_id=series.account_id,
        merchant_key=series.merchant_key,
        merchant=series.merchant,
        currency=series.currency,
        is_income=series.is_income,
        period=period.name,
        state=RecurringState.ENDED if has_ended else RecurringState.ACTIVE,
        first_on=days[0],
        last_on=days[-1],
        next_on=None if has_ended else next_on,
        amount_low=min(series.amounts),
        amount_high=max(series.amounts),
        occurrences=len(series.days),
        missed=missed,
        confidence=int(sure * 100),
    )


def _are_alike(amounts: Sequence[Decimal]) -> bool:
    """Whether most amounts are near the middle one."""
    sizes = sorted(abs(amount) for amount in amounts)
    middle = sizes[len(sizes) // 2]
    near = sum(abs(size - middle) <= middle * SPREAD_MAX for size in sizes)
    return near * 4 >= len(sizes) * 3


def _fitting(days: Sequence[date], period: _Period) -> Decimal:
    """The share of gaps that are of the period."""
    fitting = sum(
        abs((after - _step(before, period, anchor=before.day)).days) <= period.slack
        or abs((after - _step(before, period, anchor=after.day)).days) <= period.slack
        for before, after in pairwise(days)
    )
    return Decimal(fitting) / (len(days) - 1)


def _anchor(days: Sequence[date]) -> int:
    """The day of the month that it is meant for: the last, or the one in the middle."""
    if all(day.day >= _END_OF_MONTH for day in days):
        return max(day.day for day in days)
    return sorted(day.day for day in days)[len(days) // 2]


def _missed(next_on: date, period: _Period, today: date, *, anchor: int) -> int:
    """How often it should have come meanwhile."""
    missed, due = 0, next_on
    while due + timedelta(days=period.slack) < today and missed <= MISSED_MAX:
        missed += 1
        due = _step(due, period, anchor=anchor)
    return missed


def _step(day: date, period: _Period, *, anchor: int) -> date:
    """One period later; in months, on the day `anchor` or the last before it."""
    if period.days:
        return day + timedelta(days=period.days)
    months = day.year * _MONTHS + day.month - 1 + period.months
    year, month = divmod(months, _MONTHS)
    return date(year, month + 1, min(anchor, calendar.monthrange(year, month + 1)[1]))
