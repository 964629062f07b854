"""Writes batches: one transaction each, with the job's progress inside it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.account_number import plain_number, without_numbers
from core.categories import Verdict
from core.models import Connection, Delivery, Job, MappingState, RawDocument
from core.records import AccountRecord, Finding, Severity
from core.vault import DataKey
from db import corrections, expenses, intake, ledger, merge, placement, statements
from db.ledger import Counts
from db.merge import Merged
from db.session import Tx
from pipeline import stable_rows
from pipeline.account_matching import Settled, foresee, settle
from pipeline.batch import Batch, Entry, Target
from pipeline.categorizing import Categorizer
from pipeline.corrections import Corrected, correct
from pipeline.holdings import put_holdings
from pipeline.identity import external_account
from pipeline.incoming import incoming, subject
from pipeline.map_accounts import map_accounts
from pipeline.pending import seen_again
from pipeline.renumbered import told_renumbered
from pipeline.statements import put_statements

REPEATS_FAIR_PERCENT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where the rows of one document go."""

    job: Job
    connection: Connection
    document: RawDocument
    key: DataKey
    lease: timedelta
    stable: bool = False  # the source's ids alone say which row is which
    numbers: set[str] = field(default_factory=set, repr=False)  # that the document has named
    named: set[UUID] = field(default_factory=set, repr=False)  # mappings that it has named
    categorizer: Categorizer | None = None  # None: one of the document's own


async def resolve(
    tx: Tx,
    to: Destination,
    accounts: Sequence[AccountRecord],
    *,
    may_open: bool,
    foresees: bool = False,
) -> dict[str, Target]:
    """Where each account of the document leads, by the document's key.

    A new external account is remembered. Where `may_open` allows it, it gets the account that it
    surely is, or one of its own; but never one whose account someone took away. `foresees`: it is
    told which would wait, and nothing is decided.
    """
    if not accounts:
        return {}
    external = {record.key: external_account(record, to.key) for record in accounts}
    to.numbers.update(plain_number(one.number) for one in accounts if one.number is not None)
    met = await intake.meet(
        tx,
        tenant_id=to.job.tenant_id,
        connection_id=to.connection.id,
        lineage_id=to.connection.lineage_id,
        accounts=list({one.external_account_id: one for one in external.values()}.values()),
    )
    known = {key: met[account.external_account_id] for key, account in external.items()}
    to.named.update(one.mapping_id for one in known.values())
    await intake.put_numbers(
        tx,
        tenant_id=to.job.tenant_id,
        numbers={
            (known[key].mapping_id, *number)
            for key, account in external.items()
            for number in account.numbers
        },
    )
    pending = {
        known[key].mapping_id: account
        for key, account in external.items()
        if known[key].state is MappingState.PENDING and not known[key].fed
    }
    decide = settle if may_open else foresee
    asks = may_open or foresees
    settled = await decide(tx, to.job, pending, named=to.named) if asks else Settled()
    await intake.put_beside(tx, tenant_id=to.job.tenant_id, ids=to.named)
    return {
        key: Target(
            one.mapping_id,
            settled.accounts.get(one.mapping_id, one.account_id),
            one.state is MappingState.IGNORED,
            one.mapping_id in settled.waiting or (one.fed and one.state is MappingState.PENDING),
        )
        for key, one in known.items()
    }


