"""Blobs are kept once, whole and private, alike in a folder and in Supabase Storage."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from core.errors import Conflict, StorageUnavailable
from db.blobs import (
    CHUNK_BYTES,
    BlobMissing,
    Blobs,
    BlobTooLarge,
    FolderBlobs,
    blob_path,
    supabase_blobs,
)
from sandbox.serving import serving
from sandbox.supabase_storage import storage_app

SECRET_KEY = "sb_secret_0123456789"
BYTES_MAX = 3 * CHUNK_BYTES
NOW = datetime(2026, 3, 1, tzinfo=UTC)
TENANT = UUID(int=7)
WRONG_PATHS = [
    "",
    "raw",
    f"{UUID(int=1)}/raw",
    f"{UUID(int=1)}/raw/name",
    f"{UUID(int=1)}/raw/../{UUID(int=2)}",
    f"../{UUID(int=1)}/raw/{UUID(int=2)}",
    f"/{UUID(int=1)}/raw/{UUID(int=2)}",
    f"{UUID(int=1)}/../{UUID(int=2)}",
    f"{UUID(int=1)}/./{UUID(int=2)}",
    f"{UUID(int=1)}//{UUID(int=2)}",
    f"{UUID(int=1)}/raw/{UUID(int=2)}/",
    f"{UUID(int=1)}/raw/{UUID(int=2)}\n",
    f"{UUID(int=1)}/raw/{UUID(int=2)}\x00",
    f"{UUID(int=1)}/RAW/{UUID(int=2)}",
    f"{UUID(int=1)}/%2e%2e/{UUID(int=2)}",
    f"{str(UUID(int=0xABC)).upper()}/raw/{UUID(int=2)}",
]


@pytest.fixture(scope="module")
def storage_url() -> Iterator[str]:
    with serving(storage_app(secret_key=SECRET_KEY)) as url:
        yield url


@pytest.fixture
def folder(tmp_path: Path) -> FolderBlobs:
    return FolderBlobs(tmp_path / "storage", bytes_max=BYTES_MAX)


@pytest_asyncio.fixture
async def bucket(storage_url: str) -> AsyncIterator[Blobs]:
    async with supabase_blobs(url=storage_url, secret_key=SECRET_KEY, bucket="statements") as blobs:
        yield blobs


@pytest_asyncio.fixture(params=["folder", "bucket"])
async def blobs(
    request: pytest.FixtureRequest, folder: FolderBlobs, storage_url: str
) -> AsyncIterator[Blobs]:
    if request.param == "folder":
        yield folder
    else:
        async with supabase_blobs(
            url=storage_url, secret_key=SECRET_KEY, bucket="statements", bytes_max=BYTES_MAX
        ) as in_bucket:
            yield in_bucket


def new_path() -> str:
    return blob_path(tenant_id=TENANT, kind="raw", blob_id=uuid4())


async def chunks_of(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk


async def broken_off(*chunks: bytes) -> AsyncGenerator[bytes, None]:
    for chunk in chunks:
        yield chunk
    raise ConnectionResetError


async def content_of(blobs: Blobs, path: str) -> bytes:
    return b"".join([chunk async for chunk in blobs.read(path)])


@pytest.mark.parametrize(
    "chunks",
    [
        [],
        [b""],
        [b"one"],
        [b"o", b"", b"ne"],
        [b"x" * CHUNK_BYTES, b"y"],
        [b"z" * 70_001] * 30,
    ],
)
async def test_what_is_written_is_read_again(blobs: Blobs, chunks: list[bytes]) -> None:
    path = new_path()

    size = await blobs.write(path, chunks_of(*chunks))

    assert size == await blobs.size(path) == len(b"".join(chunks))
    assert await content_of(blobs, path) == b"".join(chunks)


async def test_a_blob_opens_as_a_seekable_file(blobs: Blobs) -> None:
    path = new_path()
    await blobs.write(path, chunks_of(b"first line\n", b"second line\n"))

    async with blobs.open(path) as file:
        assert file.readline() == b"first line\n"
        assert file.seek(-5, os.SEEK_END) == 18
        assert file.read() == b"line\n"
        assert file.seek(0) == 0
        assert file.read(5) == b"first"


async def test_a_blob_is_never_replaced(blobs: Blobs) -> None:
    path = new_path()
    await blobs.write(path, chunks_of(b"first"))

    with pytest.raises(Conflict, match="exists already"):
        await blobs.write(path, chunks_of(b"second"))

    assert await content_of(blobs, path) == b"first"


async def test_of_two_writers_at_once_one_wins(blobs: Blobs) -> None:
    path = new_path()

    outcomes = await asyncio.gather(
        *[blobs.write(path, chunks_of(b"%d" % n)) for n in range(5)], return_exceptions=True
    )

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict"] * 4 + ["int"]
    assert await content_of(blobs, path) == b"%d" % outcomes.index(1)


async def test_bytes_that_break_off_leave_nothing(blobs: Blobs) -> None:
    path = new_path()

    with pytest.raises(ConnectionResetError):
        await blobs.write(path, broken_off(b"half"))

    assert await blobs.exists(path) is False
    assert await blobs.write(path, chunks_of(b"whole")) == 5


async def test_a_blob_has_a_largest_size(blobs: Blobs) -> None:
    path, chunk = new_path(), b"x" * CHUNK_BYTES

    with pytest.raises(BlobTooLarge, match=str(BYTES_MAX)):
        await blobs.write(path, chunks_of(chunk, chunk, chunk, b"x"))

    assert await blobs.exists(path) is False
    assert await blobs.write(path, chunks_of(chunk, chunk, chunk)) == BYTES_MAX


async def test_what_is_not_there_is_missing_everywhere(blobs: Blobs) -> None:
    path = new_path()

    with pytest.raises(BlobMissing, match=path):
        await content_of(blobs, path)
    with pytest.raises(BlobMissing, match=path):
        await blobs.size(path)
    with pytest.raises(BlobMissing, match=path):
        async with blobs.open(path):
            pass
    assert await blobs.exists(path) is False


async def test_a_deleted_blob_is_gone_and_stays_gone(blobs: Blobs) -> None:
    path, other = new_path(), new_path()
    await blobs.write(path, chunks_of(b"content"))
    await blobs.write(other, chunks_of(b"other"))

    await blobs.delete(path)
    await blobs.delete(path)

    assert await blobs.exists(path) is False
    assert await content_of(blobs, other) == b"other"


async def test_a_path_of_another_shape_is_refused_by_every_method(blobs: Blobs) -> None:
    for path in WRONG_PATHS:
        with pytest.raises(ValueError, match="no blob path"):
            await blobs.write(path, chunks_of(b"content"))
        with pytest.raises(ValueError, match="no blob path"):
            await content_of(blobs, path)
        with pytest.raises(ValueError, match="no blob path"):
            async with blobs.open(path):
                pass
        with pytest.raises(ValueError, match="no blob path"):
            await blobs.size(path)
        with pytest.raises(ValueError, match="no blob path"):
            await blobs.delete(path)
        with pytest.raises(ValueError, match="no blob path"):
            await blobs.upload_target(path, now=NOW)


def test_the_folder_is_open_to_its_owner_alone(folder: FolderBlobs, tmp_path: Path) -> None:
    path = new_path()

    asyncio.run(folder.write(path, chunks_of(b"content")))

    modes = {(each.is_dir(), each.stat().st_mode & 0o777) for each in tmp_path.rglob("*")}
    assert modes == {(True, 0o700), (False, 0o600)}
    assert [str(each) for each in tmp_path.rglob("*") if each.is_file()] == [
        str(tmp_path / "storage" / path)
    ]


@pytest.mark.parametrize("depth", [1, 2, 3])
async def test_a_symbolic_link_leads_nowhere(
    folder: FolderBlobs, tmp_path: Path, depth: int
) -> None:
    path = new_path()
    place = tmp_path / "storage" / "/".join(path.split("/")[:depth])
    await folder.write(path, chunks_of(b"outside"))
    place.rename(tmp_path / "outside")
    place.symlink_to(tmp_path / "outside")

    with pytest.raises(BlobMissing):
        await content_of(folder, path)
    with pytest.raises((BlobMissing, Conflict)):
        await folder.write(path, chunks_of(b"inside"))


async def test_a_folder_in_the_place_of_a_blob_is_no_blob(
    folder: FolderBlobs, tmp_path: Path
) -> None:
    path = new_path()
    (tmp_path / "storage" / path).mkdir(parents=True)

    with pytest.raises(StorageUnavailable):
        await content_of(folder, path)


async def test_a_folder_takes_uploads_through_our_own_endpoint(folder: FolderBlobs) -> None:
    assert await folder.upload_target(new_path(), now=NOW) is None


async def test_a_client_uploads_to_the_bucket_by_itself(bucket: Blobs) -> None:
    path = new_path()

    target = await bucket.upload_target(path, now=NOW)

    assert target is not None
    assert target.expires_at == NOW + timedelta(hours=2)
    assert SECRET_KEY not in str(target)
    async with httpx.AsyncClient() as client:
        sent = [
            await client.request(
                target.method, target.url, headers=dict(target.headers), content=content
            )
            for content in (b"content", b"changed")
        ]
    assert [reply.is_success for reply in sent] == [True, False]
    assert await content_of(bucket, path) == b"content"


async def test_no_upload_target_is_given_for_a_blob_that_exists(bucket: Blobs) -> None:
    path = new_path()
    await bucket.write(path, chunks_of(b"content"))

    with pytest.raises(Conflict):
        await bucket.upload_target(path, now=NOW)


@pytest.mark.parametrize("status", [403, 429, 500, 503])
async def test_a_bucket_that_refuses_is_unavailable(
    bucket: Blobs, storage_url: str, status: int
) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(4):
            await client.post(f"{storage_url}/_sandbox/faults", json={"status": status, "count": 1})

    with pytest.raises(StorageUnavailable, match=str(status)):
        await bucket.write(new_path(), chunks_of(b"content"))


async def test_a_wrong_key_and_a_dead_server_show_neither_key_nor_address() -> None:
    closed = "http://127.0.0.1:9"

    async with supabase_blobs(url=closed, secret_key=SECRET_KEY, bucket="statements") as blobs:
        with pytest.raises(StorageUnavailable) as refused:
            await blobs.size(new_path())

    assert not isinstance(refused.value, BlobMissing)
    assert "127.0.0.1" not in str(refused.value)
    assert SECRET_KEY not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
