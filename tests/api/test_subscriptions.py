"""GraphQL over WebSockets: the protocol to the letter, and nobody stays who may not."""

from __future__ import annotations

import asyncio
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from api.subscriptions import MESSAGE_BYTES_MAX, OPERATIONS_MAX
from tests.fixtures.api_server import Api, hear, initialised, say
from tests.fixtures.small_schema import Seen
from tests.fixtures.world import Place, World


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


def _subscribe(own_id: str, query: str, **variables: Any) -> dict[str, Any]:
    return {"id": own_id, "type": "subscribe", "payload": {"query": query, "variables": variables}}


async def _closed(socket: ClientConnection, *, within_s: float = 5) -> tuple[int, str]:
    """The code and the reason that the server closes with."""
    with pytest.raises(ConnectionClosed):
        async with asyncio.timeout(within_s):
            while True:
                await socket.recv()
    assert socket.close_code is not None
    return socket.close_code, socket.close_reason or ""


# Operations


async def test_a_subscription_brings_its_events_and_ends(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, _subscribe("1", "subscription ($to: Int!) { count(to: $to) }", to=3))

        heard = [await hear(socket) for _ in range(4)]

    assert [message["type"] for message in heard] == ["next", "next", "next", "complete"]
    assert [message["payload"]["data"] for message in heard[:3]] == [
        {"count": 0},
        {"count": 1},
        {"count": 2},
    ]


async def test_queries_and_mutations_run_too(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, _subscribe("q", "{ hello }"))
        query = [await hear(socket), await hear(socket)]
        await say(socket, _subscribe("m", "mutation { change }"))
        mutation = [await hear(socket), await hear(socket)]

    assert query[0]["payload"]["data"] == {"hello": "hello world"}
    assert mutation[0]["payload"]["data"] == {"change": "changed"}
    assert query[1] == {"id": "q", "type": "complete"}
    assert mutation[1] == {"id": "m", "type": "complete"}


async def test_several_subscriptions_share_a_socket(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        for own_id in ("a", "b"):
            await say(socket, _subscribe(own_id, "subscription { count(to: 2, pause: 0.01) }"))
        heard = [await hear(socket) for _ in range(6)]

    for own_id in ("a", "b"):
        types = [message["type"] for message in heard if message["id"] == own_id]
        assert types == ["next", "next", "complete"]


async def test_every_event_has_a_context_of_its_own(small: Api, place: Place, seen: Seen) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, _subscribe("1", "subscription { count(to: 3) }"))
        for _ in range(4):
            await hear(socket)

    assert len(seen.contexts) == 4  # the stream's own, and one for each event


async def test_a_completed_subscription_stops_at_the_server(
    small: Api, place: Place, seen: Seen
) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, _subscribe("1", "subscription { count(to: 1000, pause: 0.05) }"))
        await hear(socket)
        await say(socket, {"id": "1", "type": "complete"})
        async with asyncio.timeout(3):
            await seen.finished.wait()
        # The id is free again at once.
        await say(socket, _subscribe("1", "{ hello }"))
        while (message := await hear(socket))["payload"]["data"] != {"hello": "hello world"}:
            assert message["type"] == "next"


async def test_a_client_that_leaves_stops_its_subscriptions(
    small: Api, place: Place, seen: Seen
) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, _subscribe("1", "subscription { count(to: 1000, pause: 0.05) }"))
        await hear(socket)

    async with asyncio.timeout(3):
        await seen.finished.wait()


@pytest.mark.parametrize(
    "query", ["{", "{ nope }", "subscription { count }", "query A { hello } query B { hello }"]
)
async def test_a_wrong_document_ends_its_operation_and_no_other(
    small: Api, place: Place, query: str
) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, _subscribe("1", query))
        error = await hear(socket)
        await say(socket, _subscribe("2", "{ hello }"))
        answer = await hear(socket)

    assert error["type"] == "error"
    assert error["payload"][0]["extensions"]["code"] == "BAD_INPUT"
    assert answer["payload"]["data"] == {"hello": "hello world"}


async def test_limits_hold_here_too(small: Api, place: Place) -> None:
    deep = "{ thing " + "{ self " * 10 + "{ name }" + "}" * 11
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, _subscribe("1", deep))
        error = await hear(socket)

    assert error["payload"][0]["extensions"]["code"] == "TOO_COMPLEX"


async def test_a_stream_that_fails_tells_so_and_hides_why(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, _subscribe("1", 'subscription { failing(how: "bug") }'))
        heard = [await hear(socket) for _ in range(3)]

    assert [message["type"] for message in heard] == ["next", "next", "complete"]
    (error,) = heard[1]["payload"]["errors"]
    assert error["message"] == "internal error"
    assert error["extensions"]["code"] == "INTERNAL"


