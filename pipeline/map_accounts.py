"""Map accounts: sends each row to the tenant's account, or lets it wait for someone's decision."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from uuid import UUID

from pipeline.batch import Batch


def map_accounts(batch: Batch) -> Batch:
    """The batch with mapped entries. Every account that an entry names has a target."""
    mapped = []
    waits: Counter[UUID] = Counter()
    ignored = 0
    for entry in batch.entries:
        target = batch.targets[entry.record.account]
        if target.account_id is not None:
            mapped.append((entry, target))
        elif target.ignored:
            ignored += 1
        else:
            waits[target.mapping_id] += 1
    return replace(batch, mapped=tuple(mapped), waits=waits, ignored=ignored)
