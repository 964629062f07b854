"""What a hostile client tries first: each is refused in words, quickly, and no other waits."""

from __future__ import annotations

import gzip
import time
from typing import Any

import pytest

from api.operations import OPERATION_TIMEOUT_S
from tests.fixtures.api_server import Api
from tests.fixtures.world import Place, World

SOON_S = 5
CIRCLE = """
{ connections { edges { node { ...A } } } }
fragment A on Connection { accounts { edges { node { ...B } } } }
fragment B on Account { mappings { edges { node { connection { ...A } } } } }
"""
DEEP = "{ __schema { types " + "{ fields { type " * 12 + "{ name }" + " } }" * 12 + " } }"
SEARCH = "query ($text: String) { transactions(filter: {text: $text}) { edges { node { id } } } }"
PAGE = "query ($first: Int) { transactions(first: $first) { edges { node { id } } } }"
FORGED = "query ($after: String) { transactions(after: $after) { edges { node { id } } } }"


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


@pytest.mark.parametrize(
    ("query", "variables", "status", "code"),
    [
        ("{" + " ".join(f"a{n}: __typename" for n in range(10_000)) + "}", {}, 200, "TOO_COMPLEX"),
        (CIRCLE, {}, 200, "BAD_INPUT"),
        ("{ __typename }" + " " * 5_000_000, {}, 413, "TOO_LARGE"),
        (DEEP, {}, 200, "TOO_COMPLEX"),
        (PAGE, {"first": -1}, 200, "BAD_INPUT"),
        (PAGE, {"first": 0}, 200, "BAD_INPUT"),
        (PAGE, {"first": 100_000}, 200, "BAD_INPUT"),
        (PAGE, {"first": 2**40}, 200, "BAD_INPUT"),
        (FORGED, {"after": "bm90IG91cnM="}, 200, "BAD_INPUT"),
        (SEARCH, {"text": "x" * 1_000_000}, 200, "BAD_INPUT"),
        (SEARCH, {"text": "xy" + " " * 1_000_000}, 200, "BAD_INPUT"),
    ],
    ids=[
        "10,000 aliases",
        "circular fragments",
        "5 MB",
        "deep introspection",
        "first: -1",
        "first: 0",
        "first: 100000",
        "first: 2^40",
        "forged cursor",
        "a million characters",
        "a million spaces",
    ],
)
async def test_it_is_refused_at_once(
    api: Api, place: Place, *, query: str, variables: dict[str, Any], status: int, code: str
) -> None:
    started = time.monotonic()
    response = await api.post(place.user_id, query, variables=variables)
    seconds = time.monotonic() - started

    assert response.status_code == status
    assert response.json()["errors"][0]["extensions"]["code"] == code
    assert len(response.content) < 10_000
    assert seconds < SOON_S


async def test_a_compressed_body_is_not_unpacked(api: Api, place: Place) -> None:
    response = await api.http.post(
        "/graphql",
        content=gzip.compress(b'{"query": "{ __typename }"}' + b" " * 10_000_000),
        headers=api.headers(
            place.user_id, **{"content-type": "application/json", "content-encoding": "gzip"}
        ),
    )

    assert response.status_code == 415
    assert "uncompressed" in response.json()["errors"][0]["message"]
    assert response.headers["accept-encoding"] == "identity"


async def test_statements_end_before_the_operation_that_waits_for_them(
    world: World, place: Place
) -> None:
    async with world.database.as_(place.user, read_only=True) as tx:
        limit = await tx.value(
            "select extract(epoch from current_setting('statement_timeout')::interval)"
        )

    assert 0 < limit < OPERATION_TIMEOUT_S
