"""`PUT /uploads/{id}`: takes the bytes of an announced file, and keeps them sealed.

The URL is the proof of the right to do so. The bytes are hashed, sealed and stored as they come;
what is not exactly what was announced is not kept, and may be sent again.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from uuid import UUID

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from api.body import chunks, declared_size, too_large
from api.errors import TRY_AGAIN, Problem
from api.metrics import Metrics
from core.errors import (
    Conflict,
    Forbidden,
    KeysUnavailable,
    SealBroken,
    StorageUnavailable,
    UnknownKey,
)
from core.models import Upload, UploadState
from core.scope import WorkerScope
from core.vault import Aad, DataKey
from db import raw, receipts
from db.failures import DatabaseUnavailable, TimedOut
from db.tenant_keys import data_key
from resolvers import upload_tokens
from resolvers.context import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class _Expected:
    """An announced upload, and the key that its bytes are sealed with."""

    tenant_id: UUID
    upload: Upload
    key: DataKey


class Uploads:
    """The endpoint."""

    def __init__(self, services: Services, metrics: Metrics) -> None:
        self._services = services
        self._metrics = metrics

    async def serve(self, request: Request) -> Response:
        """One upload."""
        try:
            return await self._received(request)
        except (DatabaseUnavailable, TimedOut, StorageUnavailable, KeysUnavailable) as error:
            raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "UNAVAILABLE", TRY_AGAIN) from error

    async def _received(self, request: Request) -> Response:
        expected = await self._expected(request)
        upload = expected.upload
        size = declared_size(request.headers)
        if size is not None and size > upload.size_bytes:
            raise too_large(upload.size_bytes)
        await self._store(expected, chunks(request.receive, most=upload.size_bytes))
        async with self._services.database.as_(WorkerScope(tenant_id=expected.tenant_id)) as tx:
            is_first = await receipts.receive(tx, tenant_id=expected.tenant_id, upload_id=upload.id)
        if not is_first:
            raise _already_here()
        self._metrics.upload_bytes.inc(upload.size_bytes)
        return JSONResponse({"uploadId": str(upload.id), "size": upload.size_bytes})

    async def _expected(self, request: Request) -> _Expected:
        """What the URL is for. Whatever is wrong with it looks the same: it is not found."""
        try:
            upload_id = UUID(request.path_params["upload_id"])
            expires = int(request.query_params.get("expires", "")[:20])
            tenant_id = await upload_tokens.tenant_of(
                self._services.vault,
                request.query_params.get("token", ""),
                upload_id=upload_id,
                expires=expires,
                now=self._services.clock(),
            )
            as_worker = partial(self._services.database.as_, WorkerScope(tenant_id=tenant_id))
            async with as_worker() as tx:
                upload = await raw.upload(tx, tenant_id=tenant_id, upload_id=upload_id)
            if upload is None:
                raise _not_found()
            self._check(upload)
            key = await data_key(as_worker, self._services.vault)
        except (ValueError, Forbidden, SealBroken, UnknownKey) as error:
            raise _not_found() from error
        return _Expected(tenant_id=tenant_id, upload=upload, key=key)

    def _check(self, upload: Upload) -> None:
        if upload.state in (UploadState.RECEIVED, UploadState.IMPORTED):
            raise _already_here()
        if upload.state is UploadState.EXPIRED or upload.expires_at <= self._services.clock():
            raise _not_found()
        if upload.size_bytes > self._services.upload_bytes_max:
            raise too_large(self._services.upload_bytes_max)

    async def _store(self, expected: _Expected, body: AsyncIterator[bytes]) -> None:
        upload = expected.upload
        aad = Aad(tenant_id=expected.tenant_id, purpose="raw", record_id=upload.id)
        sealed = expected.key.seal_async_stream(_verified(body, upload), aad=aad)
        try:
            await self._services.blobs.write(upload.blob_path, sealed)
        except Conflict:
            # A blob appears only when all of it was verified: an earlier attempt got this far
            # and died before it could be noted. Its bytes are the same.
            return


async def _verified(body: AsyncIterator[bytes], upload: Upload) -> AsyncIterator[bytes]:
    """The same bytes. Raises Problem (422) at their end, unless they are what was announced."""
    digest = hashlib.sha256()
    size = 0
    async for chunk in body:
        digest.update(chunk)
        size += len(chunk)
        yield chunk
    if size != upload.size_bytes:
        raise _mismatch(
            "SIZE_MISMATCH", f"{size} bytes came, {upload.size_bytes} were announced: send again"
        )
    if not hmac.compare_digest(digest.digest(), upload.sha256):
        raise _mismatch("HASH_MISMATCH", "the SHA-256 is not the announced one: send again")


def _mismatch(code: str, message: str) -> Problem:
    return Problem(HTTPStatus.UNPROCESSABLE_ENTITY, code, message)


def _not_found() -> Problem:
    return Problem(
        HTTPStatus.NOT_FOUND, "NOT_FOUND", "there is no such upload, or its URL has expired"
    )


def _already_here() -> Problem:
    return Problem(HTTPStatus.CONFLICT, "CONFLICT", "the bytes of this upload are here already")
