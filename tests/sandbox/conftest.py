"""The simulated Plaid: one that the tests of a file share, and one of a test's own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sandbox.plaid_served import Served, served_plaid


@pytest.fixture(scope="module")
def plaid() -> Iterator[Served]:
    """For tests that change nothing but Items of their own."""
    with served_plaid() as served:
        yield served


@pytest.fixture(scope="module")
def slow_plaid() -> Iterator[Served]:
    """The initial update is there at once, the historical one when it is released."""
    with served_plaid() as served:
        served.control.set_pace(initial_s=0, historical_s=None)
        yield served


@pytest.fixture
def own_plaid() -> Iterator[Served]:
    """For tests that change how the sandbox behaves."""
    with served_plaid() as served:
        yield served