class Writer:
    """Writes the batches of one document, each in the caller's transaction.

    Asking first which rows stand already is several times cheaper than merging them, and wasted
    where all are new: so it asks as long as the batch before had a fair share of repeats.
    """

    def __init__(
        self,
        to: Destination,
        *,
        asks: bool = True,
        meanwhile: Callable[[], None] | None = None,
    ) -> None:
        """`meanwhile` is called when the database gets work that takes a while."""
        self._to = to
        self._categorizer = to.categorizer or Categorizer(tenant_id=to.job.tenant_id)
        self._meanwhile = meanwhile or (lambda: None)
        self.asks = asks and to.connection.delivery is not Delivery.INCREMENTAL

    async def write(self, tx: Tx, batch: Batch) -> tuple[Batch, Counts]:
        """Writes one batch whose targets are known: withdrawals, rows, balances, statements.

        Returns the batch with the findings of the database added, and what was done.
        """
        to = self._to
        batch = map_accounts(await _decided(tx, to, batch))
        withdrawn, noted = await _withdraw(tx, to, batch)
        batch = replace(batch, findings=(*batch.findings, *noted))
        corrected = Corrected(batch=batch)
        if to.stable:
            await stable_rows.promote(tx, batch, tenant_id=to.job.tenant_id)
        else:
            corrected = await correct(tx, batch, tenant_id=to.job.tenant_id, document=to.document)
        batch, counts = await self._merge(tx, corrected.batch)
        counts = replace(counts, duplicate=counts.duplicate + corrected.known)
        withdrawn += corrected.withdrawn
        if corrected.deleted:
            removed = await corrections.remove(tx, corrected.deleted, tenant_id=to.job.tenant_id)
            withdrawn += removed.rows
        if to.stable and batch.removals:
            gone, finding = await stable_rows.remove(tx, batch, tenant_id=to.job.tenant_id)
            withdrawn += gone
            batch = replace(batch, findings=(*batch.findings, *finding))
        await merge.put_balances(
            tx,
            document=to.document,
            tenant_id=to.job.tenant_id,
            balances=[
                (record, target.mapping_id, target.account_id)
                for record in batch.balances
                if (target := batch.targets[record.account]).account_id is not None
            ],
        )
        await put_statements(tx, batch, tenant_id=to.job.tenant_id, document=to.document)
        unstorable = await put_holdings(tx, batch, tenant_id=to.job.tenant_id, document=to.document)
        return replace(batch, findings=(*batch.findings, *unstorable)), replace(
            counts, withdrawn=withdrawn, rejected=counts.rejected + len(unstorable)
        )

    async def _merge(self, tx: Tx, batch: Batch) -> tuple[Batch, Counts]:
        rejected = sum(1 for finding in batch.findings if finding.rejected)
        counts = Counts(
            processed=len(batch.entries) + rejected, rejected=rejected, waiting=batch.waiting
        )
        if not batch.mapped:
            return batch, counts
        if not self._to.stable:
            await seen_again(
                tx, tenant_id=self._to.job.tenant_id, document=self._to.document, batch=batch
            )
        rows: Sequence[tuple[Entry, Target]] = batch.mapped
        if self.asks:
            self._meanwhile()
            rows = await _unknown(tx, self._to, batch.mapped)
        foreseen = [entry.verdict for entry, _ in rows if entry.verdict is not None]
        verdicts = await self._categorizer.decide(
            tx,
            [subject(*row) for row in rows],
            foreseen if len(foreseen) == len(rows) else None,
        )
        merged, findings = await _put(tx, self._to, rows, verdicts, meanwhile=self._meanwhile)
        if not self._to.stable:
            findings += await told_renumbered(
                tx,
                rows,
                batch.mapped,
                tenant_id=self._to.job.tenant_id,
                document=self._to.document,
            )
        await expenses.follow(tx, tenant_id=self._to.job.tenant_id)
        held = sum(1 for finding in findings if finding.rejected)
        duplicate = len(batch.mapped) - held - merged.new - merged.changed
        if self._to.connection.delivery is not Delivery.INCREMENTAL:
            self.asks = duplicate > len(batch.mapped) * REPEATS_FAIR_PERCENT // 100
        return replace(batch, findings=(*batch.findings, *findings)), replace(
            counts,
            imported=merged.new,
            changed=merged.changed,
            duplicate=duplicate,
            rejected=rejected + held,
        )


async def _decided(tx: Tx, to: Destination, batch: Batch) -> Batch:
    """The batch with targets as they are decided now, which they stay until it is written."""
    keys = {entry.record.account for entry in batch.entries}
    keys |= {withdrawal.account for withdrawal in batch.withdrawals}
    keys |= {balance.account for balance in batch.balances}
    named = {removal.account for removal in batch.removals}
    named |= {succession.account for succession in batch.successions}
    keys |= named & batch.targets.keys()
    keys |= {holding.account for holding in batch.holdings}
    keys |= {portfolio.account for portfolio in batch.portfolios}
    keys |= {proof.account for proof in batch.proofs}
    ids = {batch.targets[key].mapping_id for key in keys}
    decided = await placement.decided(tx, tenant_id=to.job.tenant_id, ids=ids)
    current = {
        key: batch.targets[key]._replace(
            account_id=one.account_id, ignored=one.state is MappingState.IGNORED
        )
        for key in keys
        if (one := decided[batch.targets[key].mapping_id])
    }
    return replace(batch, targets={**batch.targets, **current})


