"""Which few of some amounts come to a sum: bounded search, and whether what it found is all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

STEPS_MAX: Final = 50_000  # of one search: some hundredths of a second


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Index tuples, each ascending. `complete`: there are no others, for the search came to its
    end."""

    solutions: tuple[tuple[int, ...], ...]
    complete: bool
    steps: int  # that it took

    @property
    def unique(self) -> bool:
        """Whether there is one solution and no other."""
        return self.complete and len(self.solutions) == 1


def subsets(
    values: Sequence[int],
    target: int,
    *,
    tolerance: int = 0,
    least: int = 2,
    most: int = 8,
    solutions: int = 2,
    steps: int = STEPS_MAX,
) -> Found:
    """Up to `solutions` sets of `least` to `most` values whose sum is within `tolerance` of the
    target. Equal values at different places are different values.

    Zeros are left out: with and without one, every sum is the same.
    """
    order = sorted((i for i, value in enumerate(values) if value), key=lambda i: -abs(values[i]))
    search = _Search(
        [values[i] for i in order],
        target,
        tolerance=tolerance,
        least=least,
        most=most,
        solutions=solutions,
        steps=steps,
    )
    complete = search.run()
    found = sorted(tuple(sorted(order[i] for i in one)) for one in search.found)
    return Found(solutions=tuple(found), complete=complete, steps=search.steps)


class _Search:
    """Depth first, the largest values first; a branch ends where the rest cannot reach."""

    def __init__(
        self,
        values: Sequence[int],
        target: int,
        *,
        tolerance: int,
        least: int,
        most: int,
        solutions: int,
        steps: int,
    ) -> None:
        self._values = values
        self._target = target
        self._tolerance = tolerance
        self._least = least
        self._most = most
        self._solutions = solutions
        self._steps_max = steps
        self.steps = 0
        # Of the values from each place on: what the positive and the negative ones come to.
        up = list(accumulate((max(v, 0) for v in reversed(values)), initial=0))
        down = list(accumulate((min(v, 0) for v in reversed(values)), initial=0))
        self._up, self._down = up[::-1], down[::-1]
        self.found: list[tuple[int, ...]] = []

    def run(self) -> bool:
        """Whether the search came to its end."""
        stack: list[tuple[int, int, tuple[int, ...]]] = [(0, 0, ())]
        while stack:
            at, total, chosen = stack.pop()
            self.steps += 1
            if self.steps > self._steps_max:
                return False
            missing = self._target - total
            if len(chosen) >= self._least and abs(missing) <= self._tolerance:
                if len(self.found) == self._solutions:
                    return False
                self.found.append(chosen)
            if at == len(self._values) or len(chosen) == self._most:
                continue
            if not self._reaches(at, missing, self._most - len(chosen)):
                continue
            for i in range(len(self._values) - 1, at - 1, -1):
                stack.append((i + 1, total + self._values[i], (*chosen, i)))
        return True

    def _reaches(self, at: int, missing: int, left: int) -> bool:
        # The values fall by size: `left` of them come to so much at most.
        largest = abs(self._values[at]) * left + self._tolerance
        if abs(missing) > largest:
            return False
        low, high = self._down[at] - self._tolerance, self._up[at] + self._tolerance
        return low <= missing <= high
