"""Back-off: how long to wait before something is tried again, with chance against crowds."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

CONNECTION_DELAYS: Final = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
)


def delay(
    delays: Sequence[timedelta],
    failures: int,
    *,
    chance: Callable[[int], int] = random.randrange,
) -> timedelta:
    """The delay after so many failures, the first being 1: half of it, and a chance of the rest."""
    assert failures >= 1
    half = delays[min(failures, len(delays)) - 1] / 2
    return half + half * chance(1_001) / 1_000


def spread(every: timedelta, *, chance: Callable[[int], int] = random.randrange) -> timedelta:
    """A period, up to a tenth longer or shorter: what began together does not stay together."""
    return every * (900 + chance(201)) / 1_000
