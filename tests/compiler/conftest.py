"""Fixture: one world for all tests here, which only read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest

from tests.compiler.both_ways import BothWays, opened
from tests.fixtures.database import cloned
from tests.fixtures.servers import MIGRATED, Servers


@pytest.fixture(scope="session")
def both(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BothWays]:
    """The schema over two tenants' rows."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        urls = runner.run(stack.enter_async_context(cloned(servers, MIGRATED)))
        try:
            folder = tmp_path_factory.mktemp("blobs")
            yield runner.run(stack.enter_async_context(opened(urls, folder, runner)))
        finally:
            runner.run(stack.aclose())
