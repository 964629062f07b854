"""Renumbered: ids that a source gave anew, so that its rows stand twice.

Ids are no proof of identity, but where there is one it tells rows apart: of a bank that writes new
ids with each download, every row that two downloads have would be there twice, and balances of
OFX prove nothing. Equal rows may be real, so they are kept, and told.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.models import RawDocument
from core.records import Finding, Severity, TransactionStatus
from db import renumbered
from db.renumbered import Named
from db.session import Tx
from pipeline.batch import Entry, Target


async def told_renumbered(
    tx: Tx,
    rows: Sequence[tuple[Entry, Target]],
    batch: Sequence[tuple[Entry, Target]],
    *,
    tenant_id: UUID,
    document: RawDocument,
) -> list[Finding]:
    """A finding where `rows`, those of a batch that are new, stand already under other ids."""
    named = [
        Named(
            target.mapping_id,
            target.account_id,
            entry.record.line,
            entry.record.external_id,
            entry.sort_date,
            entry.record.amount,
            entry.record.currency,
            entry.record.description,
        )
        for entry, target in rows
        if entry.record.external_id is not None
        and target.account_id is not None
        and entry.record.status is TransactionStatus.POSTED
    ]
    if not named:
        return []
    found = await renumbered.renumbered(
        tx,
        tenant_id=tenant_id,
        document=document,
        rows=named,
        known=[entry.fingerprint for entry, _ in batch],
    )
    if found is None:
        return []
    return [
        Finding(
            Severity.WARNING,
            "external-ids-differ",
            f"{found.rows:,} rows, from this line on, have day, amount and text of rows that stand "
            "under other ids, which this file has not: the source may write new ids with each "
            "file. All were kept: look whether they stand twice, and revert one import if so.",
            line=found.line,
            field="externalId",
        )
    ]
