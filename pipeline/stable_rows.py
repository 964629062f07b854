"""Rows of sources with stable ids: pending ones that are booked, and those that are taken back."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from core.records import Finding, Severity
from db import stable_ids
from db.session import Tx
from db.stable_ids import Promotion
from pipeline.batch import Batch
from pipeline.row_texts import stable_fingerprint


async def promote(tx: Tx, batch: Batch, *, tenant_id: UUID) -> None:
    """Lets rows go on under the ids that follow theirs: what users set stays on them.

    Such are pending rows that booked ones name, and what a reconciliation found. Where two follow
    one, the first has it.
    """
    promotions: dict[tuple[UUID, bytes], Promotion] = {}
    for mapping_id, old_id, new_id in _followed(batch):
        if old_id == new_id:
            continue
        old_print = stable_fingerprint(old_id)
        promotions.setdefault(
            (mapping_id, old_print),
            Promotion(
                mapping_id=mapping_id,
                old_print=old_print,
                new_print=stable_fingerprint(new_id),
                old_id=old_id,
                new_id=new_id,
            ),
        )
    await stable_ids.promote(tx, tenant_id=tenant_id, promotions=list(promotions.values()))


def _followed(batch: Batch) -> Iterator[tuple[UUID, str, str]]:
    """Mapping, the id that was, and the id that is."""
    for entry, target in batch.mapped:
        old_id, new_id = entry.record.pending_external_id, entry.record.external_id
        if old_id is not None and new_id is not None:
            yield target.mapping_id, old_id, new_id
    for one in batch.successions:
        named = batch.targets.get(one.account)
        if named is not None and named.account_id is not None:
            yield named.mapping_id, one.from_id, one.to_id


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
        f"The source takes back {removed.reconciled:,} transactions that are reconciled. They "
        "stand until it is decided which version counts.",
    )
    return removed.rows, [finding]
