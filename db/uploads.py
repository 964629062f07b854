"""Uploads as the user who announces them sees them; workers write the rest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from core.models import Upload
from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("uploads")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUpload:
    """A file that someone announces: what its bytes must be, and where they go."""

    id: UUID
    file_name: str
    media_type: str | None
    size_bytes: int
    sha256: bytes
    blob_path: str
    expires_at: datetime


async def announce(tx: Tx, *, tenant_id: UUID, new: NewUpload, created_by: UUID) -> None:
    """Notes that a file will come."""
    await tx.run(
        _SQL["announce"],
        tenant_id,
        new.id,
        new.file_name,
        new.media_type,
        new.size_bytes,
        new.sha256,
        new.blob_path,
        created_by,
        new.expires_at,
    )


async def find(tx: Tx, *, tenant_id: UUID, upload_id: UUID) -> Upload | None:
    """One upload."""
    row = await tx.row(_SQL["find"], tenant_id, upload_id)
    return None if row is None else read(Upload, row)
