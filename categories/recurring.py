"""Recurring transactions: rents, salaries, subscriptions, found in one account's rows.

Rows of one merchant, direction and currency form a series where their days keep to a period. A
month is a month: what is due on the 31st is due on the last day of a shorter one. Amounts may
differ within a band; the period must hold.
"""

from __future__ import annotations

from calendar import monthrange
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise
from statistics import median_high
from typing import Final

OCCURRENCES_MIN: Final = 3
ROWS_MAX: Final = 400  # of one merchant: the latest ones
REGULAR_PERCENT: Final = 75  # of the steps from one day to the next must keep to the period
BAND_MIN_PERCENT: Final = 5  # of the usual amount: the band of what never differed
MISSED_MAX: Final = 3  # afterwards it has ended
CERTAIN_OCCURRENCES: Final = 6


class Period(StrEnum):
    """How often it comes."""

    WEEKLY = "weekly"
    FORTNIGHTLY = "fortnightly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    YEARLY = "yearly"


# Days or months of a step, and by how many days a booking may be early or late.
_DAYS: Final = {Period.WEEKLY: 7, Period.FORTNIGHTLY: 14}
_MONTHS: Final = {Period.MONTHLY: 1, Period.QUARTERLY: 3, Period.YEARLY: 12}
_SLACK_DAYS: Final = {
    Period.WEEKLY: 1,
    Period.FORTNIGHTLY: 2,
    Period.MONTHLY: 4,
    Period.QUARTERLY: 7,
    Period.YEARLY: 10,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One row: the merchant's key, its day, its amount with sign."""

    merchant: str
    day: date
    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurring:
    """A series, and when it comes next."""

    merchant: str
    currency: str
    period: Period
    occurrences: int
    first_seen: date
    last_seen: date
    next_expected: date  # the first expected day after the last one seen
    amount_usual: Decimal
    amount_low: Decimal  # the band in which the next amount is expected, by size
    amount_high: Decimal
    missed: int  # expected days that have passed, slack included, without a row
    ended: bool
    confidence: int  # percent


def find(rows: Iterable[Occurrence], *, today: date) -> list[Recurring]:
    """The series among these rows, by merchant and currency; rows after today are not looked at."""
    groups: dict[tuple[str, str, bool], list[Occurrence]] = defaultdict(list)
    for row in rows:
        if row.amount and row.day <= today:
            groups[row.merchant, row.currency, row.amount > 0].append(row)
    found = [_series(groups[group], today=today) for group in sorted(groups)]
    return [series for series in found if series is not None]


def step(day: date, period: Period, *, times: int = 1, due: int | None = None) -> date:
    """The day so many periods later; `due` is the day of the month where months were shorter."""
    if period in _DAYS:
        return day + timedelta(days=_DAYS[period] * times)
    months = day.year * 12 + day.month - 1 + _MONTHS[period] * times
    year, month = divmod(months, 12)
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(due or day.day, last))


def _series(rows: Sequence[Occurrence], *, today: date) -> Recurring | None:
    ordered = sorted(rows, key=lambda row: (row.day, row.amount))[-ROWS_MAX:]
    days = sorted({row.day for row in ordered})
    if len(days) < OCCURRENCES_MIN:
        return None
    period, kept = max(
        ((period, _kept_percent(days, period)) for period in Period), key=lambda each: each[1]
    )
    if kept < REGULAR_PERCENT:
        return None
    due = _due(days)
    expected = step(days[-1], period, due=due)
    missed = _missed(days[-1], period, due=due, today=today)
    sizes = [abs(row.amount) for row in ordered]
    usual = median_high(sizes)
    low, high = _band(sizes, usual)
    sign = 1 if ordered[-1].amount > 0 else -1
    return Recurring(
        merchant=ordered[-1].merchant,
        currency=ordered[-1].currency,
        period=period,
        occurrences=len(ordered),
        first_seen=days[0],
        last_seen=days[-1],
        next_expected=expected,
        amount_usual=usual * sign,
        amount_low=low,
        amount_high=high,
        missed=missed,
        ended=missed >= MISSED_MAX,
        confidence=_confidence(kept, len(days), missed=missed, extra=len(ordered) - len(days)),
    )


def _kept_percent(days: Sequence[date], period: Period) -> int:
    """How many of the steps keep to the period, in percent."""
    due, slack = _due(days), _SLACK_DAYS[period]
    kept = sum(
        abs((after - step(before, period, due=due)).days) <= slack
        for before, after in pairwise(days)
    )
    return 100 * kept // (len(days) - 1)


def _due(days: Sequence[date]) -> int:
    """The day of the month that is meant: the usual one, or the last where months end on it."""
    if all(day.day == monthrange(day.year, day.month)[1] for day in days):
        return 31
    return median_high(day.day for day in days)


def _missed(last: date, period: Period, *, due: int, today: date) -> int:
    count = 0
    slack = timedelta(days=_SLACK_DAYS[period])
    while count < MISSED_MAX and step(last, period, times=count + 1, due=due) + slack < today:
        count += 1
    return count


def _band(sizes: Sequence[Decimal], usual: Decimal) -> tuple[Decimal, Decimal]:
    """From the least to the greatest of the latest sizes, and at least a little about the usual."""
    latest = sizes[-CERTAIN_OCCURRENCES:]
    little = usual * BAND_MIN_PERCENT / 100
    return min(*latest, usual - little), max(*latest, usual + little)


def _confidence(kept: int, days: int, *, missed: int, extra: int) -> int:
    """The share of steps that keep to the period, less where there are few days or misses."""
    seen = min(days, CERTAIN_OCCURRENCES)
    sure = kept * (CERTAIN_OCCURRENCES + seen) // (2 * CERTAIN_OCCURRENCES)
    return max(1, sure - 15 * missed - min(20, 2 * extra))
