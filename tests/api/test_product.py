"""The product's schema at its edge: two tenants over every transport, and live news of a job."""

from __future__ import annotations

import asyncio
import json
from hashlib import sha256
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.fixtures.api_server import Api, hear, initialised, say
from tests.fixtures.world import Place, World


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


async def test_a_user_sees_the_connections_of_their_tenant_alone(
    api: Api, world: World, place: Place
) -> None:
    other = await world.place()
    query = "{ viewer { role } connections { edges { node { id name } } } }"

    mine = await api.ask(place.user_id, query)
    theirs = await api.ask(other.user_id, query)

    assert mine["viewer"]["role"] == "OWNER"
    assert len(mine["connections"]["edges"]) == len(theirs["connections"]["edges"]) == 1
    assert mine["connections"] != theirs["connections"]


async def test_a_thing_of_another_tenant_is_null_like_one_that_is_not_there(
    api: Api, world: World, place: Place
) -> None:
    other = await world.place()
    theirs = await api.ask(other.user_id, "{ connections { edges { node { id } } } }")
    foreign = theirs["connections"]["edges"][0]["node"]["id"]

    found = await api.ask(
        place.user_id,
        "query ($id: ID!) { node(id: $id) { id } connection(id: $id) { id } }",
        id=foreign,
    )

    assert found == {"node": None, "connection": None}


async def test_a_stranger_may_look_at_themselves_and_make_a_tenant(api: Api, world: World) -> None:
    place = await world.place()
    await world.owner.execute("delete from app.tenant_members where user_id = $1", place.user_id)

    viewer = await api.ask(place.user_id, "{ viewer { role } }")
    refused = await api.post(place.user_id, "{ accounts { edges { node { id } } } }")
    made = await api.ask(
        place.user_id,
        'mutation { tenantCreate(input: { name: "New" }) { tenant { id name } } }',
    )
    again = await api.ask(place.user_id, "{ viewer { role } }")

    assert viewer["viewer"]["role"] is None
    assert "X-Tenant" in refused.json()["errors"][0]["message"]
    assert made["tenantCreate"]["tenant"]["name"] == "New"
    assert again["viewer"]["role"] == "OWNER"


async def test_a_jobs_states_arrive_as_they_happen(api: Api, world: World, place: Place) -> None:
    job = await _queued_import(api, place)

    async with api.socket() as socket:
        await initialised(socket, api.token(place.user_id))
        await say(
            socket,
            {
                "id": "1",
                "type": "subscribe",
                "payload": {
                    "query": "subscription ($id: ID!) "
                    "{ ingestionJobUpdated(jobId: $id) { id state connection { name } } }",
                    "variables": {"id": job},
                },
            },
        )
        first = await hear(socket)
        await world.owner.execute(
            "update app.ingestion_jobs set state = 'cancelled', finished_at = now()"
            " where tenant_id = $1",
            place.tenant_id,
        )
        second = await hear(socket)
        last = await hear(socket)

    states = [m["payload"]["data"]["ingestionJobUpdated"]["state"] for m in (first, second)]
    assert states == ["QUEUED", "CANCELLED"]
    assert last == {"id": "1", "type": "complete"}


async def test_anothers_job_cannot_be_followed(api: Api, world: World, place: Place) -> None:
    other = await world.place()
    foreign = await _queued_import(api, other)

    async with api.socket() as socket:
        await initialised(socket, api.token(place.user_id))
        query = "subscription ($id: ID!) { ingestionJobUpdated(jobId: $id) { id } }"
        payload = {"query": query, "variables": {"id": foreign}}
        await say(socket, {"id": "1", "type": "subscribe", "payload": payload})
        heard = await hear(socket)

    assert heard["payload"]["errors"][0]["extensions"]["code"] == "FORBIDDEN"


@pytest.mark.parametrize("how", ["socket", "events"])
async def test_a_removed_member_hears_nothing_more_of_a_quiet_job(
    api: Api, world: World, place: Place, how: str
) -> None:
    job = await _queued_import(api, place)
    query = f'subscription {{ ingestionJobUpdated(jobId: "{job}") {{ state }} }}'
    follow = _followed_by_socket if how == "socket" else _followed_by_events

    async with asyncio.timeout(10):
        heard = await follow(api, world, place, query)

    assert "QUEUED" in heard[0]
    assert "no longer a member" in heard[-1]


async def _followed_by_socket(api: Api, world: World, place: Place, query: str) -> list[str]:
    heard = []
    async with api.socket() as socket:
        await initialised(socket, api.token(place.user_id))
        await say(socket, {"id": "1", "type": "subscribe", "payload": {"query": query}})
        heard.append(json.dumps(await hear(socket)))
        await _remove(world, place)
        await socket.wait_closed()
        heard.append(f"{socket.close_code} {socket.close_reason}")
    return heard


async def _followed_by_events(api: Api, world: World, place: Place, query: str) -> list[str]:
    heard: list[str] = []
    headers = api.headers(place.user_id, accept="text/event-stream")
    async with api.http.stream(
        "POST", "/graphql", json={"query": query}, headers=headers
    ) as response:
        async for line in response.aiter_lines():
            if line.startswith("data: "):
                heard.append(line)
                await _remove(world, place)
    return heard


async def _remove(world: World, place: Place) -> None:
    await world.owner.execute("delete from app.tenant_members where user_id = $1", place.user_id)


async def _queued_import(api: Api, place: Place) -> str:
    """The id of a job that no worker takes."""
    content = b"01,A,B,261121,0800,1,80,1,2/\n"
    uploaded = await api.ask(
        place.user_id,
        "mutation ($input: StatementUploadInput!)"
        " { statementUpload(input: $input) { uploadId url } }",
        input={"fileName": "a.bai", "size": len(content), "sha256": sha256(content).hexdigest()},
    )
    ticket = uploaded["statementUpload"]
    address = urlsplit(ticket["url"])
    assert (await api.http.put(f"{address.path}?{address.query}", content=content)).is_success
    listed = await api.ask(place.user_id, "{ connections { edges { node { id } } } }")
    started: Any = await api.ask(
        place.user_id,
        "mutation ($input: StatementImportInput!)"
        " { statementImport(input: $input) { job { id } userErrors { message } } }",
        input={
            "uploadId": ticket["uploadId"],
            "connectionId": listed["connections"]["edges"][0]["node"]["id"],
        },
    )
    assert started["statementImport"]["userErrors"] == []
    return str(started["statementImport"]["job"]["id"])
