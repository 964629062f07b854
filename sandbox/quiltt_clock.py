"""The clock of the simulated Quiltt: it can be put forward, and remembers what is to come."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Final

Action = Callable[[], None]

TIMER_MARGIN_S: Final = 0.01  # a timer that looks a moment early would find nothing due
LOOKS_EVERY_S: Final = 1.0  # where the outer clock does not go on by itself, and all stays due


class Clock:
    """Time as the service sees it: the outer clock, and what control has added to it.

    What is to come happens when the service is next used after its time. One timer also looks
    when the first of it is due, so that a service on a real clock needs nobody to ask it.
    """

    def __init__(self, outer: Callable[[], datetime]) -> None:
        self.outer = outer
        self.ahead = timedelta()
        self._agenda: list[tuple[datetime, int, Action]] = []
        self._order = count()
        self._lock = threading.RLock()
        self._depth = 0
        self._after: list[Action] = []
        self._timer: threading.Timer | None = None
        self._looks_at: datetime | None = None  # of the outer clock

    def now(self) -> datetime:
        return self.outer() + self.ahead

    def after_each_use(self, action: Action) -> None:
        """Done at the end of every use, under the lock."""
        self._after.append(action)

    @contextmanager
    def use(self) -> Iterator[None]:
        """One thread at a time, with everything done that is due."""
        with self._lock:
            self._depth += 1
            try:
                self._settle()
                yield
            finally:
                self._depth -= 1
                if not self._depth:
                    for action in self._after:
                        action()

    def later(self, delay_s: float, action: Action) -> None:
        """Does it after so many seconds of this clock; without delay at once."""
        if delay_s <= 0:
            action()
            return
        with self._lock:
            due = self.now() + timedelta(seconds=delay_s)
            heapq.heappush(self._agenda, (due, next(self._order), action))
            self._watch()

    def advance(self, seconds: float) -> None:
        """Puts the clock forward, through everything due on the way, in order."""
        with self.use():
            goal = self.ahead + timedelta(seconds=seconds)
            while self._agenda and self._agenda[0][0] - self.outer() <= goal:
                self.ahead = max(self.ahead, self._agenda[0][0] - self.outer())
                self._settle()
            self.ahead = goal
            self._watch()

    def _watch(self, least_s: float = 0) -> None:
        """Has the timer look when the first is due, unless it does already."""
        if not self._agenda:
            return
        looks_at = self._agenda[0][0] - self.ahead
        if self._timer is not None:
            if self._looks_at is not None and self._looks_at <= looks_at:
                return
            self._timer.cancel()
        wait_s = (looks_at - self.outer()).total_seconds() + TIMER_MARGIN_S
        self._looks_at = looks_at
        self._timer = threading.Timer(max(wait_s, least_s), self._look)
        self._timer.daemon = True
        self._timer.start()

    def _look(self) -> None:
        with self._lock:
            first, self._timer = self._agenda[:1], None
            try:
                with self.use():
                    pass
            finally:
                self._watch(LOOKS_EVERY_S if first == self._agenda[:1] else 0)

    def _settle(self) -> None:
        while self._agenda and self._agenda[0][0] <= self.now():
            heapq.heappop(self._agenda)[2]()
