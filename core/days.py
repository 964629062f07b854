"""Days, of which the calendar has a first and a last."""

from __future__ import annotations

from datetime import date, timedelta


def shifted(day: date, by: timedelta) -> date:
    """The day so much later, or earlier; the calendar's last or first where it has no such day."""
    try:
        return day + by
    except OverflowError:
        return date.max if by > timedelta(0) else date.min
