"""Receive: an upload becomes the job's raw document, sealed, before anything else is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256
from uuid import uuid5

from core.errors import Unreadable
from core.models import Job, RawDocument, Upload, UploadState
from core.vault import Aad, DataKey
from db import ledger, raw
from db.blobs import Blobs, blob_path
from pipeline.services import Services


async def receive(job: Job, services: Services, *, key: DataKey) -> RawDocument:
    """The job's raw document, kept in a transaction of its own: it survives whatever comes next.

    Raises Unreadable where the bytes never came, or are not those that were announced, and
    LeaseLost where another worker has the job.
    """
    async with services.database.as_(services.scope(job)) as tx:
        documents = await raw.of_job(tx, tenant_id=job.tenant_id, job_id=job.id)
        upload = None
        if job.upload_id is not None:
            upload = await raw.upload(tx, tenant_id=job.tenant_id, upload_id=job.upload_id)
    if not documents:
        documents = await _keep(_usable(upload), job, services, key=key)
    if upload is not None and not upload.sealed:
        # Again at every try: what the client sent must not lie there unsealed.
        await services.blobs.delete(upload.blob_path)
    return documents[0]


def _usable(upload: Upload | None) -> Upload:
    if upload is None or upload.state is UploadState.EXPIRED:
        raise Unreadable("upload-missing", "The upload is gone. Upload the file again.")
    if upload.state is UploadState.IMPORTED:
        raise _used()
    return upload


def _used() -> Unreadable:
    return Unreadable("upload-used", "The upload belongs to another import. Upload the file again.")


async def _keep(upload: Upload, job: Job, services: Services, *, key: DataKey) -> list[RawDocument]:
    path = upload.blob_path
    if not upload.sealed:
        path = await _seal(upload, job, blobs=services.blobs, key=key)
    async with services.database.as_(services.scope(job)) as tx:
        # A worker that lost the job must not make its copy the document: the next deletes it.
        await ledger.renew(tx, job, lease=services.lease)
        await raw.keep(tx, job, upload, blob_path=path)
        documents = await raw.of_job(tx, tenant_id=job.tenant_id, job_id=job.id)
    if not documents:
        raise _used()
    return documents


async def _seal(upload: Upload, job: Job, *, blobs: Blobs, key: DataKey) -> str:
    """Seals what a client put into storage directly, checking that it is what was announced."""
    # Each try has a copy of its own: an earlier worker may still be at it. What a try left behind
    # that ended between here and the ledger, the next one deletes.
    path = _sealed_path(job, fence=job.fence)
    await blobs.delete(_sealed_path(job, fence=job.fence - 1))
    seen = sha256()
    size = 0

    async def checked() -> AsyncIterator[bytes]:
        nonlocal size
        async for chunk in blobs.read(upload.blob_path):
            size += len(chunk)
            seen.update(chunk)
            yield chunk

    aad = Aad(tenant_id=job.tenant_id, purpose="raw", record_id=upload.id)
    await blobs.write(path, key.seal_async_stream(checked(), aad=aad))
    if size != upload.size_bytes or seen.digest() != upload.sha256:
        await blobs.delete(path)
        raise Unreadable(
            "upload-mismatch",
            "The uploaded bytes are not those that were announced (size or SHA-256 differ). "
            "Upload the file again.",
        )
    return path


def _sealed_path(job: Job, *, fence: int) -> str:
    return blob_path(tenant_id=job.tenant_id, kind="sealed", blob_id=uuid5(job.id, str(fence)))
