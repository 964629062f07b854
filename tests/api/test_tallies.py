"""Tallies look to a scraper as the meters of prometheus_client do."""

from __future__ import annotations

import re

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from api.tallies import SECONDS, Count, Durations


def _text(registry: CollectorRegistry) -> list[str]:
    """What is scraped, but for the moment at which a meter was made."""
    lines = generate_latest(registry).decode().splitlines()
    return sorted(line for line in lines if not re.search("_created[ {]", line))


def test_counts_and_durations_are_scraped_as_those_of_prometheus_are() -> None:
    ours, theirs = CollectorRegistry(), CollectorRegistry()
    count = Count("requests", "Requests.", ("method", "status"))
    durations = Durations("seconds", "How long.", "route")
    ours.register(count)
    ours.register(durations)
    counter = Counter("requests", "Requests.", ("method", "status"), registry=theirs)
    histogram = Histogram("seconds", "How long.", ("route",), buckets=SECONDS, registry=theirs)

    for method, status in (("GET", 200), ("GET", 200), ("POST", 400)):
        count.add(method, status)
        counter.labels(method, str(status)).inc()
    for seconds in (0.0, 0.005, 0.0051, 0.3, 30, 31):
        durations.add("/a", seconds)
        histogram.labels("/a").observe(seconds)
    durations.add('/b"', 1)
    histogram.labels('/b"').observe(1)

    assert _text(ours) == _text(theirs)
