"""The subset search finds what there is, says whether that is all, and ends."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from matching.subset import subsets

VALUES = st.lists(st.integers(-60, 60), max_size=9)


def _all(values: list[int], target: int, *, tolerance: int, most: int) -> set[tuple[int, ...]]:
    places = [i for i, value in enumerate(values) if value]
    return {
        chosen
        for size in range(2, most + 1)
        for chosen in combinations(places, size)
        if abs(sum(values[i] for i in chosen) - target) <= tolerance
    }


@given(VALUES, st.integers(-100, 100), st.integers(0, 3), st.integers(2, 8))
def test_it_finds_what_trying_everything_finds(
    values: list[int], target: int, tolerance: int, most: int
) -> None:
    every = _all(values, target, tolerance=tolerance, most=most)

    found = subsets(values, target, tolerance=tolerance, most=most, solutions=1_000)

    assert found.complete
    assert set(found.solutions) == every


@given(VALUES, st.integers(-100, 100))
def test_a_unique_one_is_known_to_be_unique(values: list[int], target: int) -> None:
    every = _all(values, target, tolerance=0, most=8)

    found = subsets(values, target)

    assert found.unique == (len(every) == 1)
    assert set(found.solutions) <= every


@given(st.permutations([120, 250, 330, 410, 75, 980]))
def test_the_order_of_the_values_says_nothing(values: list[int]) -> None:
    (chosen,) = subsets(values, 120 + 330 + 980).solutions

    assert sorted(values[i] for i in chosen) == [120, 330, 980]


def test_equal_values_are_two_solutions() -> None:
    assert not subsets([100, 100, 50], 150).unique
    assert subsets([100, 50], 150).unique


def test_a_search_ends_at_its_bound_and_says_so() -> None:
    found = subsets([2] * 60, 15, steps=5_000)

    assert found.solutions == ()
    assert (found.complete, found.unique) == (False, False)
    assert found.steps <= 5_001
