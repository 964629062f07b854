"""Receipts: the note that an upload's bytes are here, whole and sealed."""

from __future__ import annotations

from uuid import UUID

from db.queries import load
from db.session import Tx

_SQL = load("receipts")


async def receive(tx: Tx, *, tenant_id: UUID, upload_id: UUID) -> bool:
    """Notes that the bytes are here; False where that was noted before, or the upload expired."""
    return await tx.run(_SQL["receive"], tenant_id, upload_id) == 1
