"""Descent: a smooth convex loss brought down by L-BFGS, in single precision throughout.

SciPy's minimiser keeps bounds and double precision that nobody needs here, and takes twice as long.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

KEPT: Final = 6  # steps from which the curve of the loss is told
HALVINGS: Final = 20
ENOUGH: Final = 1e-4  # of what the slope promises
STILL: Final = 1e-7  # a round that gains less of the loss is the last

Floats = NDArray[np.float32]
Loss = Callable[[Floats], tuple[float, Floats]]


def lowest(loss: Loss, start: Floats, *, rounds: int) -> Floats:
    """Where the loss is lowest, as far as so many rounds go."""
    steps: deque[tuple[Floats, Floats, float]] = deque(maxlen=KEPT)
    at, (value, slope) = start, loss(start)
    for _ in range(rounds):
        way = _way(slope, steps)
        descent = float(way @ slope)
        size = 1.0 if steps else 1.0 / max(float(np.abs(slope).sum()), 1.0)
        for _ in range(HALVINGS):
            there = at + np.float32(size) * way
            new_value, new_slope = loss(there)
            if new_value <= value + ENOUGH * size * descent:
                break
            size /= 2
        else:
            return at
        step, turn = there - at, new_slope - slope
        bend = float(step @ turn)
        if bend > 0:
            steps.append((step, turn, bend))
        gained = value - new_value
        at, value, slope = there, new_value, new_slope
        if gained < STILL * abs(value):
            break
    return at


def _way(slope: Floats, steps: deque[tuple[Floats, Floats, float]]) -> Floats:
    """Where to go: down the slope, as far as the steps before it say the loss is curved."""
    way = -slope
    shares = []
    for step, turn, bend in reversed(steps):
        share = np.float32(float(step @ way) / bend)
        shares.append(share)
        way -= share * turn
    if steps:
        _, turn, bend = steps[-1]
        way *= np.float32(bend / float(turn @ turn))
    for (step, turn, bend), share in zip(steps, reversed(shares), strict=True):
        way += (share - np.float32(float(turn @ way) / bend)) * step
    return way
