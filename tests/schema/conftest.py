"""Fixture: the schema in a world."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.fixtures.graph import Graph, graph_of
from tests.fixtures.world import World


@pytest.fixture
async def graph(world: World, redis_url: str) -> AsyncIterator[Graph]:
    """The schema on an empty, migrated database."""
    async with graph_of(world, redis_url) as graph:
        yield graph
