"""Map accounts: sends each row to the tenant's account, or lets it wait for someone's decision."""

from __future__ import annotations

from dataclasses import replace

from pipeline.batch import Batch


def map_accounts(batch: Batch) -> Batch:
    """The batch with mapped entries. Every account that an entry names has a target."""
    mapped = []
    waiting = 0
    ignored = 0
    for entry in batch.entries:
        target = batch.targets[entry.record.account]
        if target.account_id is not None:
            mapped.append((entry, target))
        elif target.ignored:
            ignored += 1
        else:
            waiting += 1
    return replace(batch, mapped=tuple(mapped), waiting=waiting, ignored=ignored)
