"""Blobs: sealed documents in Supabase Storage or in a folder; nothing else knows which.

A blob is written once and never changed. Its path is `<tenant id>/<kind>/<blob id>`.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
import stat
import tempfile
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Iterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    aclosing,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final, Protocol
from uuid import UUID, uuid4

import httpx

from core.errors import BankfeedsError, Conflict, StorageUnavailable

if TYPE_CHECKING:
    from storage3 import AsyncStorageClient
    from storage3._async.file_api import AsyncBucketProxy
    from storage3.types import FileOptions

BLOB_BYTES_MAX: Final = 5 * 1024**3
CHUNK_BYTES: Final = 1024 * 1024
# Supabase Storage fixes the life of a signed upload URL; a download starts at once.
UPLOAD_LIFETIME: Final = timedelta(hours=2)
DOWNLOAD_LIFETIME_S: Final = 60
TIMEOUT: Final = httpx.Timeout(60, connect=10)

_UUID: Final = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PATH: Final = re.compile(rf"{_UUID}/[a-z][a-z0-9_-]{{0,31}}/{_UUID}")
_INCOMING: Final = ".incoming"


class BlobMissing(StorageUnavailable):
    """Storage answered, and has no such blob."""


class BlobTooLarge(BankfeedsError):
    """The bytes are more than one blob may hold; nothing was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadTarget:
    """Where a client may send the bytes of one blob by itself. The URL is a secret."""

    url: str
    method: str
    headers: Mapping[str, str]
    expires_at: datetime


class Blobs(Protocol):
    """Storage of blobs. Every method raises ValueError for a path of another shape, and
    StorageUnavailable (BlobMissing where that is known) when it cannot do its work."""

    async def write(self, path: str, chunks: AsyncIterable[bytes]) -> int:
        """Keep the bytes, all or nothing; their number. Raises Conflict where a blob exists."""
        ...

    def read(self, path: str) -> AsyncIterator[bytes]:
        """The bytes in chunks of any size."""
        ...

    def open(self, path: str) -> AbstractAsyncContextManager[BinaryIO]:
        """The blob as a local seekable file, for as long as the context lasts."""
        ...

    async def size(self, path: str) -> int:
        """How many bytes it has."""
        ...

    async def exists(self, path: str) -> bool:
        """Whether it is there."""
        ...

    async def delete(self, path: str) -> None:
        """Remove it; a blob that is not there is removed already."""
        ...

    async def upload_target(self, path: str, *, now: datetime) -> UploadTarget | None:
        """Where a client may upload it directly; None: only through our own endpoint."""
        ...


def blob_path(*, tenant_id: UUID, kind: str, blob_id: UUID) -> str:
    """The path of a blob; the kind is one short lowercase word."""
    return _checked(f"{tenant_id}/{kind}/{blob_id}")


