"""Delays grow and have a cap; chance keeps crowds apart, within bounds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.backoff import CONNECTION_DELAYS, delay, spread


@pytest.mark.parametrize(
    ("failures", "most"),
    [
        (1, timedelta(seconds=30)),
        (2, timedelta(minutes=2)),
        (3, timedelta(minutes=10)),
        (4, timedelta(hours=1)),
        (5, timedelta(hours=1)),
        (1_000, timedelta(hours=1)),
    ],
)
def test_a_delay_is_between_half_of_its_step_and_all_of_it(failures: int, most: timedelta) -> None:
    assert delay(CONNECTION_DELAYS, failures, chance=lambda _: 0) == most / 2
    assert delay(CONNECTION_DELAYS, failures, chance=lambda n: n - 1) == most
    assert all(most / 2 <= delay(CONNECTION_DELAYS, failures) <= most for _ in range(200))


def test_what_failed_together_is_not_tried_again_together() -> None:
    delays = {delay(CONNECTION_DELAYS, 4) for _ in range(100)}

    assert len(delays) > 50
    assert max(delays) - min(delays) > timedelta(minutes=10)


def test_a_period_is_a_tenth_longer_or_shorter_at_most() -> None:
    day = timedelta(days=1)

    assert spread(day, chance=lambda _: 0) == day * 0.9
    assert spread(day, chance=lambda n: n - 1) == day * 1.1
    assert len({spread(day) for _ in range(100)}) > 20
