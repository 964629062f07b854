"""What is counted at each request, in plain numbers that only the event loop touches.

The meters of prometheus_client take a lock for each number, which makes four a request. They are
written from these when somebody looks.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_BOUNDS: Final = tuple(map(floatToGoString, (*SECONDS, float("inf"))))


class Count(Collector):
    """A number for each combination of labels."""

    def __init__(self, name: str, description: str, labels: Sequence[str]) -> None:
        self._metric = (name, description)
        self._labels = labels
        self._numbers: defaultdict[tuple[object, ...], int] = defaultdict(int)

    def add(self, *labels: object) -> None:
        """One more."""
        self._numbers[labels] += 1

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        metric = CounterMetricFamily(*self._metric, labels=self._labels)
        for labels, number in self._numbers.items():
            metric.add_metric(list(map(str, labels)), number)
        yield metric


class Durations(Collector):
    """How many durations there were, by `SECONDS` and one label."""

    def __init__(self, name: str, description: str, label: str) -> None:
        self._metric = (name, description)
        self._label = label
        self._numbers: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(_BOUNDS))
        self._sums: defaultdict[str, float] = defaultdict(float)

    def add(self, label: str, seconds: float) -> None:
        """One more."""
        self._numbers[label][bisect_left(SECONDS, seconds)] += 1
        self._sums[label] += seconds

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client."""
        metric = HistogramMetricFamily(*self._metric, labels=[self._label])
        for label, numbers in self._numbers.items():
            buckets = list(zip(_BOUNDS, accumulate(numbers), strict=True))
            metric.add_metric([label], buckets, self._sums[label])
        yield metric
