"""A batch: some of a document's records on their way to becoming rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from typing import Final, NamedTuple, TypeVar
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

Each = TypeVar("Each", bound=Record)

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
    source = iter(records)
    part: list[Record] = []
    end = statements = 0
    while True:
        # One more than a batch may have: where it comes, this is not the last one.
        part += islice(source, size + 1 - len(part))
        cut = _cut(part, size)
        batch = _batch(part[:cut], end + min(cut, len(part)), statements)
        yield batch
        if cut >= len(part):
            return
        end = batch.end
        statements += len(batch.proofs)
        part = part[cut:]


def _cut(part: Sequence[Record], size: int) -> int:
    """How many records the next batch takes of these."""
    if WithdrawalRecord not in set(map(type, part)):
        return size
    said: set[tuple[str, date | None]] = set()  # accounts and days
    for place, record in enumerate(part[:size]):
        if isinstance(record, TransactionRecord):
            said.add((record.account, day_of(record)))
        elif isinstance(record, BalanceRecord):
            said.add((record.account, record.as_of))
        elif isinstance(record, ProofRecord):
            said.add((record.account, record.to_date))
        elif isinstance(record, WithdrawalRecord) and (record.account, record.posted_date) in said:
            return place
    return size


def _batch(records: Sequence[Record], end: int, statements: int) -> Batch:
    """The batch of these records; `statements` came before them in the document."""
    kinds = set(map(type, records))

    def of(kind: type[Each]) -> tuple[Each, ...]:
        if kind not in kinds:
            return ()
        return tuple(record for record in records if isinstance(record, kind))

    return Batch(
        end=end,
        accounts=of(AccountRecord),
        withdrawals=tuple(_once(of(WithdrawalRecord))),
        transactions=of(TransactionRecord),
        balances=of(BalanceRecord),
        findings=of(Finding),
        removals=of(RemovalRecord),
        successions=of(SuccessionRecord),
        holdings=of(HoldingRecord),
        portfolios=of(PortfolioRecord),
        proofs=tuple(
            proof._replace(ordinal=number)
            for number, proof in enumerate(of(ProofRecord), start=statements)
        ),
    )


def day_of(record: TransactionRecord) -> date | None:
    """The day that is part of a row's identity; None where the source gave no readable date."""
    return record.posted_date or record.transaction_date or record.value_date


def _once(withdrawals: Iterable[WithdrawalRecord]) -> Iterable[WithdrawalRecord]:
    """The first of those that take back the same day: nothing of it stands between them."""
    found: dict[tuple[str, date], WithdrawalRecord] = {}
    for withdrawal in withdrawals:
        found.setdefault((withdrawal.account, withdrawal.posted_date), withdrawal)
    return found.values()
