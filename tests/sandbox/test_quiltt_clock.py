"""The clock of the simulated Quiltt: what is due is done, and one thread looks for it."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from functools import partial

from sandbox.quiltt_clock import Clock
from tests.fixtures.quiltt_service import NOW
from tests.sandbox.webhook_receiver import wait_until


def now() -> datetime:
    return datetime.now(UTC)


def test_what_is_due_is_done_in_order_though_nobody_asks() -> None:
    clock, done = Clock(now), list[float]()

    for delay_s in (0.3, 0.1, 0.2):
        clock.later(delay_s, partial(done.append, delay_s))

    wait_until(lambda: done == [0.1, 0.2, 0.3], within_s=5)


def test_any_number_of_actions_has_one_thread() -> None:
    clock, before = Clock(now), threading.active_count()

    for number in range(200):
        clock.later(60 + number, lambda: None)
        clock.later(60 - number / 10, lambda: None)

    time.sleep(0.05)  # those that were cancelled end
    assert threading.active_count() - before <= 1


def test_what_follows_from_an_action_is_done_too() -> None:
    clock, done = Clock(now), list[int]()

    def again() -> None:
        done.append(len(done))
        if len(done) < 5:
            clock.later(0.02, again)

    clock.later(0.02, again)

    wait_until(lambda: len(done) == 5, within_s=5)


def test_a_clock_that_is_put_forward_looks_sooner() -> None:
    clock, done = Clock(now), list[str]()
    clock.later(60, lambda: done.append("late"))

    clock.advance(59.9)
    assert done == []

    wait_until(lambda: done == ["late"], within_s=5)


def test_an_action_that_fails_keeps_no_other_from_being_done() -> None:
    clock, done = Clock(now), list[str]()

    def fail() -> None:
        raise RuntimeError("as a test wants")

    failures: list[object] = []
    before, threading.excepthook = threading.excepthook, failures.append
    try:
        clock.later(0.05, fail)
        clock.later(0.1, lambda: done.append("then"))
        wait_until(lambda: done == ["then"], within_s=5)
    finally:
        threading.excepthook = before
    assert len(failures) == 1


def test_a_clock_that_stands_is_looked_at_seldom() -> None:
    looks = 0

    def standing() -> datetime:
        nonlocal looks
        looks += 1
        return NOW

    clock = Clock(standing)
    clock.later(0.01, lambda: None)
    time.sleep(0.3)
    asked = looks
    time.sleep(0.3)

    assert looks - asked <= 10
    assert clock.now() < NOW + timedelta(seconds=1)
