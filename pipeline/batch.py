"""A batch: some of a document's records on their way to becoming rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from core.categories import Verdict
from core.records import (
    AccountRecord,
    BalanceRecord,
    Finding,
    HoldingRecord,
    PortfolioRecord,
    ProofRecord,
    Record,
    RemovalRecord,
    SuccessionRecord,
    TransactionRecord,
    WithdrawalRecord,
)

BATCH_RECORDS: Final = 10_000  # bounds memory; larger batches gained nothing when measured


class Entry(NamedTuple):
    """A transaction with what identifies it inside its external account."""

    record: TransactionRecord
    sort_date: date
    fingerprint: bytes  # 16 bytes
    occurrence: int
    content_key: int  # 64 bits, signed: what is no part of the identity
    verdict: Verdict | None = None  # what it was for, judged ahead


class Target(NamedTuple):
    """Where an external account's rows go; no account means that they wait or are ignored."""

    mapping_id: UUID
    account_id: UUID | None
    ignored: bool = False
    unmapped: bool = False  # it waits for someone to name an account


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What one database transaction takes in. Stages fill it from left to right."""

    end: int  # records of the document up to and including this batch
    accounts: tuple[AccountRecord, ...]
    withdrawals: tuple[WithdrawalRecord, ...]
    transactions: tuple[TransactionRecord, ...]
    balances: tuple[BalanceRecord, ...]
    findings: tuple[Finding, ...]
    removals: tuple[RemovalRecord, ...] = ()
    successions: tuple[SuccessionRecord, ...] = ()
    holdings: tuple[HoldingRecord, ...] = ()
    portfolios: tuple[PortfolioRecord, ...] = ()
    proofs: tuple[ProofRecord, ...] = ()
    # normalize
    entries: tuple[Entry, ...] = ()
    # map_accounts
    targets: Mapping[str, Target] = field(default_factory=dict)
    mapped: tuple[tuple[Entry, Target], ...] = ()
    waits: Mapping[UUID, int] = field(default_factory=dict)  # rows that wait, by mapping
    ignored: int = 0

    @property
    def waiting(self) -> int:
        """How many rows wait for a mapping."""
        return sum(self.waits.values())


def batches(records: Iterable[Record], *, size: int = BATCH_RECORDS) -> Iterator[Batch]:
    """The records in batches of `size`; the last may be empty, so that even nothing is a batch.

    A batch is written withdrawals first. So one that takes back what its part already says of the
    account's day opens the next: what stands before it in the document is written before it.
    """
    part = _Part()
    end = 0
    for record in _numbered(records):
        if len(part.records) >= size or part.is_withdrawn_by(record):
            yield part.batch(end)
            part = _Part()
        end += 1
        part.add(record)
    yield part.batch(end)


def _numbered(records: Iterable[Record]) -> Iterator[Record]:
    """The records, statements with their place among those of the document."""
    statements = 0
    for record in records:
        if isinstance(record, ProofRecord):
            yield record._replace(ordinal=statements)
            statements += 1
        else:
            yield record


def day_of(record: TransactionRecord) -> date | None:
    """The day that is part of a row's identity; None where the source gave no readable date."""
    return record.posted_date or record.transaction_date or record.value_date


class _Part:
    """Collects the records of one batch by kind."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self._said: set[tuple[str, date | None]] = set()  # accounts and days

    def add(self, record: Record) -> None:
        self.records.append(record)
        if isinstance(record, TransactionRecord):
            self._said.add((record.account, day_of(record)))
        elif isinstance(record, BalanceRecord):
            self._said.add((record.account, record.as_of))
        elif isinstance(record, ProofRecord):
            self._said.add((record.account, record.to_date))

    def is_withdrawn_by(self, record: Record) -> bool:
        return (
            isinstance(record, WithdrawalRecord)
            and (record.account, record.posted_date) in self._said
        )

    def batch(self, end: int) -> Batch:
        records = self.records
        return Batch(
            end=end,
            accounts=tuple(r for r in records if isinstance(r, AccountRecord)),
            withdrawals=tuple(_once(r for r in records if isinstance(r, WithdrawalRecord))),
            transactions=tuple(r for r in records if isinstance(r, TransactionRecord)),
            balances=tuple(r for r in records if isinstance(r, BalanceRecord)),
            findings=tuple(r for r in records if isinstance(r, Finding)),
            removals=tuple(r for r in records if isinstance(r, RemovalRecord)),
            successions=tuple(r for r in records if isinstance(r, SuccessionRecord)),
            holdings=tuple(r for r in records if isinstance(r, HoldingRecord)),
            portfolios=tuple(r for r in records if isinstance(r, PortfolioRecord)),
            proofs=tuple(r for r in records if isinstance(r, ProofRecord)),
        )


def _once(withdrawals: Iterable[WithdrawalRecord]) -> Iterable[WithdrawalRecord]:
    """The first of those that take back the same day: nothing of it stands between them."""
    found: dict[tuple[str, date], WithdrawalRecord] = {}
    for withdrawal in withdrawals:
        found.setdefault((withdrawal.account, withdrawal.posted_date), withdrawal)
    return found.values()
