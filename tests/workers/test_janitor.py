"""The bytes of uploads that ran out are deleted, also after storage was away for a while."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from core.errors import StorageUnavailable
from db.blobs import FolderBlobs
from tests.fixtures.graph import Graph, graph_of
from tests.fixtures.world import Place, World
from workers.janitor import UPLOADS_MOST, expire_uploads


class AwayBlobs(FolderBlobs):
    """Blobs whose storage does not answer."""

    async def delete(self, path: str) -> None:
        raise StorageUnavailable(path)


@pytest.fixture
async def graph(world: World, redis_url: str) -> AsyncIterator[Graph]:
    async with graph_of(world, redis_url) as graph:
        yield graph


async def _ran_out(graph: Graph, place: Place) -> UUID:
    """An upload that nobody imported in time."""
    await graph.world.job(place, b"content")
    await graph.world.owner.execute("delete from app.ingestion_jobs")
    found = await graph.world.owner.fetchval(
        "update app.uploads set expires_at = now() - interval '1 hour' returning id"
    )
    assert isinstance(found, UUID)
    return found


async def _kept_by_failed_jobs(graph: Graph, place: Place, count: int) -> None:
    """Older uploads, which their failed imports may be tried again with."""
    await graph.world.owner.execute(
        "with u as (insert into app.uploads (tenant_id, id, file_name, size_bytes, sha256,"
        " blob_path, state, expires_at)"
        " select $1::uuid, gen_random_uuid(), 'f', 1, sha256('f'),"
        " $1::uuid::text || '/raw/' || number, 'received', now() - interval '1 day'"
        " from generate_series(1, $3::int) as number returning id)"
        " insert into app.ingestion_jobs (tenant_id, connection_id, upload_id, kind, state)"
        " select $1, $2, u.id, 'import', 'failed' from u",
        place.tenant_id,
        place.connection_id,
        count,
    )


async def _state(graph: Graph, upload_id: UUID) -> object:
    return await graph.world.owner.fetchval(
        "select state from app.uploads where id = $1", upload_id
    )


async def _is_stored(graph: Graph, upload_id: UUID) -> bool:
    path = await graph.world.owner.fetchval(
        "select blob_path from app.uploads where id = $1", upload_id
    )
    return await graph.services.blobs.exists(path)


async def test_upload_that_ran_out_is_deleted_and_marked(graph: Graph) -> None:
    upload_id = await _ran_out(graph, await graph.world.place())

    tried = await expire_uploads(graph.services)

    assert tried == 1
    assert not await _is_stored(graph, upload_id)
    assert await _state(graph, upload_id) == "expired"
    assert await expire_uploads(graph.services) == 0


async def test_bytes_that_cannot_be_deleted_now_are_deleted_later(
    graph: Graph, tmp_path: Path
) -> None:
    upload_id = await _ran_out(graph, await graph.world.place())

    await expire_uploads(replace(graph.services, blobs=AwayBlobs(tmp_path)))
    before = await _state(graph, upload_id)
    await expire_uploads(graph.services)

    assert before == "received"
    assert await _state(graph, upload_id) == "expired"
    assert not await _is_stored(graph, upload_id)


async def test_uploads_that_jobs_keep_do_not_hold_up_the_others(graph: Graph) -> None:
    place, other = await graph.world.place(), await graph.world.place()
    upload_id = await _ran_out(graph, other)
    await _kept_by_failed_jobs(graph, place, UPLOADS_MOST)

    tried = await expire_uploads(graph.services)

    assert tried == 1
    assert await _state(graph, upload_id) == "expired"