class FolderBlobs:
    """Blobs as files under one folder, open to the owner alone; symbolic links are refused."""

    def __init__(self, root: Path, *, bytes_max: int = BLOB_BYTES_MAX) -> None:
        self._root = root
        self._bytes_max = bytes_max

    async def write(self, path: str, chunks: AsyncIterable[bytes]) -> int:
        """See `Blobs.write`: the file appears under its name when all of it is on disk."""
        _checked(path)
        incoming = await asyncio.to_thread(self._incoming)
        try:
            with _folder_errors(path):
                file = await asyncio.to_thread(_new_private_file, incoming)
            with file:
                size = await _spool(chunks, file, bytes_max=self._bytes_max)
                with _folder_errors(path):
                    await asyncio.to_thread(self._publish, file, incoming, path)
        finally:
            incoming.unlink(missing_ok=True)
        return size

    async def read(self, path: str) -> AsyncGenerator[bytes, None]:
        """See `Blobs.read`."""
        async with self.open(path) as file:
            while chunk := await asyncio.to_thread(file.read, CHUNK_BYTES):
                yield chunk

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator[BinaryIO]:
        """See `Blobs.open`: the file itself."""
        _checked(path)
        with _folder_errors(path):
            file = await asyncio.to_thread(self._opened, path)
        with file:
            yield file

    async def size(self, path: str) -> int:
        """See `Blobs.size`."""
        async with self.open(path) as file:
            return os.fstat(file.fileno()).st_size

    async def exists(self, path: str) -> bool:
        """See `Blobs.exists`."""
        try:
            await self.size(path)
        except BlobMissing:
            return False
        return True

    async def delete(self, path: str) -> None:
        """See `Blobs.delete`."""
        _checked(path)
        with suppress(BlobMissing), _folder_errors(path):
            await asyncio.to_thread(self._unlink, path)

    async def upload_target(self, path: str, *, now: datetime) -> UploadTarget | None:
        """Always None: the bytes come through our own endpoint."""
        _checked(path)
        return None

    def _incoming(self) -> Path:
        """A name for a file that is not complete yet; what a crash leaves there is garbage."""
        folder = self._root / _INCOMING
        with _folder_errors(_INCOMING):
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.mkdir(mode=0o700, exist_ok=True)
        return folder / str(uuid4())

    def _publish(self, file: BinaryIO, incoming: Path, path: str) -> None:
        file.flush()
        os.fsync(file.fileno())
        with self._folder_of(path, create=True) as folder:
            # A link, not a rename: it never replaces a blob that is there.
            os.link(incoming, path.rpartition("/")[2], dst_dir_fd=folder)
            os.fsync(folder)

    def _opened(self, path: str) -> BinaryIO:
        with self._folder_of(path, create=False) as folder:
            name = path.rpartition("/")[2]
            descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        file = os.fdopen(descriptor, "rb", buffering=CHUNK_BYTES)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            file.close()
            raise BlobMissing(f"blob {path} is no regular file")
        return file

    def _unlink(self, path: str) -> None:
        with self._folder_of(path, create=False) as folder:
            os.unlink(path.rpartition("/")[2], dir_fd=folder)
            os.fsync(folder)

    @contextmanager
    def _folder_of(self, path: str, *, create: bool) -> Iterator[int]:
        """The blob's folder, reached step by step so that no symbolic link leads elsewhere."""
        folder = os.open(self._root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for name in path.split("/")[:-1]:
                if create:
                    with suppress(FileExistsError):
                        os.mkdir(name, 0o700, dir_fd=folder)
                        os.fsync(folder)
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)


@asynccontextmanager
async def supabase_blobs(
    *, url: str, secret_key: str, bucket: str, bytes_max: int = BLOB_BYTES_MAX
) -> AsyncIterator[SupabaseBlobs]:
    """Blobs in a private bucket of Supabase Storage, with the project's URL and secret key."""
    from supabase import AsyncClientOptions, create_async_client  # half a second to import

    async with httpx.AsyncClient(timeout=TIMEOUT) as http:
        options = AsyncClientOptions(
            httpx_client=http, auto_refresh_token=False, persist_session=False
        )
        client = await create_async_client(url, secret_key, options)
        yield SupabaseBlobs(client.storage, http, bucket=bucket, bytes_max=bytes_max)


