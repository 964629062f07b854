"""Pending rows: those that a document still does not book."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from core.models import RawDocument
from core.records import TransactionStatus
from db import pending_rows
from db.pending_rows import Pending
from db.session import Tx
from pipeline.batch import Batch


async def seen_again(tx: Tx, *, tenant_id: UUID, document: RawDocument, batch: Batch) -> None:
    """Says which pending rows are in the document, and until which day it tells of their account:
    those that stand already belong to it from now on, unless a later one has said so."""
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