async def test_one_operation_too_many_is_refused(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        for number in range(OPERATIONS_MAX + 1):
            await say(socket, _subscribe(f"{number}", "{ slow }"))
        refused = await hear(socket)

    assert refused["id"] == f"{OPERATIONS_MAX}"
    assert refused["type"] == "error"
    assert refused["payload"][0]["extensions"]["code"] == "LIMIT"


# The protocol


async def test_pings_are_answered_before_and_after_the_beginning(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await say(socket, {"type": "ping"})
        before = await hear(socket)
        await initialised(socket, small.token(place.user_id))
        await say(socket, {"type": "ping", "payload": {"any": "thing"}})
        after = await hear(socket)

    assert before == after == {"type": "pong"}


@pytest.mark.parametrize("protocols", [["graphql-ws"], ["other"], None])
async def test_another_subprotocol_is_not_accepted(small: Api, protocols: list[str] | None) -> None:
    wanted = None if protocols is None else [Subprotocol(name) for name in protocols]
    async with small.socket(subprotocols=wanted) as socket:
        assert (await _closed(socket))[0] == 4406


async def test_who_subscribes_before_the_beginning_is_closed(small: Api) -> None:
    async with small.socket() as socket:
        await say(socket, _subscribe("1", "{ hello }"))

        assert await _closed(socket) == (4401, "Unauthorized")


async def test_a_second_beginning_is_one_too_many(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, {"type": "connection_init"})

        assert await _closed(socket) == (4429, "Too many initialisation requests")


async def test_who_never_begins_is_closed(small: Api) -> None:
    async with small.socket() as socket:
        assert await _closed(socket, within_s=15) == (4408, "Connection initialisation timeout")


async def test_an_id_in_use_is_not_used_twice(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        for _ in range(2):
            await say(socket, _subscribe("1", "subscription { count(to: 9, pause: 1) }"))

        assert await _closed(socket) == (4409, "Subscriber for 1 already exists")


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        "1",
        "{}",
        '{"type": 1}',
        '{"type": "unknown"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "id": ""}',
        '{"type": "subscribe", "id": 1, "payload": {"query": "{ hello }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ hello }", "variables": 1}}',
        '{"type": "complete"}',
        json.dumps({"type": "subscribe", "id": "x" * 101, "payload": {"query": "{ hello }"}}),
        b"binary",
    ],
)
async def test_what_is_no_message_closes_the_socket(
    small: Api, place: Place, message: str | bytes
) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await socket.send(message)

        assert (await _closed(socket))[0] == 4400


async def test_a_message_that_is_too_long_closes_the_socket(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await socket.send('{"type": "ping", "x": "' + "y" * MESSAGE_BYTES_MAX + '"}')

        assert (await _closed(socket))[0] == 1009


# Who may, and for how long


@pytest.mark.parametrize(
    "payload",
    [None, {}, {"authorization": "Bearer nonsense"}, {"token": "nonsense"}, {"authorization": 1}],
)
async def test_without_a_good_token_nothing_begins(small: Api, payload: object) -> None:
    async with small.socket() as socket:
        await say(socket, {"type": "connection_init", "payload": payload})

        assert (await _closed(socket))[0] == 4403


async def test_a_payload_that_is_no_object_is_bad(small: Api) -> None:
    async with small.socket() as socket:
        await say(socket, {"type": "connection_init", "payload": "Bearer"})

        assert (await _closed(socket))[0] == 4400


async def test_the_token_may_come_bare(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        payload = {"token": small.token(place.user_id)}
        await say(socket, {"type": "connection_init", "payload": payload})

        assert await hear(socket) == {"type": "connection_ack"}


async def test_the_tenant_is_chosen_at_the_beginning(
    small: Api, world: World, place: Place
) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id), tenant=str(place.tenant_id))
        await say(socket, _subscribe("1", "{ tenant }"))
        answer = await hear(socket)

    assert answer["payload"]["data"] == {"tenant": str(place.tenant_id)}


async def test_anothers_tenant_looks_like_none(small: Api, world: World, place: Place) -> None:
    foreign = await world.place()
    closed = []
    for tenant in (str(foreign.tenant_id), "8d9e1c2a-0000-4000-8000-000000000000"):
        async with small.socket() as socket:
            token = small.token(place.user_id)
            payload = {"authorization": f"Bearer {token}", "tenant": tenant}
            await say(socket, {"type": "connection_init", "payload": payload})
            closed.append(await _closed(socket))

    assert closed[0] == closed[1]
    assert closed[0][0] == 4403


async def test_a_tenant_that_is_no_text_chooses_no_other(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        payload = {"token": small.token(place.user_id), "tenant": 1}
        await say(socket, {"type": "connection_init", "payload": payload})

        assert (await _closed(socket))[0] == 4400


async def test_a_socket_ends_with_its_token(small: Api, place: Place) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id, lifetime=timedelta(seconds=2)))
        await say(socket, _subscribe("1", "subscription { count(to: 1000, pause: 0.2) }"))

        assert await _closed(socket) == (4403, "the token has expired")


async def test_a_removed_member_hears_nothing_more(
    small: Api, world: World, place: Place, seen: Seen
) -> None:
    async with small.socket() as socket:
        await initialised(socket, small.token(place.user_id))
        await say(socket, _subscribe("1", "subscription { count(to: 1000, pause: 0.3) }"))
        await hear(socket)
        await world.owner.execute(
            "delete from app.tenant_members where user_id = $1", place.user_id
        )

        assert await _closed(socket) == (4401, "you are no longer a member of the tenant")
    assert seen.finished.is_set()


@pytest.mark.parametrize("origin", ["https://evil.example", "http://[", "null", ""])
async def test_a_page_of_another_site_gets_no_socket(
    small: Api, logged: io.StringIO, origin: str
) -> None:
    with pytest.raises(InvalidStatus) as raised:
        async with small.socket(origin=Origin(origin)):
            pass

    assert raised.value.response.status_code == 403
    assert "failed" not in logged.getvalue()


async def test_a_page_of_this_host_gets_a_socket(small: Api, place: Place) -> None:
    async with small.socket(origin=Origin(small.url)) as socket:
        await initialised(socket, small.token(place.user_id))


async def test_a_user_has_so_many_sockets_and_no_more(small: Api, place: Place) -> None:
    sockets = []
    token = small.token(place.user_id)
    try:
        for _ in range(20):
            socket = await small.socket()
            sockets.append(socket)
            await initialised(socket, token)
        async with small.socket() as another:
            payload = {"authorization": f"Bearer {token}"}
            await say(another, {"type": "connection_init", "payload": payload})

            assert (await _closed(another))[0] == 4429
    finally:
        for socket in sockets:
            await socket.close()

    async with small.socket() as again:
        await initialised(again, token)
