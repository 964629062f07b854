"""Two tenants at once on the same connections, among requests that fail: each reads its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from uuid import uuid4

import asyncpg
import httpx
import pytest

from core.models import Role
from core.page import encode_cursor
from tests.api.conftest import Edges
from tests.compiler.rows import Tenant, fill
from tests.fixtures.api_server import Api

ACME: Final = Tenant(name="acme")
GLOBEX: Final = Tenant(name="globex")
ROUNDS: Final = 60
IMPATIENT_S: Final = 0.004  # leaves some requests while Postgres works on them
LISTS: Final = (
    "query ($after: String) { list: accounts(after: $after) { edges { cursor } } }",
    "query ($after: String) { list: transactions(first: 9, after: $after) { edges { cursor } } }",
    "query ($after: String) { list: members(after: $after) { edges { cursor } } }",
)
# Read as far as Postgres, where each fails in a way of its own.
FAILING: Final = (
    encode_cursor("accounts", ["9999-99-99", str(uuid4())]),
    encode_cursor("accounts", ["2026-03-01 00:00:00+00", "\0"]),
    encode_cursor("date.desc", ["infinity", str(uuid4())]),
    encode_cursor("date.desc", ["0001-01-01", "no uuid"]),
)


@pytest.fixture
async def owner(edges: Edges) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(edges.database.superuser)
    try:
        for tenant in (ACME, GLOBEX):
            await fill(connection, tenant)
        yield connection
    finally:
        await connection.close()


async def test_tenants_that_read_at_once_among_failures_read_their_own(
    api: Api, owner: asyncpg.Connection
) -> None:
    expected = {
        (tenant.name, query): (await _answered(api, tenant, query, None))["data"]
        for tenant in (ACME, GLOBEX)
        for query in LISTS
    }
    found: Counter[str] = Counter()

    async def read(tenant: Tenant, query: str) -> None:
        body = await _answered(api, tenant, query, None)
        right = body.get("data") == expected[tenant.name, query]
        found["right" if right else f"wrong: {body}"] += 1

    async def fail(tenant: Tenant, query: str, cursor: str) -> None:
        body = await _answered(api, tenant, query, cursor)
        found.update(error["extensions"]["code"] for error in body.get("errors", ()))

    async def leave(tenant: Tenant, query: str) -> None:
        try:
            await _answered(api, tenant, query, None, timeout_s=IMPATIENT_S)
        except httpx.TimeoutException:
            found["left"] += 1

    for number in range(ROUNDS):
        async with asyncio.TaskGroup() as group:
            for tenant, query in _each():
                group.create_task(read(tenant, query))
                group.create_task(fail(tenant, query, FAILING[number % len(FAILING)]))
                group.create_task(leave(tenant, query))

    assert expected["acme", LISTS[0]] != expected["globex", LISTS[0]]
    assert set(found) <= {"right", "left", "BAD_INPUT"}
    assert found["right"] == ROUNDS * len(list(_each()))
    assert found["left"] > 0
    assert found["BAD_INPUT"] > ROUNDS


def _each() -> Iterator[tuple[Tenant, str]]:
    for query in LISTS:
        for tenant in (ACME, GLOBEX):
            yield tenant, query


async def _answered(
    api: Api, tenant: Tenant, query: str, after: str | None, *, timeout_s: float = 30
) -> dict[str, Any]:
    response = await api.http.post(
        "/graphql",
        json={"query": query, "variables": {"after": after}},
        headers=api.headers(tenant.person(Role.OWNER)),
        timeout=timeout_s,
    )
    body: dict[str, Any] = response.json()
    return body
