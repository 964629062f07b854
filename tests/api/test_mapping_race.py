"""Decisions about one mapping, by HTTP at one instant: each is answered, and one of them holds."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import pytest

from pipeline.run import run
from schema.ids import encode
from tests.fixtures.api_server import Api
from tests.fixtures.context import an_account, the_mapping
from tests.fixtures.world import World

FILE: Final = b"Date,Amount,Description\n2026-03-01,-1.50,Coffee\n2026-03-02,-2.50,Tea\n"
OURS: Final = {"INTERNAL", "UNAVAILABLE", "TIMEOUT"}
SET: Final = (
    "mutation ($id: ID!, $account: ID!) { accountMappingSet(id: $id, input: {accountId: $account})"
    " { mapping { state account { id } } userErrors { code } } }"
)
OTHER: Final = (
    "mutation ($id: ID!) { decision: accountMapping%s(id: $id)"
    " { mapping { state account { id } } userErrors { code } } }"
)
READ: Final = "{ accountMappings { edges { node { state account { id } } } } }"


@pytest.mark.parametrize("turn", range(3))
async def test_of_decisions_at_one_instant_each_is_answered_and_one_holds(
    api: Api, world: World, turn: int
) -> None:
    place = await world.place(currency="EUR")
    await world.take_in(place, FILE)
    mapping = str(encode("AccountMapping", await the_mapping(world)))
    accounts = [await an_account(world, place) for _ in range(2)]
    asked: list[tuple[str, dict[str, str]]] = [
        *((SET, {"account": str(encode("Account", one))}) for one in accounts),
        *((OTHER % verb, {}) for verb in ("Ignore", "Unset", "Verify")),
    ]
    asked = [*asked[turn:], *asked[:turn]] * 3

    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(api.post(place.user_id, query, variables={"id": mapping, **more}))
            for query, more in asked
        ]
    answers = [task.result() for task in tasks]
    (edge,) = (await api.ask(place.user_id, READ))["accountMappings"]["edges"]
    await _settle(world)

    codes = {
        error["extensions"]["code"] for one in answers for error in one.json().get("errors", ())
    }
    assert {one.status_code for one in answers} == {200}
    assert codes & OURS == set()
    assert edge["node"] in _decided(answers)
    assert await _accounts_of_rows(world) == _expected(edge["node"])


def _decided(answers: list[Any]) -> list[Any]:
    """The mapping as each decision left it."""
    payloads = [next(iter(one.json()["data"].values())) for one in answers]
    return [payload["mapping"] for payload in payloads if payload and payload["mapping"]]


def _expected(mapping: dict[str, Any]) -> set[str]:
    """Where rows stand: in the account, or nowhere."""
    return {mapping["account"]["id"]} if mapping["account"] else set()


async def _settle(world: World) -> None:
    """Runs what the decisions left to do."""
    queued = (
        "select tenant_id, id from app.ingestion_jobs where state = 'queued' order by created_at"
    )
    for row in await world.owner.fetch(queued):
        await run(row["tenant_id"], row["id"], services=world.services)


async def _accounts_of_rows(world: World) -> set[str]:
    rows = await world.owner.fetch(
        "select distinct account_id from app.transactions where status <> 'removed'"
    )
    return {str(encode("Account", row["account_id"])) for row in rows}
