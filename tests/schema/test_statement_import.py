"""A statement is announced, uploaded and imported, once for each idempotency key."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from hashlib import sha256
from typing import Any
from uuid import uuid4

import pytest

from core.models import ConnectionStatus
from schema.ids import encode
from tests.fixtures.graph import UPLOAD_BYTES_MAX, Graph, key
from tests.fixtures.world import Place

UPLOAD = """
mutation ($input: StatementUploadInput!) { statementUpload(input: $input) {
  uploadId url method headers { name value } expiresAt userErrors { code path }
} }
"""
IMPORT = """
mutation ($input: StatementImportInput!) { statementImport(input: $input) {
  job { id kind state review connection { id } createdBy { id } } userErrors { code message path }
} }
"""
FILE = {"fileName": "march.bai", "size": 7, "sha256": sha256(b"content").hexdigest()}


async def _import(graph: Graph, place: Place, upload_id: str, **given: Any) -> Any:
    chosen = {
        "uploadId": upload_id,
        "connectionId": encode("Connection", place.connection_id),
    } | given
    return await graph.ask(place.user, IMPORT, input=chosen)


def _codes(answer: Any) -> list[tuple[str, list[str] | None]]:
    return [(error["code"], error["path"]) for error in answer["userErrors"]]


async def test_announced_file_gets_a_url_that_expires(graph: Graph) -> None:
    place = await graph.world.place()

    ticket = await graph.ask(place.user, UPLOAD, input=FILE)

    assert ticket["userErrors"] == []
    assert ticket["method"] == "PUT"
    assert ticket["url"].startswith(f"http://localhost/uploads/{key(ticket['uploadId'])}?token=")
    row = await graph.world.owner.fetchrow("select * from app.uploads")
    assert row is not None
    assert row["blob_path"] == f"{place.tenant_id}/raw/{key(ticket['uploadId'])}"
    assert (row["state"], row["created_by"]) == ("pending", place.user_id)


@pytest.mark.parametrize(
    ("wrong", "code", "path"),
    [
        ({"size": 0}, "INVALID", "size"),
        ({"size": -1}, "INVALID", "size"),
        ({"size": UPLOAD_BYTES_MAX + 1}, "LIMIT", "size"),
        ({"sha256": "abc"}, "INVALID", "sha256"),
        ({"sha256": "z" * 64}, "INVALID", "sha256"),
        ({"fileName": ""}, "INVALID", "fileName"),
        ({"fileName": "x" * 501}, "INVALID", "fileName"),
        ({"mediaType": "x" * 201}, "INVALID", "mediaType"),
    ],
)
async def test_file_out_of_bounds_is_refused(
    graph: Graph, wrong: dict[str, Any], code: str, path: str
) -> None:
    place = await graph.world.place()

    answer = await graph.ask(place.user, UPLOAD, input=FILE | wrong)

    assert _codes(answer) == [(code, [path])]
    assert (answer["uploadId"], answer["url"], answer["headers"]) == (None, None, [])


async def test_import_starts_a_job_and_wakes_a_worker(graph: Graph) -> None:
    place = await graph.world.place()
    upload_id = await graph.received(place)

    answer = await _import(graph, place, upload_id, review=True)

    assert answer["userErrors"] == []
    assert answer["job"] | {"id": None} == {
        "id": None,
        "kind": "IMPORT",
        "state": "QUEUED",
        "review": True,
        "connection": {"id": encode("Connection", place.connection_id)},
        "createdBy": {"id": encode("User", place.user_id)},
    }
    assert graph.wakes.jobs == [key(answer["job"]["id"])]


async def test_bytes_that_have_not_arrived_are_asked_for(graph: Graph) -> None:
    place = await graph.world.place()
    ticket = await graph.ask(place.user, UPLOAD, input=FILE)

    answer = await _import(graph, place, ticket["uploadId"])

    assert _codes(answer) == [("INVALID", ["uploadId"])]
    assert "not arrived" in answer["userErrors"][0]["message"]
    assert graph.wakes.jobs == []


async def test_bytes_that_went_to_storage_directly_are_found_there(graph: Graph) -> None:
    place = await graph.world.place()
    ticket = await graph.ask(place.user, UPLOAD, input=FILE)

    async def content() -> AsyncIterator[bytes]:
        yield b"content"

    await graph.services.blobs.write(f"{place.tenant_id}/raw/{key(ticket['uploadId'])}", content())
    answer = await _import(graph, place, ticket["uploadId"])

    assert answer["userErrors"] == []


async def test_same_key_answers_with_the_same_job(graph: Graph) -> None:
    place = await graph.world.place()
    upload_id = await graph.received(place)

    first = await _import(graph, place, upload_id, idempotencyKey="k")
    second = await _import(graph, place, upload_id, idempotencyKey="k")

    assert first == second
    assert len(graph.wakes.jobs) == 1
    events = "select count(*) from app.ingestion_audit_log where event = 'statement.import_started'"
    assert await graph.world.owner.fetchval(events) == 1


async def test_same_key_at_the_same_time_makes_one_job(graph: Graph) -> None:
    place = await graph.world.place()
    upload_id = await graph.received(place)

    answers = await asyncio.gather(
        *(_import(graph, place, upload_id, idempotencyKey="k") for _ in range(8))
    )

    assert [answer["userErrors"] for answer in answers] == [[]] * 8
    assert len({answer["job"]["id"] for answer in answers}) == 1
    assert await graph.world.owner.fetchval("select count(*) from app.ingestion_jobs") == 1


async def test_key_of_another_upload_is_a_conflict(graph: Graph) -> None:
    place = await graph.world.place()
    await _import(graph, place, await graph.received(place), idempotencyKey="k")

    answer = await _import(graph, place, await graph.received(place), idempotencyKey="k")

    assert _codes(answer) == [("CONFLICT", ["idempotencyKey"])]


async def test_key_of_another_tenant_is_free(graph: Graph) -> None:
    mine, theirs = await graph.world.place(), await graph.world.place()
    await _import(graph, theirs, await graph.received(theirs), idempotencyKey="k")

    answer = await _import(graph, mine, await graph.received(mine), idempotencyKey="k")

    assert answer["userErrors"] == []


async def test_upload_is_imported_once(graph: Graph) -> None:
    place = await graph.world.place()
    upload_id = await graph.received(place)
    await _import(graph, place, upload_id)

    answer = await _import(graph, place, upload_id)

    assert _codes(answer) == [("CONFLICT", ["uploadId"])]


@pytest.mark.parametrize("state", ["imported", "expired"])
async def test_upload_that_is_gone_is_refused(graph: Graph, state: str) -> None:
    place = await graph.world.place()
    upload_id = await graph.received(place)
    await graph.world.owner.execute("update app.uploads set state = $1", state)

    answer = await _import(graph, place, upload_id)

    assert [path for _, path in _codes(answer)] == [["uploadId"]]


@pytest.mark.parametrize("status", [ConnectionStatus.PAUSED, ConnectionStatus.DISCONNECTED])
async def test_connection_that_takes_nothing_is_named(
    graph: Graph, status: ConnectionStatus
) -> None:
    place = await graph.world.place(status=status.value)

    answer = await _import(graph, place, await graph.received(place))

    assert _codes(answer) == [("CONFLICT", ["connectionId"])]
    assert status.name in answer["userErrors"][0]["message"]


@pytest.mark.parametrize("given", ["uploadId", "connectionId", "profileId"])
async def test_foreign_and_missing_parts_look_alike(graph: Graph, given: str) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    foreign = {
        "uploadId": await graph.received(other),
        "connectionId": encode("Connection", other.connection_id),
        "profileId": encode("StatementProfile", uuid4()),
    }[given]
    upload_id = await graph.received(place)

    answers = [await _import(graph, place, upload_id, **{given: id}) for id in (foreign, "x", "")]

    assert _codes(answers[0]) == [("NOT_FOUND", [given])]
    assert answers == [answers[0]] * 3


async def test_format_that_nobody_reads_lists_those_that_are(graph: Graph) -> None:
    place = await graph.world.place()

    answer = await _import(graph, place, await graph.received(place), format="pdf")

    assert _codes(answer) == [("INVALID", ["format"])]
    assert "bai2" in answer["userErrors"][0]["message"]
