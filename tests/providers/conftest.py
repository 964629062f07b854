"""What the tests of connectors share: a simulated Plaid, and clients of it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fixtures.plaid_feed import PlaidBank, open_bank


@pytest.fixture
async def bank(redis_url: str) -> AsyncIterator[PlaidBank]:
    """A sandbox of the test's own."""
    async with open_bank(redis_url) as bank:
        yield bank
