"""Pending: rows that come again while their source has not booked them."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from core.models import RawDocument
from core.records import TransactionStatus
from db import pending_rows
from db.pending_rows import Pending
from db.session import Tx
from pipeline.batch import Batch


async def seen_again(tx: Tx, batch: Batch, *, tenant_id: UUID, document: RawDocument) -> None:
    """Lets rows be of the document that has them pending last, as it states until when it tells."""
    ends: dict[str, date] = {}
    for proof in batch.proofs:
        if proof.to_date is not None:
            ends[proof.account] = max(proof.to_date, ends.get(proof.account, proof.to_date))
    pending = [
        Pending(
            target.mapping_id,
            entry.fingerprint,
            entry.occurrence,
            entry.content_key,
            entry.record.line,
            entry.record.line_end,
            ends.get(entry.record.account),
        )
        for entry, target in batch.mapped
        if entry.record.status is TransactionStatus.PENDING
    ]
    if pending:
        await pending_rows.seen_again(tx, tenant_id=tenant_id, document=document, rows=pending)
