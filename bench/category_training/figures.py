"""Figures of answers: Wilson's interval, calibration error, precision and coverage."""

from __future__ import annotations

from math import sqrt
from typing import Final

import numpy as np
from numpy.typing import NDArray

Z: Final = 1.959964  # 95 %, both sides
BINS: Final = 10


def wilson_low(right: float, count: float) -> float:
    """The lower end of Wilson's 95 % interval of a share."""
    if count <= 0:
        return 0.0
    share = right / count
    middle = share + Z * Z / (2 * count)
    spread = Z * sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    return (middle - spread) / (1 + Z * Z / count)


def covered_at_most(sure: NDArray[np.float64], right: NDArray[np.bool_], goal: float) -> float:
    """The largest share of rows, the surest first, with Wilson's lower end at the goal or above.

    A bar that is chosen on the test itself: a bound of what any bar could cover, no promise.
    """
    order = np.argsort(-sure, kind="stable")
    hits = np.cumsum(right[order])
    for count in range(len(order), 0, -1):
        if wilson_low(float(hits[count - 1]), count) >= goal:
            return count / len(order)
    return 0.0


def calibration_error(sure: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error in ten bins of equal width."""
    if not len(sure):
        return 0.0
    bins = np.minimum((sure * BINS).astype(int), BINS - 1)
    error = 0.0
    for number in range(BINS):
        inside = bins == number
        if inside.any():
            gap = abs(float(sure[inside].mean()) - float(right[inside].mean()))
            error += float(inside.mean()) * gap
    return error
