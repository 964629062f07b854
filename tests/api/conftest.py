"""Fixtures: an API with the small schema, and one with the product's."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.app import create_app
from api.dev_keys import create_development_key
from core.settings import Settings
from tests.fixtures.api_server import Api, serving, settings_of
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.small_schema import Seen, opener
from tests.fixtures.small_schema import schema as small_schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Edges:
    """Settings for APIs of one test."""

    database: DatabaseUrls
    redis_url: str
    data_dir: Path

    def settings(self, **other: str) -> Settings:
        return settings_of(self.database, self.redis_url, self.data_dir, **other)


@pytest.fixture
def edges(database: DatabaseUrls, redis_url: str, tmp_path: Path) -> Edges:
    create_development_key(tmp_path)
    return Edges(database=database, redis_url=redis_url, data_dir=tmp_path)


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def logged() -> io.StringIO:
    """What the API of the test has logged."""
    return io.StringIO()


@pytest.fixture
async def small(edges: Edges, seen: Seen, logged: io.StringIO) -> AsyncIterator[Api]:
    """An API with the small schema."""
    app = create_app(
        edges.settings(), schema=small_schema, open_context=opener(seen), log_to=logged
    )
    async with serving(app, edges.data_dir) as api:
        yield api


@pytest.fixture
async def hardened(edges: Edges, seen: Seen, logged: io.StringIO) -> AsyncIterator[Api]:
    """The same in production."""
    app = create_app(
        edges.settings(BANKFEEDS_ENV="production"),
        schema=small_schema,
        open_context=opener(seen),
        log_to=logged,
    )
    async with serving(app, edges.data_dir) as api:
        yield api


@pytest.fixture
async def api(edges: Edges) -> AsyncIterator[Api]:
    """An API with the product's schema."""
    async with serving(create_app(edges.settings()), edges.data_dir) as api:
        yield api
