"""The number of SQL statements of a query does not grow with its rows."""

from __future__ import annotations

import asyncio

import pytest
from graphql import OperationType

from schema.context import open as open_context
from tests.fixtures.graph import Graph
from tests.fixtures.personas import a_group, a_persona, an_asset
from tests.fixtures.world import Place


async def _fill(graph: Graph, place: Place, accounts: int) -> None:
    lines = ["Date,Amount,Description,Account"]
    lines += [
        f"2026-03-{day:02d},-{day}.50,Row {day},ACCOUNT{account}"
        for account in range(accounts)
        for day in range(1, 6)
    ]
    job = await graph.world.take_in(place, "\n".join(lines).encode())
    assert job["imported"] == accounts * 5
    personas = [await a_persona(graph.world, place) for _ in range(accounts)]
    group_id = await a_group(graph.world, place, *personas)
    for persona_id in personas:
        asset_id = await an_asset(graph.world, place, group_id=group_id)
        await graph.world.owner.execute(
            "insert into app.asset_personas values ($1, $2, $3, 'owner', 100)",
            place.tenant_id,
            asset_id,
            persona_id,
        )
    await graph.world.owner.execute(
        "insert into app.assets (tenant_id, account_id, category, name, currency, source)"
        " select tenant_id, id, 'financial_account', name, currency, 'connection'"
        " from app.accounts where tenant_id = $1",
        place.tenant_id,
    )


@pytest.mark.parametrize(
    ("query", "most"),
    [
        ("{ accounts { edges { node { transactions(first: 5) { edges { node { id } } } } } } }", 2),
        (
            "{ accounts { edges { node { name balances { kind } institution { name } "
            "transactions(first: 5) { edges { node { description } } } } } } }",
            4,
        ),
        (
            "{ transactions { edges { node { account { name } connection { name } "
            "source { provider receivedAt rawDocument { name } job { state } } } } } }",
            6,
        ),
        (
            "{ connections { edges { node { accounts { edges { node { id "
            "mappings { edges { node { account { id } connection { id } } } } } } } "
            "jobs { edges { node { findings { edges { node { code } } } } } } } } } }",
            7,
        ),
        (
            "{ accountMappings { edges { node { waitingCount "
            "suggestions { account { id } score reasons { code text } } } } } }",
            4,
        ),
        (
            "{ transactionSummary(groupBy: [MONTH, ACCOUNT]) { count net { amount } "
            "account { name } } }",
            2,
        ),
        (
            '{ accounts { edges { node { balancesByDay(from: "2026-03-01", to: "2026-03-31") '
            "{ day amount { amount } } } } } }",
            2,
        ),
        (
            "{ connections { edges { node { health { consecutiveFailures lastError { code } "
            "lastJob { state } } jobs(filter: { state: [COMPLETED] }) { edges { node { id } } } "
            "} } } }",
            4,
        ),
        (
            "{ assets { edges { node { value { amount } account { name } group { name } "
            "owners { edges { node { persona { name } percentage } } } } } } }",
            5,
        ),
        (
            "{ personas { edges { node { user { email } groups { edges { node { name "
            "members { edges { node { name } } } } } } assets { edges { node { valuedAt } } } "
            "} } } }",
            4,
        ),
        (
            '{ accounts { edges { node { transactions(first: 2, filter: { text: "Row 1" }) '
            "{ edges { node { id } } } } } } }",
            2,
        ),
    ],
)
async def test_statements_do_not_grow_with_rows(graph: Graph, query: str, most: int) -> None:
    small, large = await graph.world.place(currency="EUR"), await graph.world.place(currency="EUR")
    await _fill(graph, small, 1)
    await _fill(graph, large, 12)

    few, many = await graph.answer(small.user, query), await graph.answer(large.user, query)

    assert (few.errors, many.errors) == ([], [])
    assert few.statements == many.statements <= most


async def test_lines_of_many_transactions_open_their_document_once(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    await _fill(graph, place, 3)

    found = await graph.ask(
        place.user, "{ transactions { edges { node { description source { lines { text } } } } } }"
    )

    nodes = [edge["node"] for edge in found["edges"]]
    assert len(nodes) == 15
    assert all(node["description"] in node["source"]["lines"][0]["text"] for node in nodes)
    audited = await graph.world.owner.fetchval(
        "select count(*) from app.ingestion_audit_log where event = 'source.read'"
    )
    assert audited == 1


async def test_operations_never_wait_for_each_others_connections(graph: Graph) -> None:
    place = await graph.world.place(currency="EUR")
    await _fill(graph, place, 1)
    query = "{ transactions { edges { node { account { name } source { lines { number } } } } } }"

    async with asyncio.timeout(8):  # waiting for a connection ends after ten
        answers = await asyncio.gather(*(graph.answer(place.user, query) for _ in range(20)))

    assert [answer.errors for answer in answers] == [[]] * 20


async def test_query_reads_in_one_transaction_and_a_mutation_in_short_ones(graph: Graph) -> None:
    place = await graph.world.place()
    kinds = {}

    for operation in (OperationType.QUERY, OperationType.MUTATION, OperationType.SUBSCRIPTION):
        async with open_context(graph.context(place.user), operation) as context:
            async with context.read() as first:
                pass
            async with context.read() as second:
                kinds[operation] = first is second

    assert kinds == {
        OperationType.QUERY: True,
        OperationType.MUTATION: False,
        OperationType.SUBSCRIPTION: False,
    }