class SupabaseBlobs:
    """Blobs as objects of one private bucket; made by `supabase_blobs`.

    Neither keys nor URLs reach an error: what the client library raises is not chained.
    """

    def __init__(
        self,
        storage: AsyncStorageClient,
        http: httpx.AsyncClient,
        *,
        bucket: str,
        bytes_max: int = BLOB_BYTES_MAX,
    ) -> None:
        self._storage = storage
        self._http = http
        self._bucket = bucket
        self._bytes_max = bytes_max

    async def write(self, path: str, chunks: AsyncIterable[bytes]) -> int:
        """See `Blobs.write`: collected in a file without a name first, to know the length."""
        _checked(path)
        options: FileOptions = {"content-type": "application/octet-stream", "upsert": "false"}
        with tempfile.TemporaryFile() as file:
            size = await _spool(chunks, file, bytes_max=self._bytes_max)
            file.seek(0)
            with os.fdopen(os.dup(file.fileno()), "rb") as reader, _bucket_errors(path):
                await self._objects.upload(path, reader, options)
        return size

    async def read(self, path: str) -> AsyncGenerator[bytes, None]:
        """See `Blobs.read`: streamed through a signed URL, as the client library reads all."""
        _checked(path)
        with _bucket_errors(path):
            signed = await self._objects.create_signed_url(path, DOWNLOAD_LIFETIME_S)
            async with self._http.stream("GET", str(signed["signedUrl"])) as response:
                if response.status_code != httpx.codes.OK:
                    raise StorageUnavailable(f"storage answered {response.status_code} for {path}")
                async for chunk in response.aiter_bytes(CHUNK_BYTES):
                    yield chunk

    @asynccontextmanager
    async def open(self, path: str) -> AsyncIterator[BinaryIO]:
        """See `Blobs.open`: downloaded to a file that has no name."""
        with tempfile.TemporaryFile() as file:
            async with aclosing(self.read(path)) as chunks:
                await _spool(chunks, file, bytes_max=self._bytes_max)
            file.seek(0)
            yield file

    async def size(self, path: str) -> int:
        """See `Blobs.size`."""
        _checked(path)
        with _bucket_errors(path):
            return int((await self._objects.info(path))["size"])

    async def exists(self, path: str) -> bool:
        """See `Blobs.exists`."""
        try:
            await self.size(path)
        except BlobMissing:
            return False
        return True

    async def delete(self, path: str) -> None:
        """See `Blobs.delete`."""
        _checked(path)
        with suppress(BlobMissing), _bucket_errors(path):
            await self._objects.remove([path])

    async def upload_target(self, path: str, *, now: datetime) -> UploadTarget | None:
        """A signed URL that takes this one blob once, for two hours."""
        _checked(path)
        with _bucket_errors(path):
            signed = await self._objects.create_signed_upload_url(path)
        return UploadTarget(
            url=signed["signed_url"],
            method="PUT",
            headers={"content-type": "application/octet-stream", "x-upsert": "false"},
            expires_at=now + UPLOAD_LIFETIME,
        )

    @property
    def _objects(self) -> AsyncBucketProxy:
        return self._storage.from_(self._bucket)


def _checked(path: str) -> str:
    if not _PATH.fullmatch(path):
        raise ValueError(f"{path!r} is no blob path: <tenant uuid>/<kind>/<blob uuid>")
    return path


def _new_private_file(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


async def _spool(chunks: AsyncIterable[bytes], file: BinaryIO, *, bytes_max: int) -> int:
    """Write the chunks in pieces that are worth the way to another thread; their total size."""
    size = 0
    pending = bytearray()
    async for chunk in chunks:
        size += len(chunk)
        if size > bytes_max:
            raise BlobTooLarge(f"more than {bytes_max} bytes: split the document")
        pending += chunk
        if len(pending) >= CHUNK_BYTES:
            await _write(file, pending)
            pending = bytearray()
    await _write(file, pending)
    return size


async def _write(file: BinaryIO, data: bytearray) -> None:
    with _folder_errors("a temporary file"):
        await asyncio.to_thread(_write_through, file, data)


def _write_through(file: BinaryIO, data: bytearray) -> None:
    file.write(data)
    file.flush()


@contextmanager
def _folder_errors(path: str) -> Iterator[None]:
    try:
        yield
    except FileExistsError as error:
        raise Conflict(f"blob {path} exists already") from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise BlobMissing(f"there is no blob {path}") from error
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise BlobMissing(f"blob {path} lies behind a symbolic link") from error
        raise StorageUnavailable(f"the storage folder: {error.strerror} ({path})") from error


@contextmanager
def _bucket_errors(path: str) -> Iterator[None]:
    """Without causes: they quote URLs with tokens, and replies that we know nothing about."""
    from supabase import StorageException  # imported with the client already

    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        reason = type(error).__name__
        raise StorageUnavailable(f"storage did not answer for {path}: {reason}") from None
    except StorageException as error:
        raise _refusal(path, str(getattr(error, "status", "nothing usable"))) from None
    except (ValueError, KeyError, TypeError):
        raise StorageUnavailable(f"storage answered nonsense for {path}") from None


def _refusal(path: str, status: str) -> BankfeedsError:
    match status:
        case "404":
            return BlobMissing(f"there is no blob {path}")
        case "409":
            return Conflict(f"blob {path} exists already")
        case _:
            return StorageUnavailable(f"storage answered {status} for {path}")
