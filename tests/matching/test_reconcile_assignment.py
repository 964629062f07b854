"""The assignment has the highest sum, each row once, and is not greedy."""

from __future__ import annotations

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from matching.reconcile_assignment import COMPONENT_MAX, Pair, assign

PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 4), st.integers(0, 4)), st.integers(1, 100), max_size=16
)


def _best(pairs: dict[Pair, int]) -> int:
    return max(
        sum(pairs.get((left, right), 0) for left, right in enumerate(order))
        for order in permutations(range(5))
    )


@given(PAIRS)
def test_no_other_assignment_has_a_higher_sum(pairs: dict[Pair, int]) -> None:
    chosen = assign(pairs)

    assert sum(pairs[pair] for pair in chosen) == _best(pairs)
    assert len({left for left, _ in chosen}) == len(chosen)
    assert len({right for _, right in chosen}) == len(chosen)
    assert all(chosen.values())


def test_the_best_pair_goes_where_others_would_lose_more() -> None:
    chosen = assign({(0, 0): 90, (0, 1): 80, (1, 0): 85})

    assert set(chosen) == {(0, 1), (1, 0)}


def test_what_is_too_large_to_be_exact_says_so() -> None:
    places = range(COMPONENT_MAX + 1)

    chosen = assign({(left, right): 50 for left in places for right in places})

    assert len(chosen) == COMPONENT_MAX + 1
    assert not any(chosen.values())
