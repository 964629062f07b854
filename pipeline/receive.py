"""Receive: an upload becomes the job's raw document, sealed, before anything else is done."""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import sha256

from core.errors import Unreadable
from core.models import Job, RawDocument, Upload, UploadState
from core.scope import WorkerScope
from core.vault import Aad, DataKey
from db import raw
from db.blobs import Blobs
from db.session import Database


async def receive(job: Job, *, database: Database, blobs: Blobs, key: DataKey) -> RawDocument:
    """The job's raw document, kept in a transaction of its own: it survives whatever comes next.

    Raises Unreadable where the bytes never came, or are not those that were announced.
    """
    scope = WorkerScope(tenant_id=job.tenant_id)
    async with database.as_(scope) as tx:
        documents = await raw.of_job(tx, tenant_id=job.tenant_id, job_id=job.id)
        upload = None
        if not documents and job.upload_id is not None:
            upload = await raw.upload(tx, tenant_id=job.tenant_id, upload_id=job.upload_id)
    if documents:
        return documents[0]
    if upload is None or upload.state is UploadState.EXPIRED:
        raise Unreadable("upload-missing", "The upload is gone. Upload the file again.")
    blob_path = upload.blob_path
    if not upload.sealed:
        blob_path = await _seal(upload, job, blobs=blobs, key=key)
    async with database.as_(scope) as tx:
        await raw.keep(tx, job, upload, blob_path=blob_path)
        documents = await raw.of_job(tx, tenant_id=job.tenant_id, job_id=job.id)
    if not documents:
        raise Unreadable(
            "upload-used", "The upload belongs to another import. Upload the file again."
        )
    if blob_path != upload.blob_path:
        await blobs.delete(upload.blob_path)
    return documents[0]


async def _seal(upload: Upload, job: Job, *, blobs: Blobs, key: DataKey) -> str:
    """Seals what a client put into storage directly, checking that it is what was announced."""
    path = f"{job.tenant_id}/sealed/{upload.id}"
    # A try that ended between here and the ledger may have left its copy.
    await blobs.delete(path)
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
