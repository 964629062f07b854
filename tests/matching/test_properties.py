"""Whatever feeds deliver, what counts is what happened: once each, in any order."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import permutations
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from core.links import Found, MatchRow, Source
from matching.assignment import heaviest
from tests.matching.making import BANK, FILE, asked, row, sure, twice

SHOPS = ("Coffee Corner", "Shoe Shop", "Grocer Miller", "Train Ticket", "Cinema Royal")

truths = st.lists(
    st.tuples(
        st.integers(0, 40),  # the day
        st.sampled_from(SHOPS),
        st.sampled_from(("-4.50", "-4.50", "-12.00", "-59.90", "20.00")),
    ),
    max_size=30,
)

# Few days and amounts, so that much is doubtful for a third row alone.
dense = st.lists(
    st.tuples(st.integers(0, 6), st.sampled_from(SHOPS[:3]), st.sampled_from(("-4.50", "-12.00"))),
    max_size=16,
)


def delivered(
    truth: list[tuple[int, str, str]], seed: int
) -> tuple[list[MatchRow], list[MatchRow]]:
    """The feed and the statement of what happened, each with gaps and words of its own."""
    chance = random.Random(seed)  # noqa: S311 - a test repeats
    feed, statement = [], []
    for day, shop, amount in truth:
        if chance.random() < 0.8:
            feed.append(row(amount, shop, day=day))
        if chance.random() < 0.8:
            text = f"{shop.upper()} {chance.randrange(1_000, 9_999)} BERLIN"
            statement.append(row(amount, text, day=day, mapping=FILE))
    return feed, statement


def counted(rows: list[MatchRow], found: list[Found]) -> list[MatchRow]:
    """What counts."""
    hidden = {one for one, _ in sure(found)}
    return [one for one in rows if one.id not in hidden]


@given(truth=truths, seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_the_order_in_which_rows_come_makes_no_difference(
    truth: list[tuple[int, str, str]], seed: int
) -> None:
    feed, statement = delivered(truth, seed)
    shuffled = [*feed, *statement]
    random.Random(seed + 1).shuffle(shuffled)  # noqa: S311 - a test repeats

    assert _pairs(twice(*feed, *statement)) == _pairs(twice(*shuffled))


@given(truth=dense, seed=st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_a_second_pass_over_the_same_rows_changes_nothing(
    truth: list[tuple[int, str, str]], seed: int
) -> None:
    feed, statement = delivered(truth, seed)
    rows = [*feed, *statement]
    found = twice(*rows)
    kept: dict[UUID, list[Source]] = {}
    source = {one.id: one.source for one in rows}
    for duplicate, other in sure(found):
        kept.setdefault(other, []).append(source[duplicate])

    left = [replace(one, taken=tuple(kept.get(one.id, ()))) for one in counted(rows, found)]
    again = twice(*left)

    assert not sure(again)
    assert asked(again) == asked(found)


@given(truth=truths, seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_which_source_is_called_first_changes_who_is_kept_and_not_what_counts(
    truth: list[tuple[int, str, str]], seed: int
) -> None:
    feed, statement = delivered(truth, seed)
    ranked = [replace(one, rank=0) for one in statement]

    ahead, behind = twice(*feed, *ranked), twice(*feed, *statement)

    assert {frozenset(pair) for pair in sure(ahead)} == {frozenset(pair) for pair in sure(behind)}


@given(truth=truths, seed=st.integers(0, 2**32))
@settings(max_examples=60, deadline=None)
def test_rows_of_one_source_all_count_and_pairs_are_one_to_one(
    truth: list[tuple[int, str, str]], seed: int
) -> None:
    feed, statement = delivered(truth, seed)
    found = twice(*feed, *statement)
    source = {one.id: one.mapping_id for one in (*feed, *statement)}

    assert not sure(twice(*feed))
    assert all(source[one] != source[other] for one, other in sure(found) | asked(found))
    for side in (0, 1):
        assert max(Counter(pair[side] for pair in sure(found)).values(), default=1) == 1


@given(truth=truths)
@settings(max_examples=60, deadline=None)
def test_two_whole_deliveries_count_what_happened(truth: list[tuple[int, str, str]]) -> None:
    feed = [row(amount, shop, day=day) for day, shop, amount in truth]
    statement = [row(amount, shop.upper(), day=day, mapping=FILE) for day, shop, amount in truth]
    rows = [*feed, *statement]

    left = counted(rows, twice(*rows))

    assert _sums(left) == _sums(feed)
    assert {one.mapping_id for one in left} <= {BANK}


@given(truth=truths, seed=st.integers(0, 2**32), late=st.lists(st.integers(0, 1), min_size=30))
@settings(max_examples=60, deadline=None)
def test_no_booking_is_lost_whatever_either_source_leaves_out(
    truth: list[tuple[int, str, str]], seed: int, late: list[int]
) -> None:
    """Of each shop and amount, as many count as either source alone delivers, at least."""
    feed, statement = delivered(truth, seed)
    moved = [
        replace(one, day=one.day + timedelta(days=by))
        for one, by in zip(statement, late, strict=False)
    ]

    left = counted([*feed, *moved], twice(*feed, *moved))

    kept = Counter(one.amount for one in left)
    for source in (feed, moved):
        for amount, number in Counter(one.amount for one in source).items():
            assert kept[amount] >= number


@given(
    st.integers(1, 5).flatmap(
        lambda rows: st.lists(
            st.lists(st.integers(0, 9), min_size=5, max_size=5), min_size=rows, max_size=rows
        )
    )
)
@settings(max_examples=60, deadline=None)
def test_no_other_assignment_weighs_more(weights: list[list[int]]) -> None:
    chosen = heaviest(weights)
    best = max(
        sum(weights[place][column] for place, column in enumerate(columns))
        for columns in permutations(range(5), len(weights))
    )

    assert len(set(chosen)) == len(weights)
    assert sum(weights[place][column] for place, column in enumerate(chosen)) == best


def _pairs(found: list[Found]) -> tuple[object, object]:
    return sure(found), asked(found)


def _sums(rows: list[MatchRow]) -> dict[object, Decimal]:
    sums: dict[object, Decimal] = {}
    for one in rows:
        key = (one.day, one.amount)
        sums[key] = sums.get(key, Decimal(0)) + one.amount
    return sums
