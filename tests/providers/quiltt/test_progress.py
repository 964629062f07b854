"""How far the past of accounts is read, and when it begins again."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.quiltt.progress import Progress, Read, Told

TODAY: Final = date(2026, 11, 30)
SINCE: Final = date(2026, 8, 15)
RECENT: Final = date(2026, 10, 31)


def test_an_account_is_read_from_thirty_days_back_at_first() -> None:
    assert Progress().recent("a", today=TODAY, since=SINCE) == RECENT
    assert Progress().recent("a", today=TODAY, since=date(2026, 11, 20)) == date(2026, 11, 20)


def test_later_syncs_begin_thirty_days_before_the_last_one() -> None:
    known = _caught_up()
    later = TODAY + timedelta(days=50)

    assert known.recent("a", today=later, since=SINCE) == RECENT


def test_days_that_have_changed_are_read_again_where_they_were_read() -> None:
    known = _caught_up().read_back(["a", "b"], to=date(2026, 9, 1)).read_back(["b"], to=SINCE)

    def again(changed: date) -> list[tuple[date, date, list[str]]]:
        return list(known.to_read_again(changed, today=TODAY))

    assert again(date(2026, 11, 20)) == []
    assert again(date(2026, 9, 10)) == [
        (date(2026, 10, 1), date(2026, 10, 30), ["a", "b"]),
        (date(2026, 9, 10), date(2026, 9, 30), ["a", "b"]),
    ]
    assert again(SINCE)[-1] == (SINCE, date(2026, 8, 31), ["b"])


def test_the_past_is_read_month_by_month_to_the_day_that_is_wanted() -> None:
    progress, months = _caught_up(), []
    while not progress.is_complete(since=SINCE):
        first, last, accounts = progress.next_month(since=SINCE)
        months.append((first, last, progress.percent(today=TODAY, since=SINCE)))
        progress = progress.read_back(accounts, to=first)

    assert months == [
        (date(2026, 10, 1), date(2026, 10, 30), 28),
        (date(2026, 9, 1), date(2026, 9, 30), 56),
        (date(2026, 8, 15), date(2026, 8, 31), 84),
    ]
    assert progress.percent(today=TODAY, since=SINCE) == 100


def test_an_account_whose_past_has_grown_begins_it_again() -> None:
    done = _caught_up().read_back(["a", "b"], to=SINCE)

    grown = done.caught_up(
        [Told(account="a", first=date(2026, 9, 1)), Told(account="b", first=date(2026, 11, 1))],
        today=TODAY,
        since=SINCE,
    )

    assert grown.accounts["a"] == Read(back_to=RECENT, told=date(2026, 9, 1))
    assert grown.accounts["b"] == done.accounts["b"]


def test_an_account_that_is_there_no_more_is_forgotten_and_a_new_one_is_read() -> None:
    progress = _caught_up().caught_up([Told(account="c", first=None)], today=TODAY, since=SINCE)

    assert progress.accounts == {"c": Read(back_to=RECENT, told=None)}


def test_a_longer_past_is_read_when_it_is_wanted() -> None:
    done = _caught_up().read_back(["a", "b"], to=SINCE)

    assert done.is_complete(since=SINCE)
    assert done.is_complete(since=SINCE + timedelta(days=1))
    assert not done.is_complete(since=SINCE - timedelta(days=1))


@pytest.mark.parametrize(
    "cursor",
    ["", "{}", "[]", "null", '{"version": 2}', '{"version": 1, "day": "soon", "accounts": {}}',
     '{"version": 1, "day": null, "accounts": {"a": ["x", null]}}',
     '{"version": 1, "day": null, "accounts": []}'],
)  # fmt: skip
def test_a_cursor_that_cannot_be_read_begins_from_the_beginning(cursor: str) -> None:
    assert Progress.of(cursor) == Progress()


_DAYS = st.dates(date(2020, 1, 1), date(2030, 1, 1))
_READS = st.builds(Read, back_to=_DAYS, told=st.none() | _DAYS)


@given(
    st.builds(
        Progress,
        day=st.none() | _DAYS,
        accounts=st.dictionaries(st.text(min_size=1, max_size=20), _READS, max_size=5),
    )
)
def test_a_cursor_gives_the_progress_back(progress: Progress) -> None:
    assert Progress.of(progress.cursor()) == progress


@given(today=_DAYS, lookback=st.integers(1, 3_650))
def test_the_past_is_read_without_gaps_whatever_days_they_are(today: date, lookback: int) -> None:
    since = today - timedelta(days=lookback)
    progress = Progress().caught_up([Told(account="a", first=None)], today=today, since=since)
    percents = []
    while not progress.is_complete(since=since):
        before = progress.accounts["a"].back_to
        first, last, accounts = progress.next_month(since=since)
        assert last == before - timedelta(days=1)
        assert since <= first <= last
        percents.append(progress.percent(today=today, since=since))
        progress = progress.read_back(accounts, to=first)

    assert progress.accounts["a"].back_to == since or lookback <= 30
    assert percents == sorted(percents)
    assert all(0 <= percent < 100 for percent in percents)


def _caught_up() -> Progress:
    told = [Told(account=name, first=date(2026, 11, 1)) for name in ("a", "b")]
    return Progress().caught_up(told, today=TODAY, since=SINCE)
