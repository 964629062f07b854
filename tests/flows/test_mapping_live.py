"""A mapping page: what a decision does is followed over a socket while a real worker does it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection

from api.app import create_app
from api.dev_keys import create_development_key
from schema.ids import encode
from tests.fixtures.api_server import Api, hear, initialised, say, serving, settings_of
from tests.fixtures.bai2_file import Detail, statement
from tests.fixtures.context import the_mapping
from tests.fixtures.database import DatabaseUrls
from tests.fixtures.worker_process import WorkerProcess, worker_process
from tests.fixtures.world import World

ROWS = 30_000
FILE = statement(*(Detail("475", 100 + row, f"PURCHASE {row}") for row in range(ROWS)))
FOLLOW = """subscription ($id: ID!) { ingestionJobUpdated(jobId: $id) {
  state stage progress counts { processed imported changed withdrawn duplicate } } }"""
PENDING = """{ accountMappings(filter: {state: [PENDING]}) { edges { node { id waitingCount
  externalAccount { currency } } } } }"""
CREATE = """mutation ($id: ID!) {
  decided: accountMappingCreateAccount(id: $id, input: {name: "Main", currency: "EUR"}) {
    mapping { account { id } } job { id } userErrors { message } } }"""
SET = """mutation ($id: ID!, $account: ID!) {
  decided: accountMappingSet(id: $id, input: {accountId: $account}) {
    mapping { account { id } } job { id } userErrors { message } } }"""
UNSET = """mutation ($id: ID!) {
  decided: accountMappingUnset(id: $id) { job { id } userErrors { message } } }"""


@pytest.fixture
def worker(database: DatabaseUrls, redis_url: str, tmp_path: Path) -> Iterator[WorkerProcess]:
    with worker_process(database_url=database.login, redis_url=redis_url, folder=tmp_path) as one:
        one.environ["BANKFEEDS_WORKER_LEASE_S"] = "30"  # a job that starts over counts anew
        yield one


@pytest.fixture
async def api(database: DatabaseUrls, redis_url: str, tmp_path: Path) -> AsyncIterator[Api]:
    directory = tmp_path / "api"
    directory.mkdir()
    create_development_key(directory)
    settings = settings_of(database, redis_url, directory)
    async with serving(create_app(settings), directory) as api:
        yield api


async def test_a_mapping_page_sees_rows_come_go_move_and_come_back(
    world: World, api: Api, worker: WorkerProcess
) -> None:
    place = await world.place(mapping_policy="ask")
    imported = await world.take_in(place, FILE)
    mapping = encode("AccountMapping", await the_mapping(world))
    (edge,) = (await api.ask(place.user_id, PENDING))["accountMappings"]["edges"]
    worker.start()

    async with api.socket() as socket:
        await initialised(socket, api.token(place.user_id))
        came = await _followed(socket, api, place.user_id, CREATE, id=mapping)
        count = await _count(world)
        gone = await _followed(socket, api, place.user_id, UNSET, id=mapping)
        waiting = (await api.ask(place.user_id, PENDING))["accountMappings"]["edges"]
        left = await _count(world)
        account = came[0]["mapping"]["account"]["id"]
        back = await _followed(socket, api, place.user_id, SET, id=mapping, account=account)

    assert (imported["state"], edge["node"]["waitingCount"]) == ("awaiting_mapping", ROWS)
    assert [one["node"]["waitingCount"] for one in waiting] == [ROWS]
    assert (count, left, await _count(world)) == (ROWS, 0, ROWS)
    assert _last(came)["counts"]["imported"] == ROWS
    assert _last(gone)["counts"]["withdrawn"] == ROWS
    assert _last(back)["counts"]["imported"] == ROWS
    for heard in (came, gone, back):
        assert _last(heard)["state"] == "COMPLETED"
        progress = [one["progress"] for one in heard[1:] if one["progress"] is not None]
        assert progress == sorted(progress)
        assert progress[-1] == 1.0
        assert any(0 < one < 1 for one in progress), "nothing was told on the way"


async def _followed(
    socket: ClientConnection, api: Api, user_id: Any, document: str, **variables: str
) -> list[Any]:
    """What a decision answered, then the states of its job until the end."""
    decided = (await api.ask(user_id, document, **variables))["decided"]
    assert decided["userErrors"] == []
    job = decided["job"]["id"]
    payload = {"query": FOLLOW, "variables": {"id": job}}
    await say(socket, {"id": job, "type": "subscribe", "payload": payload})
    heard = [decided]
    async with asyncio.timeout(60):
        while (message := await hear(socket, within_s=30))["type"] == "next":
            heard.append(message["payload"]["data"]["ingestionJobUpdated"])
    assert message == {"id": job, "type": "complete"}
    return heard


def _last(heard: list[Any]) -> Any:
    return heard[-1]


async def _count(world: World) -> int:
    query = "select count(*) from app.transactions where status <> 'removed'"
    count: int = await world.owner.fetchval(query)
    return count
