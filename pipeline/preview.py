"""Previews batches: keeps for a review what writing them would do, and writes nothing."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from core.models import Outcome
from db import merge
from db.session import Tx
from pipeline.batch import Batch
from pipeline.incoming import incoming
from pipeline.write import Destination


class Previewer:
    """Previews the batches of one document, each in the caller's transaction."""

    def __init__(self, to: Destination) -> None:
        self._to = to
        self._rows = 0
        self._withdrawn: set[tuple[UUID, date]] = set()  # mappings and days that it takes back

    async def show(self, tx: Tx, batch: Batch) -> None:
        """Keeps what writing the batch, whose targets are known, would do."""
        self._withdrawn |= {
            (batch.targets[withdrawal.account].mapping_id, withdrawal.posted_date)
            for withdrawal in batch.withdrawals
        }
        numbers: dict[str, int] = {}
        rows = []
        for entry in batch.entries:
            if not batch.targets[entry.record.account].ignored:
                number = numbers.setdefault(entry.record.account, len(numbers) + 1)
                rows.append((entry, number))
        await merge.copy(tx, incoming(rows))
        await merge.compare(
            tx,
            self._to.job,
            start=self._rows,
            targets=[
                (
                    batch.targets[key].mapping_id,
                    batch.targets[key].account_id is None and batch.targets[key].unmapped,
                )
                for key in numbers
            ],
            withdrawn=self._withdrawn,
        )
        self._rows += len(rows)

    async def outcomes(self, tx: Tx) -> dict[Outcome, int]:
        """How many rows have which outcome."""
        return await merge.preview_counts(tx, self._to.job)

    async def withdrawn(self, tx: Tx) -> int:
        """How many rows that stand would be taken back."""
        return await merge.standing(tx, tenant_id=self._to.job.tenant_id, withdrawn=self._withdrawn)
