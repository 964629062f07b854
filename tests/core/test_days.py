"""Days that are moved past an end of the calendar stop there."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.days import shifted


@pytest.mark.parametrize(
    ("day", "days", "there"),
    [
        (date(2026, 2, 28), 1, date(2026, 3, 1)),
        (date(2026, 3, 1), -1, date(2026, 2, 28)),
        (date.max - timedelta(days=1), 1, date.max),
        (date.max, 366, date.max),
        (date(1, 1, 5), -366, date.min),
    ],
)
def test_a_day_is_moved_as_far_as_the_calendar_goes(day: date, days: int, there: date) -> None:
    assert shifted(day, timedelta(days=days)) == there
