"""Persisted operations: a list that is all that runs, or hashes that clients register."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis.asyncio import Redis

from api.app import create_app
from api.persisted import FILE_BYTES_MAX, LISTED_MAX, MANIFEST, read_list
from core.settings import SettingsError
from db.redis import connect
from db.registered_operations import KEPT_S, OF_OWNER_MAX, RegisteredOperations
from tests.api.conftest import Edges
from tests.fixtures.api_server import Api, hear, initialised, say, serving
from tests.fixtures.small_schema import Seen, opener
from tests.fixtures.small_schema import schema as small_schema
from tests.fixtures.world import Place, World

HELLO = "query Hello { hello }"
COUNT = "subscription Count { count(to: 1) }"


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _hash_of(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": _sha256(text)}}


def _error(response: httpx.Response) -> tuple[str, str]:
    (error,) = response.json()["errors"]
    return error["extensions"]["code"], error["message"]


@pytest.fixture
async def place(world: World) -> Place:
    return await world.place()


@asynccontextmanager
async def _serving(edges: Edges, seen: Seen, **settings: str) -> AsyncIterator[Api]:
    app = create_app(edges.settings(**settings), schema=small_schema, open_context=opener(seen))
    async with serving(app, edges.data_dir) as api:
        yield api


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    path = tmp_path / "operations.json"
    path.write_text(json.dumps({_sha256(text): text for text in (HELLO, COUNT)}))
    return path


@pytest.fixture
async def listed(edges: Edges, seen: Seen, manifest: Path) -> AsyncIterator[Api]:
    """An API that runs two operations and no other."""
    settings = {"BANKFEEDS_OPERATIONS": "listed", "BANKFEEDS_OPERATIONS_FILE": str(manifest)}
    async with _serving(edges, seen, **settings) as api:
        yield api


@pytest.fixture
async def automatic(edges: Edges, seen: Seen) -> AsyncIterator[Api]:
    """An API where clients register theirs."""
    async with _serving(edges, seen, BANKFEEDS_OPERATIONS="automatic") as api:
        yield api


async def _post(api: Api, place: Place, **body: Any) -> httpx.Response:
    headers = api.headers(place.user_id)
    return await api.http.post("/graphql", json=body, headers=headers)


# A list


@pytest.mark.parametrize(
    "body",
    [
        {"query": HELLO},
        {"extensions": _hash_of(HELLO)},
        {"query": HELLO, "extensions": _hash_of(HELLO)},
        {"documentId": f"sha256:{_sha256(HELLO)}"},
        {"documentId": _sha256(HELLO), "query": None},
    ],
)
async def test_a_listed_operation_runs_by_its_text_and_by_its_hash(
    listed: Api, place: Place, body: dict[str, Any]
) -> None:
    response = await _post(listed, place, **body)

    assert response.json()["data"] == {"hello": "hello world"}


@pytest.mark.parametrize(
    "text", ["{ hello }", HELLO + " ", "{ __typename }", "{ __schema { types { name } } }", "{"]
)
async def test_an_operation_that_is_not_listed_does_not_run(
    listed: Api, place: Place, text: str
) -> None:
    response = await _post(listed, place, query=text)

    code, message = _error(response)
    assert code == "OPERATION_NOT_ALLOWED"
    assert "only listed operations" in message


async def test_a_hash_that_is_not_listed_is_not_found(listed: Api, place: Place) -> None:
    unknown = await _post(listed, place, extensions=_hash_of("{ hello }"))
    registering = await _post(listed, place, query="{ hello }", extensions=_hash_of("{ hello }"))

    assert _error(unknown) == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    assert _error(registering)[0] == "OPERATION_NOT_ALLOWED"


async def test_the_list_holds_for_sockets_too(listed: Api, place: Place) -> None:
    async with listed.socket() as socket:
        await initialised(socket, listed.token(place.user_id))
        await say(
            socket, {"id": "1", "type": "subscribe", "payload": {"extensions": _hash_of(COUNT)}}
        )
        right = [await hear(socket), await hear(socket)]
        other = {"query": "subscription { count(to: 1) }"}
        await say(socket, {"id": "2", "type": "subscribe", "payload": other})
        wrong = await hear(socket)

    assert right[0]["payload"]["data"] == {"count": 0}
    assert wrong["payload"][0]["extensions"]["code"] == "OPERATION_NOT_ALLOWED"


async def test_the_list_holds_for_streams_too(listed: Api, place: Place) -> None:
    headers = listed.headers(place.user_id, accept="text/event-stream")

    right = await listed.http.post(
        "/graphql", json={"extensions": _hash_of(COUNT)}, headers=headers
    )
    wrong = await listed.http.post(
        "/graphql", json={"query": "subscription { count(to: 2) }"}, headers=headers
    )

    assert '{"data":{"count":0}' in right.text
    assert "OPERATION_NOT_ALLOWED" in wrong.text


async def test_a_list_adds_to_what_runs_where_it_is_not_all(
    edges: Edges, seen: Seen, manifest: Path, place: Place
) -> None:
    async with _serving(edges, seen, BANKFEEDS_OPERATIONS_FILE=str(manifest)) as api:
        by_hash = await _post(api, place, extensions=_hash_of(HELLO))
        other = await _post(api, place, query="{ hello }")
        unknown = await _post(api, place, extensions=_hash_of("{ hello }"))

    assert by_hash.json()["data"] == other.json()["data"] == {"hello": "hello world"}
    assert _error(unknown)[0] == "PERSISTED_QUERY_NOT_FOUND"


async def test_without_a_list_there_are_no_hashes(small: Api, place: Place) -> None:
    response = await _post(small, place, extensions=_hash_of(HELLO))

    assert _error(response) == ("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")


@pytest.mark.parametrize(
    "body",
    [
        {"extensions": {"persistedQuery": 1}},
        {"extensions": {"persistedQuery": {"version": 2, "sha256Hash": "x"}}},
        {"extensions": {"persistedQuery": {"version": 1}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": ""}}},
        {"documentId": 1},
        {"documentId": "x" * 201},
        {"extensions": {}},
        {"query": "", "documentId": "x"},
    ],
)
async def test_what_names_no_operation_is_bad_input(
    small: Api, place: Place, body: dict[str, Any]
) -> None:
    response = await _post(small, place, **body)

    assert response.status_code == 400
    assert _error(response)[0] == "BAD_INPUT"


# Files


def test_apollos_manifest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "manifest.json"
    operation = {"id": "hello-1", "name": "Hello", "type": "query", "body": HELLO}
    path.write_text(json.dumps({"format": MANIFEST, "version": 1, "operations": [operation]}))

    assert read_list(path) == {"hello-1": HELLO}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "is no JSON at line 1"),
        ("[]", "must hold an object"),
        ("{}", "lists 0 operations"),
        ('{"abc": "{ hello }"}', "'abc' is no SHA-256"),
        (json.dumps({_sha256("a"): HELLO}), "has another SHA-256 than its id"),
        (json.dumps({_sha256(HELLO): 1}), "has no document"),
        (json.dumps({"format": "other", "operations": []}), f"is no {MANIFEST}"),
        (json.dumps({"format": MANIFEST, "version": 2, "operations": []}), "of version 1"),
        (json.dumps({"format": MANIFEST, "version": 1, "operations": [1]}), "operation 1 is no"),
        (
            json.dumps({"format": MANIFEST, "version": 1, "operations": [{"body": HELLO}]}),
            "operation 1 has no id",
        ),
        (
            json.dumps(
                {
                    "format": MANIFEST,
                    "version": 1,
                    "operations": [{"id": "a", "body": HELLO}, {"id": "a", "body": COUNT}],
                }
            ),
            "operation 2 has the id of another operation",
        ),
    ],
)
def test_a_wrong_file_is_refused_with_its_place(tmp_path: Path, content: str, problem: str) -> None:
    path = tmp_path / "operations.json"
    path.write_text(content)

    with pytest.raises(SettingsError) as raised:
        read_list(path)

    assert "BANKFEEDS_OPERATIONS_FILE: operations.json" in str(raised.value)
    assert problem in str(raised.value)


def test_too_long_a_list_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "operations.json"
    texts = [f"query Q{number} {{ hello }}" for number in range(LISTED_MAX + 1)]
    path.write_text(json.dumps({_sha256(text): text for text in texts}))

    with pytest.raises(SettingsError, match=f"lists {LISTED_MAX + 1} operations"):
        read_list(path)

    path.write_bytes(b" " * (FILE_BYTES_MAX + 1))
    with pytest.raises(SettingsError, match="is longer than"):
        read_list(path)


def test_listed_without_a_file_is_a_wrong_setting(edges: Edges, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="nothing is listed"):
        edges.settings(BANKFEEDS_OPERATIONS="listed")
    with pytest.raises(SettingsError, match="there is no such file"):
        edges.settings(BANKFEEDS_OPERATIONS_FILE=str(tmp_path / "nothing.json"))


# Registered by clients


async def test_a_hash_is_known_once_its_operation_was_sent(automatic: Api, place: Place) -> None:
    before = await _post(automatic, place, extensions=_hash_of(HELLO))
    with_text = await _post(automatic, place, query=HELLO, extensions=_hash_of(HELLO))
    after = await _post(automatic, place, extensions=_hash_of(HELLO))

    assert _error(before) == ("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
    assert with_text.json()["data"] == after.json()["data"] == {"hello": "hello world"}


async def test_another_process_knows_it_too(
    automatic: Api, edges: Edges, seen: Seen, place: Place
) -> None:
    await _post(automatic, place, query=HELLO, extensions=_hash_of(HELLO))

    async with _serving(edges, seen, BANKFEEDS_OPERATIONS="automatic") as other:
        response = await _post(other, place, extensions=_hash_of(HELLO))

    assert response.json()["data"] == {"hello": "hello world"}


async def test_another_tenant_does_not_learn_of_it(
    automatic: Api, world: World, place: Place
) -> None:
    await _post(automatic, place, query=HELLO, extensions=_hash_of(HELLO))

    response = await _post(automatic, await world.place(), extensions=_hash_of(HELLO))

    assert _error(response)[0] == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_hash_of_something_else_is_refused(automatic: Api, place: Place) -> None:
    response = await _post(automatic, place, query="{ hello }", extensions=_hash_of(HELLO))
    after = await _post(automatic, place, extensions=_hash_of(HELLO))

    assert _error(response) == ("BAD_INPUT", "the hash is not the SHA-256 of the document")
    assert _error(after)[0] == "PERSISTED_QUERY_NOT_FOUND"


async def test_what_somebody_put_under_a_hash_is_not_believed(
    automatic: Api, place: Place, redis_url: str
) -> None:
    async with connect(redis_url) as redis:
        registered = RegisteredOperations(redis)
        await registered.keep(str(place.tenant_id), _sha256(HELLO), "mutation { change }")

    response = await _post(automatic, place, extensions=_hash_of(HELLO))

    assert _error(response)[0] == "PERSISTED_QUERY_NOT_FOUND"


@pytest.mark.parametrize("text", ["{", "{ nope }", "{ hello }" + " " * 20_000])
async def test_what_is_wrong_or_long_is_not_kept(automatic: Api, place: Place, text: str) -> None:
    await _post(automatic, place, query=text, extensions=_hash_of(text))
    after = await _post(automatic, place, extensions=_hash_of(text))

    assert _error(after)[0] == "PERSISTED_QUERY_NOT_FOUND"


async def test_clients_without_hashes_are_not_disturbed(automatic: Api, place: Place) -> None:
    response = await _post(automatic, place, query=HELLO)

    assert response.json()["data"] == {"hello": "hello world"}


async def test_an_owner_keeps_a_bounded_number_for_a_day(redis_url: str) -> None:
    async with connect(redis_url) as redis:
        registered = RegisteredOperations(redis)
        for number in range(OF_OWNER_MAX + 5):
            await registered.keep("one", f"{number}", "{ hello }")

        kept = await _kept(redis, "one")
        assert await registered.find("one", f"{OF_OWNER_MAX}") is None
        assert await registered.find("one", "0") == "{ hello }"
        assert await registered.find("other", "0") is None

    assert kept[0] == OF_OWNER_MAX
    assert KEPT_S - 60 < kept[1] <= KEPT_S


async def _kept(redis: Redis, owner: str) -> tuple[int, int]:
    key = f"bankfeeds:operations:{owner}"
    return len(await redis.hkeys(key)), await redis.ttl(key)  # type: ignore[misc]


async def test_registration_without_redis_still_answers(
    edges: Edges, seen: Seen, place: Place
) -> None:
    settings = {
        "BANKFEEDS_OPERATIONS": "automatic",
        "REDIS_URL": f"unix://{edges.data_dir}/nobody.sock",
    }
    async with _serving(edges, seen, **settings) as api:
        unknown = await _post(api, place, extensions=_hash_of(HELLO))
        with_text = await _post(api, place, query=HELLO, extensions=_hash_of(HELLO))

    assert _error(unknown)[0] == "PERSISTED_QUERY_NOT_FOUND"
    assert with_text.json()["data"] == {"hello": "hello world"}
