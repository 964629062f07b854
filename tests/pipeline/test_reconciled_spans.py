"""Which days a job's rows are reconciled among: those around them, not all between them."""

from __future__ import annotations

from datetime import date, timedelta

from pipeline.auto_reconcile import MARGIN, spans

OLD, TODAY = date(2009, 5, 1), date(2026, 11, 30)


def test_days_that_are_years_apart_are_looked_at_each_by_itself() -> None:
    assert spans([(TODAY, TODAY), (OLD, OLD)]) == [
        (OLD - MARGIN, OLD + MARGIN),
        (TODAY - MARGIN, TODAY + MARGIN),
    ]


def test_days_whose_surroundings_meet_are_looked_at_together() -> None:
    other = OLD + 2 * MARGIN
    far = other + 2 * MARGIN + timedelta(days=1)

    assert spans([(OLD, OLD), (other, other), (far, far)]) == [
        (OLD - MARGIN, other + MARGIN),
        (far - MARGIN, far + MARGIN),
    ]


def test_the_ends_of_the_calendar_are_days_too() -> None:
    assert spans([(date.min, date.max)]) == [(date.min, date.max)]
