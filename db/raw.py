"""Raw documents as workers keep and find them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

from core.models import Connection, Job, RawDocument, Upload
from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("raw")


async def upload(tx: Tx, *, tenant_id: UUID, upload_id: UUID) -> Upload | None:
    """An announced file."""
    row = await tx.row(_SQL["upload"], tenant_id, upload_id)
    return None if row is None else read(Upload, row)


async def keep(tx: Tx, job: Job, document: Upload, *, blob_path: str) -> None:
    """Notes the sealed bytes of an upload as the job's raw document; once, however often asked.

    The document has the upload's id: that is what its bytes were sealed for.
    """
    await tx.run(
        _SQL["keep"],
        job.tenant_id,
        document.id,
        job.connection_id,
        job.id,
        document.file_name,
        document.media_type,
        document.size_bytes,
        document.sha256,
        blob_path,
    )
    await tx.run(_SQL["mark_imported"], job.tenant_id, document.id)


async def sealed(tx: Tx, *, tenant_id: UUID, raw_id: UUID) -> bytes:
    """The sealed bytes of a page, which lies in its row."""
    found = await tx.value(_SQL["sealed"], tenant_id, raw_id)
    assert isinstance(found, bytes)
    return found


async def keep_page(
    tx: Tx, job: Job, *, raw_id: UUID, name: str, media_type: str, body: bytes, sealed: bytes
) -> RawDocument:
    """Keeps a page of a sync; `sealed` is its body under the tenant's data key."""
    digest = sha256(body).digest()
    received_at = await tx.value(
        _SQL["keep_page"],
        job.tenant_id,
        raw_id,
        job.connection_id,
        job.id,
        name,
        media_type,
        len(body),
        digest,
        sealed,
    )
    return RawDocument(
        id=raw_id,
        connection_id=job.connection_id,
        job_id=job.id,
        name=name,
        media_type=media_type,
        size_bytes=len(body),
        sha256=digest,
        blob_path=None,
        received_at=received_at,
    )


async def of_job(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> list[RawDocument]:
    """The documents of a job, oldest first."""
    rows = await tx.rows(_SQL["of_job"], tenant_id, job_id)
    return [read(RawDocument, row) for row in rows]


async def of_lineage(
    tx: Tx,
    *,
    tenant_id: UUID,
    lineage_id: UUID,
    without_job: UUID,
) -> list[RawDocument]:
    """The documents that count for a lineage, oldest first."""
    rows = await tx.rows(_SQL["of_lineage"], tenant_id, lineage_id, without_job)
    return [read(RawDocument, row) for row in rows]


async def newer(
    tx: Tx, *, tenant_id: UUID, lineage_id: UUID, than: RawDocument
) -> list[RawDocument]:
    """The documents that count for a lineage and came after this one, oldest first."""
    rows = await tx.rows(_SQL["newer"], tenant_id, lineage_id, than.received_at, than.id)
    return [read(RawDocument, row) for row in rows]


async def read_with(tx: Tx, *, tenant_id: UUID, job_id: UUID) -> tuple[str, dict[str, Any]]:
    """The format, and how a job that wrote rows read its document under it."""
    row = await tx.row(_SQL["read_with"], tenant_id, job_id)
    assert row is not None
    return row["format"], row["profile"]


async def connection(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> Connection:
    """The connection of a job; the ledger's foreign key says that it is there."""
    row = await tx.row(_SQL["connection"], tenant_id, connection_id)
    assert row is not None
    return read(Connection, row)


async def profile(tx: Tx, *, tenant_id: UUID, profile_id: UUID) -> dict[str, Any] | None:
    """A saved column mapping."""
    definition = await tx.value(_SQL["profile"], tenant_id, profile_id)
    return None if definition is None else dict(definition)


async def delivered(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> None:
    """Notes that the connection has delivered just now."""
    await tx.run(_SQL["delivered"], tenant_id, connection_id)


async def expired_uploads(tx: Tx, *, most: int) -> list[tuple[UUID, UUID]]:
    """Tenant and upload ids of all tenants' uploads whose time is over."""
    rows = await tx.rows(_SQL["expired_uploads"], most)
    return [(row["tenant_id"], row["upload_id"]) for row in rows]


async def expire_upload(tx: Tx, *, tenant_id: UUID, upload_id: UUID) -> str | None:
    """Marks an upload as expired; the path of its bytes, or None where a job needs it still."""
    path = await tx.value(_SQL["expire_upload"], tenant_id, upload_id)
    return None if path is None else str(path)
