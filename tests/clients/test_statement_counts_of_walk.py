"""Every query and subscription of the client takes as many SQL statements for many rows as for few.

Mutations are counted while the walk runs, in `test_typescript.py`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID, uuid4

import pytest
from graphql import OperationDefinitionNode, OperationType

from api.operations import OperationRequest, Operations
from core.models import Role
from core.notifications import NotificationKind
from db import notifications
from schema.build import schema as product_schema
from schema.context import open as open_context
from schema.ids import encode
from tests.clients.counting import CountedDatabase
from tests.clients.operations import name_of, operations, text_of
from tests.clients.said_rows import said
from tests.fixtures.csv_file import csv, saved
from tests.fixtures.graph import Graph, graph_of
from tests.fixtures.personas import a_group, a_persona, an_asset
from tests.fixtures.world import Place, World

FEW: Final = 2  # a rule of reconciliation is about two accounts at least
MANY: Final = 7
MOST: Final = 15
READS: Final = sorted(
    operations(OperationType.QUERY, OperationType.SUBSCRIPTION),
    key=name_of,
)

# An endpoint of a connection, and an event that came to it.
WEBHOOK: Final = """
with made as (
  insert into private.webhook_endpoints (
    tenant_id, connection_id, id, provider, kind, token_hash
  )
  values ($1, $2, gen_random_uuid(), 'file', 'connection', sha256(uuid_send($2)))
)
insert into app.webhook_events (
  tenant_id, id, connection_id, provider, type, dedupe_key, sealed, state, received_at
)
values ($1, gen_random_uuid(), $2, 'file', 'changed', 'one', '', 'done', now())
"""


@pytest.fixture
async def graph(world: World, redis_url: str) -> AsyncIterator[Graph]:
    """The schema on an empty, migrated database."""
    async with graph_of(world, redis_url) as graph:
        yield graph


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A tenant, and what the operations' variables are given there, by their names."""

    place: Place
    variables: dict[str, Any]


@pytest.fixture
async def few(graph: Graph) -> Filled:
    return await _filled(graph, FEW)


@pytest.fixture
async def many(graph: Graph) -> Filled:
    return await _filled(graph, MANY)


async def test_statements_do_not_grow_with_rows(graph: Graph, few: Filled, many: Filled) -> None:
    counts = {
        name_of(operation): (
            await _statements(graph, few, operation),
            await _statements(graph, many, operation),
        )
        for operation in READS
    }

    assert {name: both for name, both in counts.items() if both[0] != both[1]} == {}
    assert {name: both for name, both in counts.items() if both[1] > MOST} == {}


async def _statements(graph: Graph, filled: Filled, operation: OperationDefinitionNode) -> int:
    """The statements of a query, or of a subscription up to its first event."""
    counted = CountedDatabase(graph.services.database)
    context = replace(
        graph.context(filled.place.user), services=replace(graph.services, database=counted)
    )
    given = [node.variable.name.value for node in operation.variable_definitions or ()]
    request = OperationRequest(
        query=text_of(operation),
        variables={name: filled.variables[name] for name in given if name in filled.variables},
    )
    runner = Operations(product_schema, open_context=open_context, production=False)
    prepared = runner.prepare(request)
    if prepared.type is OperationType.QUERY:
        payload = (await runner.run(prepared, context)).payload
    else:
        async with aclosing(runner.stream(prepared, context, _allowed)) as payloads:
            payload = await anext(payloads)
    assert "errors" not in payload, (name_of(operation), payload["errors"])
    return counted.statements


async def _allowed() -> None:
    """Nobody's access ends here."""


