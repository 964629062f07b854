"""Previews batches: keeps for a review what writing them would do, and writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from core.models import Outcome
from db import merge
from db.merge import Foreseen
from db.session import Tx
from pipeline.batch import Batch
from pipeline.corrections import foresee, kept_id, known_by
from pipeline.incoming import incoming
from pipeline.write import Destination


class Previewer:
    """Previews the batches of one document, each in the caller's transaction."""

    def __init__(self, to: Destination) -> None:
        self._to = to
        self._rows = 0
        self._withdrawn: set[tuple[UUID, date]] = set()  # mappings and days that it takes back
        self._corrected = 0  # rows that stand, or come, and that it deletes or puts others for

    async def show(self, tx: Tx, batch: Batch) -> None:
        """Keeps what writing the batch, whose targets are known, would do."""
        self._withdrawn |= {
            (batch.targets[withdrawal.account].mapping_id, withdrawal.posted_date)
            for withdrawal in batch.withdrawals
        }
        corrections = await self._foreseen(tx, batch)
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
            corrections=corrections,
        )
        self._rows += len(rows)

    async def _foreseen(self, tx: Tx, batch: Batch) -> list[Foreseen]:
        """What corrections would do, row by row, where they would do anything."""
        # An account that the import would open is as good as one that there is.
        targets = {
            key: target if target.account_id else target._replace(account_id=target.mapping_id)
            for key, target in batch.targets.items()
            if not target.ignored and not target.unmapped
        }
        mapped = tuple(
            (entry, targets[entry.record.account])
            for entry in batch.entries
            if entry.record.account in targets
        )
        corrected = await foresee(
            tx,
            replace(batch, targets=targets, mapped=mapped),
            tenant_id=self._to.job.tenant_id,
            document=self._to.document,
        )
        self._corrected += corrected.withdrawn + len(corrected.deleted)
        stays = {known_by(*row) for row in corrected.batch.mapped}
        found = []
        for entry, target in mapped:
            row = known_by(entry, target)
            old_id = kept_id(entry.record.pending_external_id) or None
            if old_id is not None or row not in stays:
                old = corrected.old_ids.get(row)
                found.append(Foreseen(*row, old_id, old, row not in stays))
        return found

    async def outcomes(self, tx: Tx) -> dict[Outcome, int]:
        """How many rows have which outcome."""
        return await merge.preview_counts(tx, self._to.job)

    async def withdrawn(self, tx: Tx) -> int:
        """How many rows that stand would be taken back."""
        standing = await merge.standing(
            tx, tenant_id=self._to.job.tenant_id, withdrawn=self._withdrawn
        )
        return standing + self._corrected
