"""What the audits of graphql-http, by the editors of GraphQL over HTTP, find in both modes."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from api.app import create_app
from tests.api.conftest import Edges
from tests.clients.npm import CLIENT, installed
from tests.fixtures.api_server import Api, serving
from tests.fixtures.world import Place, World

AUDITS: Final = 61
RUNS_WITHIN_S: Final = 60

# Operations come by POST alone (docs/graphql.md), and these may, not should, come by GET.
BY_GET: Final = {
    "5A70 MAY accept application/x-www-form-urlencoded formatted GET requests",
    "D6D5 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting "
    "application/graphql-response+json",
    "6A70 MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting "
    "application/json",
}
# These try variables on introspection, which production does not have.
BY_INTROSPECTION: Final = {
    "2EA1 SHOULD allow map {variables} parameter when accepting application/graphql-response+json",
    "28B9 MUST allow map {variables} parameter when accepting application/json",
}
WITHOUT_INTROSPECTION: Final = {
    "query Type($name: String!) { __type(name: $name) { name } }": (
        "query Type($name: ID!) { node(id: $name) { id } }"
    )
}


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


@pytest.fixture
async def production(edges: Edges) -> AsyncIterator[Api]:
    app = create_app(edges.settings(BANKFEEDS_ENV="production"))
    async with serving(app, edges.data_dir) as api:
        yield api


async def test_development_passes_all_but_what_may_come_by_get(api: Api, place: Place) -> None:
    assert await _failed(api, place) == BY_GET


async def test_production_passes_them_with_variables_of_a_field_that_it_has(
    production: Api, place: Place
) -> None:
    assert await _failed(production, place, documents=WITHOUT_INTROSPECTION) == BY_GET


async def test_production_fails_nothing_else_where_audits_need_introspection(
    production: Api, place: Place
) -> None:
    assert await _failed(production, place) == BY_GET | BY_INTROSPECTION


async def _failed(api: Api, place: Place, *, documents: dict[str, str] | None = None) -> set[str]:
    """The ids and names of the audits that found something."""
    await asyncio.to_thread(installed)
    audit = {
        "url": f"{api.url}/graphql",
        "token": api.token(place.user_id),
        "documents": documents or {},
    }
    done = await asyncio.to_thread(
        subprocess.run,
        ("node", "audits/http.mjs"),
        cwd=CLIENT,
        env={"PATH": os.environ["PATH"], "AUDIT": json.dumps(audit)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUNS_WITHIN_S,
        check=False,
    )
    found: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert len(found) == AUDITS
    return {f"{one['id']} {one['name']}" for one in found if one["status"] != "ok"}
