"""Fixtures: a simulated Plaid, and a connection to it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fixtures.plaid_feed import Feed, PlaidBank, connected, open_bank
from tests.fixtures.world import World


@pytest.fixture
async def bank(redis_url: str) -> AsyncIterator[PlaidBank]:
    async with open_bank(redis_url) as bank:
        yield bank


@pytest.fixture
async def feed(world: World, bank: PlaidBank) -> Feed:
    """A connection that was never synced."""
    return await connected(world, bank, await bank.link())
