"""Windows: each day is decided about once, with all that may speak against what is found."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.reconciliation import Candidate, Proposal, Rule, RuleMode, RuleShape, RuleTerms
from matching.reconcile import reconcile
from matching.reconcile_windows import PARTS_MOST, reach, windows
from tests.fixtures.candidates import row

DAY = date(2026, 3, 1)
PAIRS = RuleTerms(name="pairs", mode=RuleMode.AUTO, left_account_type="other", score_min=60)
GROUPS = replace(PAIRS, shape=RuleShape.MANY_TO_ONE, day_window=2, score_min=50)
PAYOUTS = replace(PAIRS, shape=RuleShape.PAYOUT, day_window=2, score_min=50)
MOST = 40


@given(
    counts=st.dictionaries(st.integers(0, 400), st.integers(1, 60), max_size=60),
    window=st.integers(0, 90),
    shape=st.sampled_from(RuleShape),
)
def test_each_day_is_decided_about_once_and_no_more_is_read_than_may_be(
    counts: dict[int, int], window: int, shape: RuleShape
) -> None:
    terms = replace(PAIRS, day_window=window, shape=shape)
    days = {DAY + timedelta(days=day): rows for day, rows in counts.items()}

    made = windows(days, terms, most=MOST)

    decided = Counter(day for one in made for day in days if one.first <= day <= one.last)
    assert decided == dict.fromkeys(days, 1)
    for one in made:
        rows = sum(n for day, n in days.items() if one.read_first <= day <= one.read_last)
        assert rows <= MOST * one.parts
        before, after = (timedelta(days=days) for days in reach(terms))
        is_full = one.read_first <= one.first - before and one.read_last >= one.last + after
        assert is_full or not one.whole


def test_the_first_and_the_last_day_of_the_calendar_are_days() -> None:
    made = windows({date.min: 3, date.max: MOST * PARTS_MOST}, PAIRS, most=MOST)

    assert [(one.first, one.last, one.whole) for one in made] == [
        (date.min, date.min, True),
        (date.max, date.max, True),
    ]


def test_what_may_be_of_another_amount_is_read_of_fewer_days_and_never_sure() -> None:
    days = {DAY + timedelta(days=day): 30 for day in range(5)}

    made = windows(days, replace(PAIRS, day_window=4, tolerance_percent=Decimal(1)), most=MOST)

    assert [one.whole for one in made] == [False] * 5
    assert all(one.read_first == one.first for one in made)


@pytest.mark.parametrize(
    ("terms", "most"), [(PAIRS, MOST // PARTS_MOST), (GROUPS, MOST), (PAYOUTS, 3 * MOST)]
)
@pytest.mark.parametrize("seed", range(4))
def test_windows_find_what_one_look_at_everything_finds(
    terms: RuleTerms, most: int, seed: int
) -> None:
    rows = _rows(random.Random(seed), terms)  # noqa: S311  # the same rows each time
    rule = Rule(label="rule/1", terms=terms)

    at_once = reconcile([rule], rows)

    by_windows = _by_windows(rule, rows, most=most)
    made = windows(_days(rows), terms, most=most)
    assert len(made) > 3
    assert all(one.whole for one in made)
    assert len([one for one in at_once if one.automatic]) > 10
    assert _sure(by_windows) == _sure(at_once)


def _rows(chance: random.Random, terms: RuleTerms) -> list[Candidate]:
    """Sales of a year with payments of one or two of them, and what disturbs: equal amounts."""
    if terms.shape is RuleShape.PAYOUT:
        return _paid_out(chance)
    made = []
    for number in range(80):
        day, amount = chance.randrange(365), chance.randrange(100, 100_000)
        text = f"Sale of Miller {chance.choice('abcdefgh')}tail"
        made.append(
            row(f"sale {number}", f"{amount / 100:.2f}", account="books", day=day, text=text)
        )
        if terms.shape is RuleShape.MANY_TO_ONE:
            more = chance.randrange(100, 100_000)
            made.append(
                row(f"more {number}", f"{more / 100:.2f}", account="books", day=day, text=text)
            )
            amount += more
        for copy in range(2 if number % 7 == 0 else 1):
            made.append(
                row(f"paid {number} {copy}", f"{amount / 100:.2f}", day=day + copy, text=text)
            )
    return made


def _paid_out(chance: random.Random) -> list[Candidate]:
    """Charges of every third day of a year, paid out for one to four such days together; and what
    disturbs: deposits that come to the same, and of a few amounts alone."""
    made, waiting, runs = [], 0, 0
    for day in range(0, 365, 3):
        for copy in range(2):
            amount = chance.choice((100, 200, 300)) if day % 60 < 15 else chance.randrange(9_999)
            waiting += amount
            made.append(row(f"charge {day} {copy}", str(amount), account="books", day=day))
        runs += 1
        if chance.random() < 0.4 or runs == 4:
            for copy in range(2 if chance.random() < 0.1 else 1):
                made.append(row(f"paid {day} {copy}", str(waiting), day=day + 1))
            waiting = runs = 0
    return made


def _days(rows: Sequence[Candidate]) -> dict[date, int]:
    return dict(Counter(one.day for one in rows))


def _by_windows(rule: Rule, rows: Sequence[Candidate], *, most: int) -> list[Proposal]:
    """As jobs do it: what is sure is taken before the next window is read."""
    left = {one.id: one for one in rows}
    found = []
    for window in windows(_days(rows), rule.terms, most=most):
        read = [one for one in left.values() if window.read_first <= one.day <= window.read_last]
        own = [one for one in reconcile([rule], read) if window.decides(one)]
        for one in own:
            for id in one.ids if one.automatic else ():
                del left[id]
        found += own
    return found


def _sure(found: Sequence[Proposal]) -> list[list[object]]:
    return sorted([list(one.ids) for one in found if one.automatic])
