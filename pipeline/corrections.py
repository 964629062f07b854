"""Corrections: rows of files that their source replaces or deletes by the ids that it gave them.

The row stays the same one, with what people decided about it, and becomes what the source says of
it now. What was corrected stays so: it is not booked again with a document that repeats it, and a
correction that comes before its row waits for it. An id that several rows have names none of them;
of several corrections of one id the last one said counts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from uuid import UUID

from core.models import RawDocument
from core.records import Finding, Severity, TransactionStatus
from db import corrections
from db.corrections import DELETED, Correction, Known, Standing
from db.session import Tx
from pipeline.batch import Batch, Entry, Target
from pipeline.normalize import storable_text
from pipeline.row_texts import TEXT_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """The batch without the rows that were corrected, how many these are, and which of those that
    are left its source has deleted since."""

    batch: Batch
    known: int = 0  # rows that were left out
    withdrawn: int = 0
    deleted: tuple[Known, ...] = ()
    old_ids: Mapping[Known, UUID] = field(default_factory=dict)  # what rows of it have corrected


@dataclass(slots=True, kw_only=True)
class _Coming:
    """The rows of a batch that are still to be written."""

    entries: dict[Known, Entry]
    by_id: dict[tuple[UUID, str], list[Known]]
    correcting: set[tuple[Known, str]]  # rows, and the ids that they correct
    past: set[Known]  # corrected before, by what was written
    left_out: set[Known] = field(default_factory=set)
    deleted: list[Known] = field(default_factory=list)
    places: dict[tuple[UUID, str], Known] = field(default_factory=dict)  # who stands for an id
    replaced: dict[Known, Known | None] = field(default_factory=dict)

    def under(self, mapping_id: UUID, external_id: str) -> dict[Known, Entry]:
        """Those with an id that nothing has corrected yet. What corrects an id does not have it,
        even where it is under the same one."""
        gone = {*self.left_out, *self.deleted, *self.past}
        return {
            row: self.entries[row]
            for row in self.by_id.get((mapping_id, external_id), ())
            if row not in gone and (row, external_id) not in self.correcting
        }

    def after(self, one: Correction) -> dict[Known, Entry]:
        """What took the place of the row with the id, if that comes with this batch too."""
        row = self.places.get((one.mapping_id, one.external_id))
        while row is not None and row in self.replaced:
            row = self.replaced[row]
        return {} if row is None or row == one.new else {row: self.entries[row]}


async def correct(tx: Tx, batch: Batch, *, tenant_id: UUID, document: RawDocument) -> Corrected:
    """Applies what a batch, whose targets are known, says of rows by their ids."""
    said = sorted(_said(batch), key=lambda one: one.line)
    mappings = {target.mapping_id for _, target in batch.mapped}
    if not said and not (
        mappings and await corrections.any_of(tx, tenant_id=tenant_id, mappings=mappings)
    ):
        return Corrected(batch=batch)
    rows = [known_by(*row) for row in batch.mapped]
    past = {rows[one] for one in await corrections.corrected(tx, rows, tenant_id=tenant_id)}
    coming = _coming(batch, said, past)
    correcting = _Correcting(tx, coming, tenant_id=tenant_id, document=document)
    # What waits has been said before.
    await correcting.apply_waiting(mappings)
    for one in said:
        await correcting.apply(one)
    return await correcting.result(batch)


async def foresee(tx: Tx, batch: Batch, *, tenant_id: UUID, document: RawDocument) -> Corrected:
    """What applying a batch would do; nothing is kept of it."""
    async with tx.trial():
        return await correct(tx, batch, tenant_id=tenant_id, document=document)


def known_by(entry: Entry, target: Target) -> Known:
    """What a row of a batch is known by."""
    return Known(target.mapping_id, entry.fingerprint, entry.occurrence)


def _said(batch: Batch) -> Iterator[Correction]:
    for entry, target in batch.mapped:
        old_id = kept_id(entry.record.pending_external_id)
        if old_id:
            yield Correction(
                mapping_id=target.mapping_id,
                external_id=old_id,
                new=known_by(entry, target),
                new_id=entry.record.external_id,
                line=entry.record.line,
            )
    for removal in batch.removals:
        named = batch.targets.get(removal.account)
        old_id = kept_id(removal.external_id)
        if old_id and named is not None and named.account_id is not None:
            yield Correction(
                mapping_id=named.mapping_id,
                external_id=old_id,
                new=None,
                new_id=None,
                line=removal.line,
            )


def kept_id(external_id: str | None) -> str:
    """An id as rows have it."""
    return storable_text(external_id or "")[:TEXT_MAX]


def _coming(batch: Batch, said: Iterable[Correction], past: set[Known]) -> _Coming:
    by_id: defaultdict[tuple[UUID, str], list[Known]] = defaultdict(list)
    entries = {}
    for entry, target in batch.mapped:
        row = known_by(entry, target)
        entries[row] = entry
        if entry.record.external_id is not None:
            by_id[target.mapping_id, entry.record.external_id].append(row)
    return _Coming(
        entries=entries,
        by_id=dict(by_id),
        correcting={(one.new, one.external_id) for one in said if one.new is not None},
        past=past,
    )


class _Correcting:
    """The corrections of one batch while they are applied, one after another."""

    def __init__(self, tx: Tx, coming: _Coming, *, tenant_id: UUID, document: RawDocument) -> None:
        self._tx = tx
        self._coming = coming
        self._tenant_id = tenant_id
        self._document = document
        self._findings: list[Finding] = []
        self._withdrawn = self._reconciled = 0
        self._old_ids: dict[Known, UUID] = {}

    async def apply(self, one: Correction) -> None:
        """Apply what the document says, unless it was said before."""
        tx, tenant_id = self._tx, self._tenant_id
        if not await corrections.note(tx, one, tenant_id=tenant_id, document=self._document):
            return
        stored = await corrections.standing(tx, one, tenant_id=tenant_id)
        known = {Known(one.mapping_id, row.fingerprint, row.occurrence) for row in stored}
        coming = {
            row: entry
            for row, entry in self._coming.under(one.mapping_id, one.external_id).items()
            if row not in known
        }
        if not stored and not coming:
            coming = self._coming.after(one)
        if len(stored) + len(coming) > 1:
            await corrections.forget(tx, one, tenant_id=tenant_id)
            self._find(
                "correction-ambiguous",
                f"Several rows of the account have the id {one.external_id!r} that is corrected "
                "here: none of them was touched. Look which one is meant.",
                one.line,
            )
            return
        if one.new is not None:
            self._coming.places[one.mapping_id, one.external_id] = one.new
        if stored:
            await self._correct(one, stored[0])
        elif coming:
            ((row, entry),) = coming.items()
            await self._correct_coming(one, row, entry)
        else:
            self._find(
                "correction-unmatched",
                f"No row of the account has the id {one.external_id!r} that is corrected here: "
                "the correction waits for it.",
                one.line,
            )

    async def apply_waiting(self, mappings: set[UUID]) -> None:
        """Apply earlier corrections to rows that come only now."""
        waiting = await corrections.waiting(self._tx, tenant_id=self._tenant_id, mappings=mappings)
        for mapping_id, external_id, new_print in waiting:
            rows = self._coming.under(mapping_id, external_id)
            rows = {row: entry for row, entry in rows.items() if row.fingerprint != new_print}
            if len(rows) != 1:
                continue
            ((row, entry),) = rows.items()
            new = None if new_print == DELETED else Known(mapping_id, new_print, 0)
            one = Correction(
                mapping_id=mapping_id, external_id=external_id, new=new, new_id=None, line=0
            )
            await self._correct_coming(one, row, entry)

    async def result(self, batch: Batch) -> Corrected:
        """What is left of the batch."""
        known = [known_by(*row) for row in batch.mapped]
        again = await corrections.corrected(self._tx, known, tenant_id=self._tenant_id)
        deleted = set(self._coming.deleted)
        mapped = tuple(
            row
            for index, (row, one) in enumerate(zip(batch.mapped, known, strict=True))
            if one in deleted or (index not in again and one not in self._coming.left_out)
        )
        if self._reconciled:
            self._find(
                "reconciled-removed",
                f"The source takes back {self._reconciled:,} transactions that are reconciled. "
                "They stand until it is decided which version counts.",
                0,
            )
        return Corrected(
            batch=replace(batch, mapped=mapped, findings=(*batch.findings, *self._findings)),
            known=len(batch.mapped) - len(mapped),
            withdrawn=self._withdrawn,
            deleted=tuple(self._coming.deleted),
            old_ids=self._old_ids,
        )

    async def _correct(self, one: Correction, row: Standing) -> None:
        """Let a row that stands go on as its correction has it."""
        tx, tenant_id = self._tx, self._tenant_id
        old = Known(one.mapping_id, row.fingerprint, row.occurrence)
        goes_on, displaced = False, None
        if one.new is not None:
            self._old_ids[one.new] = row.id
            new, new_id = await corrections.final(tx, one.new, one.new_id, tenant_id=tenant_id)
            if new == old:  # corrected back to what it was
                await corrections.reinstate(tx, one.new, tenant_id=tenant_id)
                new, new_id = one.new, one.new_id
            goes_on = await corrections.replace(tx, row, new, new_id, tenant_id=tenant_id)
            if not goes_on and await self._displace(one, row, new):
                goes_on, displaced = True, new
        await corrections.applied(
            tx,
            one,
            tenant_id=tenant_id,
            old=(row.fingerprint, row.occurrence),
            where=(row.job_id, row.raw_id, row.raw_line),
            displaced=displaced,
        )
        if not goes_on:
            removed = await corrections.remove(tx, [old], tenant_id=tenant_id)
            self._withdrawn += removed.rows
            self._reconciled += removed.reconciled

    async def _displace(self, one: Correction, row: Standing, new: Known) -> bool:
        """Where both rows stand, let the corrected one go on with what people decided about it;
        not where nobody did, or somebody did of the other one too, whose own counts."""
        tx, tenant_id = self._tx, self._tenant_id
        # A removed one is as new where it comes with this batch.
        other = await corrections.taking(
            tx, new, tenant_id=tenant_id, or_removed=new in self._coming.entries
        )
        if other is None or row.status is TransactionStatus.REMOVED:
            return False
        decided = await corrections.decided(tx, (row.id, other.id), tenant_id=tenant_id)
        if row.id not in decided:
            return False
        if other.id in decided:
            self._find(
                "correction-decided-twice",
                f"People decided about the row with the id {one.external_id!r}, which is corrected "
                "here, and about the one that takes its place: what was said of this one counts. "
                "Look whether its category, parts, groups and links are right.",
                one.line,
            )
            return False
        await corrections.displace(tx, row, other, tenant_id=tenant_id)
        self._withdrawn += other.status is not TransactionStatus.REMOVED
        return True

    async def _correct_coming(self, one: Correction, row: Known, entry: Entry) -> None:
        """Leave a row out that its correction stands for; a deleted one is kept as such."""
        if one.new is None:
            self._coming.deleted.append(row)
        else:
            self._coming.left_out.add(row)
        self._coming.replaced[row] = one.new
        await corrections.applied(
            self._tx,
            one,
            tenant_id=self._tenant_id,
            old=(row.fingerprint, row.occurrence),
            where=(self._document.job_id, self._document.id, entry.record.line),
        )

    def _find(self, code: str, message: str, line: int) -> None:
        self._findings.append(Finding(Severity.WARNING, code, message, line or None))
