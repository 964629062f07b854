"""Ordinals: twins stay twins, whatever the batches and wherever the counts are kept."""

from __future__ import annotations

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ordinals import Ordinals

DAY = date(2026, 3, 1)
keys = st.lists(
    st.tuples(
        st.sampled_from(["a", "b"]),
        st.sampled_from([DAY, date(2026, 3, 2)]),
        st.sampled_from([b"x", b"y", b"z"]),
    ),
    max_size=60,
)


def test_two_equal_rows_are_numbered_zero_and_one() -> None:
    with Ordinals() as ordinals:
        assigned = ordinals.assign([("a", DAY, b"coffee"), ("a", DAY, b"coffee")])

    assert assigned == [0, 1]


def test_equal_rows_of_two_accounts_are_not_twins() -> None:
    with Ordinals() as ordinals:
        assigned = ordinals.assign([("a", DAY, b"coffee"), ("b", DAY, b"coffee")])

    assert assigned == [0, 0]


def test_counting_goes_on_across_a_batch_boundary() -> None:
    with Ordinals() as ordinals:
        ordinals.assign([("a", DAY, b"coffee")])

        assert ordinals.assign([("a", DAY, b"coffee")]) == [1]


@pytest.mark.parametrize("entries_max", [0, 100])
def test_a_withdrawn_day_is_counted_anew(entries_max: int) -> None:
    with Ordinals(entries_max=entries_max) as ordinals:
        ordinals.assign([("a", DAY, b"coffee"), ("b", DAY, b"coffee")])

        ordinals.forget("a", DAY)

        assert ordinals.assign([("a", DAY, b"coffee"), ("b", DAY, b"coffee")]) == [0, 1]


def test_ten_thousand_days_are_withdrawn_in_no_time() -> None:
    days = [date.fromordinal(DAY.toordinal() + number) for number in range(10_000)]
    start = time.process_time()
    with Ordinals() as ordinals:
        ordinals.assign(("a", day, b"coffee") for day in days)

        for day in days:
            ordinals.forget("a", day)

    assert time.process_time() - start < 1


@given(rows=keys, cut=st.integers(0, 60), entries_max=st.integers(0, 8))
def test_the_file_counts_as_memory_does(
    rows: list[tuple[str, date, bytes]], cut: int, entries_max: int
) -> None:
    with Ordinals() as whole, Ordinals(entries_max=entries_max) as spilled:
        expected = whole.assign(rows)
        assigned = spilled.assign(rows[:cut]) + spilled.assign(rows[cut:])

    assert assigned == expected