async def _withdraw(tx: Tx, to: Destination, batch: Batch) -> tuple[int, list[Finding]]:
    rows = 0
    findings = []
    for withdrawal in batch.withdrawals:
        target = batch.targets[withdrawal.account]
        if target.account_id is None:
            continue
        await statements.withdraw(
            tx,
            document=to.document,
            tenant_id=to.job.tenant_id,
            mapping_id=target.mapping_id,
            day=withdrawal.posted_date,
        )
        withdrawn = await merge.withdraw(
            tx,
            document=to.document,
            tenant_id=to.job.tenant_id,
            mapping_id=target.mapping_id,
            day=withdrawal.posted_date,
        )
        rows += withdrawn.rows
        if withdrawn.reconciled:
            findings.append(
                Finding(
                    Severity.WARNING,
                    "reconciled-withdrawn",
                    f"The source takes back its report of {withdrawal.posted_date}, and with it "
                    f"{withdrawn.reconciled:,} transactions that are reconciled. What it does "
                    "not report anew stands until it is decided which version counts.",
                    line=withdrawal.line,
                )
            )
    return rows, findings


async def _unknown(
    tx: Tx, to: Destination, mapped: Sequence[tuple[Entry, Target]]
) -> list[tuple[Entry, Target]]:
    """The rows that do not stand already just as they come."""
    repeated = await merge.repeated(
        tx,
        tenant_id=to.job.tenant_id,
        mappings=[target.mapping_id for _, target in mapped],
        fingerprints=[entry.fingerprint for entry, _ in mapped],
        occurrences=[entry.occurrence for entry, _ in mapped],
        content_keys=[entry.content_key for entry, _ in mapped],
        statuses=[entry.record.status for entry, _ in mapped],
    )
    return [row for index, row in enumerate(mapped) if index not in repeated]


async def _put(
    tx: Tx,
    to: Destination,
    rows: Sequence[tuple[Entry, Target]],
    verdicts: Sequence[Verdict],
    *,
    meanwhile: Callable[[], None],
) -> tuple[Merged, list[Finding]]:
    if not rows:
        return Merged(new=0, changed=0), []
    numbers: dict[Target, int] = {}
    await merge.copy(
        tx,
        incoming(
            ((entry, numbers.setdefault(target, len(numbers) + 1)) for entry, target in rows),
            verdicts,
        ),
    )
    mappings = [target.mapping_id for target in numbers]
    held = await _held(tx, to, mappings)
    if to.stable:
        await merge.forget_aliased(tx, tenant_id=to.job.tenant_id, mappings=mappings)
    meanwhile()
    merged = await merge.merge(
        tx,
        document=to.document,
        tenant_id=to.job.tenant_id,
        targets=[
            (target.mapping_id, target.account_id)
            for target in numbers
            if target.account_id is not None
        ],
    )
    clashes = []
    if to.stable:
        await merge.close(tx)  # a sync merges several pages in one transaction
    elif any(entry.record.external_id is not None for entry, _ in rows):
        clashes = await _clashes(tx, to, mappings)
    return merged, [*held, *clashes]


async def _held(tx: Tx, to: Destination, mappings: Sequence[UUID]) -> list[Finding]:
    if to.connection.delivery is not Delivery.INCREMENTAL:
        return []
    rows = await merge.hold_equal_rows(
        tx, tenant_id=to.job.tenant_id, document=to.document, mappings=mappings
    )
    return [
        Finding(
            Severity.WARNING,
            "equal-row-elsewhere",
            "An equal row came with another file of a connection that delivers each row once. "
            "It was left out: look whether it is a repeat or a second booking.",
            line=line,
            raw=text,
            rejected=True,
        )
        for line, text in sorted(rows)
    ]


async def _clashes(tx: Tx, to: Destination, mappings: Sequence[UUID]) -> list[Finding]:
    rows = await merge.clashing_ids(tx, tenant_id=to.job.tenant_id, mappings=mappings)
    return [
        Finding(
            Severity.WARNING,
            "external-id-reused",
            f"The source gives the id {external_id!r} to more than one row. All were kept.",
            line=line,
            field="externalId",
        )
        for line, external_id in rows
    ]


async def note(
    tx: Tx,
    to: Destination,
    batch: Batch,
    counts: Counts,
    *,
    found: int,
    rate: int,
    wrote: bool,
) -> int:
    """Keeps a batch's findings and the job's progress; returns the findings so far.

    Account numbers that the document has named are masked in them.
    """
    findings = [_masked(finding, to.numbers) for finding in batch.findings]
    await ledger.put_findings(tx, to.job, start=found, findings=findings)
    await ledger.advance(
        tx,
        to.job,
        lease=to.lease,
        checkpoint=batch.end,
        counts=counts,
        rate=rate,
        wrote=wrote,
    )
    return found + len(batch.findings)


def _masked(finding: Finding, numbers: Collection[str]) -> Finding:
    if finding.raw is None:
        return finding
    return finding._replace(raw=without_numbers(finding.raw, numbers))
