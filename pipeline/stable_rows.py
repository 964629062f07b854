"""Rows of sources with stable ids: pending ones that are booked, and those that are taken back."""

from __future__ import annotations

from uuid import UUID

from core.records import Finding, Severity
from db import stable_ids
from db.session import Tx
from db.stable_ids import Promotion
from pipeline.batch import Batch
from pipeline.normalize import stable_fingerprint


async def promote(tx: Tx, batch: Batch, *, tenant_id: UUID) -> None:
    """Lets the pending rows that booked ones name go on as these: what users set stays on them.

    Where two booked rows name one pending row, the first has it.
    """
    promotions: dict[tuple[UUID, bytes], Promotion] = {}
    for entry, target in batch.mapped:
        old_id, new_id = entry.record.pending_external_id, entry.record.external_id
        if old_id is None or new_id is None or old_id == new_id:
            continue
        old_print = stable_fingerprint(old_id)
        promotions.setdefault(
            (target.mapping_id, old_print),
            Promotion(
                mapping_id=target.mapping_id,
                old_print=old_print,
                new_print=entry.fingerprint,
                old_id=old_id,
                new_id=new_id,
            ),
        )
    await stable_ids.promote(tx, tenant_id=tenant_id, promotions=list(promotions.values()))


async def remove(tx: Tx, batch: Batch, *, tenant_id: UUID) -> tuple[int, list[Finding]]:
    """Marks what the source takes back; how many rows, and a finding where some were reconciled."""
    rows = [
        (target.mapping_id, stable_fingerprint(removal.external_id))
        for removal in batch.removals
        if (target := batch.targets.get(removal.account)) is not None
        and target.account_id is not None
    ]
    removed = await stable_ids.remove(tx, tenant_id=tenant_id, rows=rows)
    if not removed.reconciled:
        return removed.rows, []
    finding = Finding(
        Severity.WARNING,
        "reconciled-removed",
        f"The source takes back {removed.reconciled:,} transactions that are reconciled. "
        "Look whether it reports them anew.",
    )
    return removed.rows, [finding]
