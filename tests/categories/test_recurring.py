"""Recurring transactions: periods, months' ends, bands, misses."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from categories.recurring import MISSED_MAX, Occurrence, Period, find, step

RENT = "acme lettings"


def rows(*days: date, amount: str = "-950.00", merchant: str = RENT) -> list[Occurrence]:
    return [
        Occurrence(merchant=merchant, day=day, amount=Decimal(amount), currency="GBP")
        for day in days
    ]


def every(first: date, period: Period, times: int) -> list[date]:
    return [step(first, period, times=number) for number in range(times)]


def test_a_rent_at_the_end_of_months_comes_at_the_end_of_the_next() -> None:
    days = [date(2024, 1, 31), date(2024, 2, 29), date(2024, 3, 31), date(2024, 4, 30)]

    (rent,) = find(rows(*days), today=date(2024, 5, 2))

    assert (rent.period, rent.next_expected) == (Period.MONTHLY, date(2024, 5, 31))
    assert (rent.last_seen, rent.missed, rent.ended) == (date(2024, 4, 30), 0, False)


def test_weekends_move_a_booking_and_not_the_day_that_is_meant() -> None:
    days = [date(2024, 1, 15), date(2024, 2, 15), date(2024, 3, 15), date(2024, 4, 17)]

    (rent,) = find(rows(*days), today=date(2024, 4, 20))

    assert rent.next_expected == date(2024, 5, 15)


def test_what_stays_away_is_missed_and_then_has_ended() -> None:
    days = every(date(2024, 1, 5), Period.MONTHLY, 6)

    (late,) = find(rows(*days), today=date(2024, 7, 20))
    (over,) = find(rows(*days), today=date(2025, 7, 1))

    assert (late.missed, late.ended) == (1, False)
    assert (over.missed, over.ended) == (MISSED_MAX, True)
    assert over.confidence < late.confidence


def test_the_band_holds_the_amounts_that_were_paid() -> None:
    days = every(date(2024, 1, 5), Period.MONTHLY, 4)
    bills = [
        Occurrence(merchant="npower", day=day, amount=Decimal(amount), currency="GBP")
        for day, amount in zip(days, ("-60.10", "-71.25", "-55.00", "-62.00"), strict=True)
    ]

    (bill,) = find(bills, today=date(2024, 4, 20))

    assert (bill.amount_low, bill.amount_high) == (Decimal("55.00"), Decimal("71.25"))
    assert bill.amount_usual == Decimal("-62.00")


def test_two_payments_are_no_series_and_neither_is_shopping() -> None:
    shopping = [date(2024, 1, 2), date(2024, 1, 3), date(2024, 1, 9), date(2024, 2, 20)]

    assert find(rows(date(2024, 1, 1), date(2024, 2, 1)), today=date(2024, 3, 1)) == []
    assert find(rows(*shopping), today=date(2024, 3, 1)) == []


def test_a_salary_and_a_payment_to_the_same_name_are_two_series() -> None:
    days = every(date(2024, 1, 5), Period.MONTHLY, 4)

    found = find([*rows(*days), *rows(*days, amount="2000")], today=date(2024, 4, 20))

    assert [series.amount_usual for series in found] == [Decimal("-950.00"), Decimal("2000")]


@given(
    first=st.dates(date(2000, 1, 1), date(2030, 12, 31)),
    period=st.sampled_from(list(Period)),
    times=st.integers(3, 14),
    cents=st.integers(1, 10_000_000),
)
def test_every_regular_series_is_found_with_its_period(
    first: date, period: Period, times: int, cents: int
) -> None:
    days = every(first, period, times)
    amount = str(-Decimal(cents) / 100)

    (series,) = find(rows(*days, amount=amount), today=days[-1])

    assert series.period is period
    assert series.occurrences == times
    assert series.last_seen < series.next_expected <= days[-1] + timedelta(days=366)
    assert series.amount_low <= abs(series.amount_usual) <= series.amount_high
    assert series.missed == 0


@given(
    st.lists(
        st.tuples(st.dates(date(2020, 1, 1), date(2024, 1, 1)), st.decimals(-99, 99, places=2)),
        max_size=40,
    )
)
def test_any_rows_give_series_that_make_sense(drawn: list[tuple[date, Decimal]]) -> None:
    today = date(2023, 6, 1)
    some = [
        Occurrence(merchant="x", day=day, amount=amount, currency="GBP") for day, amount in drawn
    ]

    for series in find(some, today=today):
        assert series.first_seen <= series.last_seen <= today
        assert series.next_expected > series.last_seen
        assert 1 <= series.confidence <= 100
        assert 0 <= series.missed <= MISSED_MAX


@pytest.mark.parametrize(
    ("day", "period", "after"),
    [
        (date(2023, 1, 31), Period.MONTHLY, date(2023, 2, 28)),
        (date(2024, 2, 29), Period.YEARLY, date(2025, 2, 28)),
        (date(2024, 11, 30), Period.QUARTERLY, date(2025, 2, 28)),
        (date(2024, 2, 26), Period.WEEKLY, date(2024, 3, 4)),
    ],
)
def test_a_step_ends_within_the_month(day: date, period: Period, after: date) -> None:
    assert step(day, period) == after
