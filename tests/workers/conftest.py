"""Fixture: a post office in a world."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fixtures.post import Post, post_office
from tests.fixtures.world import World


@pytest.fixture
async def post(world: World, redis_url: str) -> AsyncIterator[Post]:
    """Channels and notifications on an empty, migrated database."""
    async with post_office(world, redis_url) as post:
        yield post