async def _filled(graph: Graph, size: int) -> Filled:
    """A tenant with so many of everything."""
    world = graph.world
    place = await world.place(currency="EUR")
    connections = [await _connection(graph, place) for _ in range(size)]
    profiles = [await saved(world, place) for _ in range(size)]
    imported = {"profile_id": profiles[0]}
    await world.take_in(place, _file(size, "A"), **imported)
    await world.take_in(connections[0], _file(size, "B"), **imported)
    review = await world.take_in(place, _file(size, "C"), review=True, **imported)
    queued = [await world.job(place, _file(size, "D")) for _ in range(size)]
    for number in range(size):
        await graph.user(place, Role.MEMBER)
        invite = (
            "mutation ($input: MemberInviteInput!) { memberInvite(input: $input) { __typename } }"
        )
        await graph.ask(place.user, invite, input={"email": f"guest{number}@example.com"})
    delivery_id = await _told(graph, place, size)
    for connection in connections:
        await graph.world.owner.execute(WEBHOOK, place.tenant_id, connection.connection_id)
    asset_id, persona_id = await _family(graph, place, size)
    await said(world, place, size)
    account_id, transaction_id = await _first(graph, place)
    job_id = encode("IngestionJob", review["id"])
    upload_id = (await world.ledger(place, queued[0]))["upload_id"]
    return Filled(
        place=place,
        variables={
            "accountId": encode("Account", account_id),
            "assetId": encode("Asset", asset_id),
            "personaId": encode("Persona", persona_id),
            "from": "2026-03-01",
            "to": "2026-03-31",
            "groupBy": ["MONTH", "ACCOUNT", "MERCHANT"],
            "period": {"from": "2026-03-01", "to": "2026-03-31"},
            "connectionId": encode("Connection", place.connection_id),
            "deliveryId": encode("NotificationDelivery", delivery_id),
            "jobId": job_id,
            "nodeId": encode("Account", account_id),
            "otherId": job_id,
            "transactionId": encode("Transaction", transaction_id),
            "uploadId": encode("Upload", upload_id),
        },
    )


async def _told(graph: Graph, place: Place, size: int) -> UUID:
    """So many channels, and notifications that are on their way to each; one of the deliveries."""
    await graph.world.owner.execute(
        "insert into app.notification_channels (tenant_id, type, name, recipient_role, created_by)"
        " select $1, 'email', 'Mail', 'owner', $2 from generate_series(1, $3::int)",
        place.tenant_id,
        place.user_id,
        size,
    )
    async with graph.world.database.as_(place.worker) as tx:
        for number in range(size):
            await notifications.put(
                tx,
                tenant_id=place.tenant_id,
                kind=NotificationKind.DATA_ANOMALY,
                connection_id=place.connection_id,
                data={},
                key=f"anomaly {number}",
            )
    found: UUID = await graph.world.owner.fetchval(
        "select id from app.notification_deliveries where tenant_id = $1 limit 1", place.tenant_id
    )
    return found


async def _family(graph: Graph, place: Place, size: int) -> tuple[UUID, UUID]:
    """A group of so many personas, who own as many assets together; one of each."""
    world = graph.world
    personas = [await a_persona(world, place) for _ in range(size)]
    group_id = await a_group(world, place, *personas)
    assets = [await an_asset(world, place, group_id=group_id) for _ in range(size)]
    await world.owner.executemany(
        "insert into app.asset_personas values ($1, $2, $3, 'owner', 1)",
        [(place.tenant_id, asset, persona) for asset in assets for persona in personas],
    )
    return assets[0], personas[0]


async def _connection(graph: Graph, place: Place) -> Place:
    """Another connection of the tenant, which asks before it makes accounts."""
    other = replace(place, connection_id=uuid4())
    await graph.world.owner.execute(
        "insert into app.connections (tenant_id, id, name, provider, currency, mapping_policy)"
        " values ($1, $2, 'Asks', 'file', 'EUR', 'ask')",
        other.tenant_id,
        other.connection_id,
    )
    return other


def _file(size: int, name: str) -> bytes:
    """So many accounts, each with as many rows and with as many that cannot be read."""
    numbers = [(account, row) for account in range(size) for row in range(size)]
    good = [f"2026-03-{row + 1:02d},-{row}.50,TEA,{name}{a}.{row},{name}{a}" for a, row in numbers]
    bad = [f"2026-03-01,nothing,TEA,{name}{a}.{row}.,{name}{a}" for a, row in numbers]
    return csv(*good, *bad)


async def _first(graph: Graph, place: Place) -> tuple[UUID, UUID]:
    """An account and a transaction on it."""
    row = await graph.world.owner.fetchrow(
        "select t.account_id, t.id from app.transactions t join app.transaction_parts p"
        " on p.transaction_id = t.id where t.tenant_id = $1 and t.reconciled limit 1",
        place.tenant_id,
    )
    assert row is not None
    return row["account_id"], row["id"]
