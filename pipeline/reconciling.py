"""Reconciling: what a complete reading of some days did not have, for sources that remove nothing.

It is asked before the reading is written: a row that has vanished may go on in one that is new.
Otherwise a pending row goes at once, a booked one when it is missed for the second time, or at once
too where one reading is proof.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from core.records import AccountRecord, RemovalRecord, TransactionStatus
from core.vault import DataKey
from db import stable_ids
from db.session import Tx
from db.stable_ids import Missing
from pipeline.batch import Entry, Target
from pipeline.formats import Missed
from pipeline.identity import external_account
from pipeline.row_texts import stable_fingerprint
from pipeline.succession import successions
from providers.base import Window


@dataclass(slots=True)
class _Reading:
    """What came of one account."""

    seen: set[str] = field(default_factory=set)  # ids
    named: set[str] = field(default_factory=set)  # ids of pending rows that booked ones name
    entries: list[Entry] = field(default_factory=list)


async def missed(
    tx: Tx,
    *,
    tenant_id: UUID,
    windows: Sequence[Window],
    entries: Iterable[Entry],
    targets: Mapping[str, Target],
    accounts: Mapping[str, AccountRecord],
    key: DataKey,
) -> list[Missed]:
    """What has gone of each account, and what goes on as what. Notes booked rows that are missed
    for the first time."""
    readings = _readings((window.account for window in windows), entries)
    found = []
    for name, reading in readings.items():
        target, record = targets.get(name), accounts.get(name)
        if target is None or target.account_id is None or record is None:
            continue
        own = [window for window in windows if window.account == name]
        rows = await _missing(tx, tenant_id, target, own, reading)
        if not rows:
            continue
        succeeded = await _succeeded(tx, tenant_id, target, rows, reading)
        gone = {old_id for old_id, _ in succeeded}
        left = [row for row in rows if row.external_id not in gone]
        over = {row.id for row in left if _is_over(row, own)}
        await stable_ids.note_missed(
            tx, tenant_id=tenant_id, ids=[row.id for row in left if row.id not in over]
        )
        vanished = [row.external_id for row in left if row.id in over]
        if succeeded or vanished:
            found.append(
                Missed(
                    account_id=external_account(record, key).external_account_id,
                    currency=record.currency,
                    succeeded=succeeded,
                    vanished=vanished,
                )
            )
    return found


async def replaced(
    tx: Tx,
    *,
    tenant_id: UUID,
    removals: Iterable[RemovalRecord],
    entries: Iterable[Entry],
    targets: Mapping[str, Target],
    accounts: Mapping[str, AccountRecord],
    key: DataKey,
) -> list[Missed]:
    """What goes on as what, of pending rows that the source takes back: it does not always say
    which booked one a pending one has become."""
    removed: dict[str, set[str]] = {}
    for removal in removals:
        removed.setdefault(removal.account, set()).add(removal.external_id)
    readings = _readings(removed, entries)
    found = []
    for name, reading in readings.items():
        target, record = targets.get(name), accounts.get(name)
        if target is None or target.account_id is None or record is None or not reading.entries:
            continue
        rows = await stable_ids.pending(
            tx,
            tenant_id=tenant_id,
            mapping_id=target.mapping_id,
            fingerprints=[
                stable_fingerprint(one) for one in removed[name] - reading.seen - reading.named
            ],
        )
        succeeded = await _succeeded(tx, tenant_id, target, rows, reading) if rows else []
        if succeeded:
            found.append(
                Missed(
                    account_id=external_account(record, key).external_account_id,
                    currency=record.currency,
                    succeeded=succeeded,
                    vanished=(),
                )
            )
    return found


def _readings(accounts: Iterable[str], entries: Iterable[Entry]) -> dict[str, _Reading]:
    """What came of each of these accounts."""
    readings = {account: _Reading() for account in accounts}
    for entry in entries:
        reading = readings.get(entry.record.account)
        if reading is not None and entry.record.external_id is not None:
            reading.seen.add(entry.record.external_id)
            reading.entries.append(entry)
            if entry.record.pending_external_id is not None:
                reading.named.add(entry.record.pending_external_id)
    return readings


async def _missing(
    tx: Tx, tenant_id: UUID, target: Target, windows: Sequence[Window], reading: _Reading
) -> list[Missing]:
    assert target.account_id is not None
    rows: dict[UUID, Missing] = {}
    for window in windows:
        found = await stable_ids.missing(
            tx,
            tenant_id=tenant_id,
            account_id=target.account_id,
            mapping_id=target.mapping_id,
            first=window.first,
            last=window.last,
            seen=[*reading.seen, *reading.named],
        )
        rows |= {row.id: row for row in found}
    return list(rows.values())


async def _succeeded(
    tx: Tx, tenant_id: UUID, target: Target, rows: Sequence[Missing], reading: _Reading
) -> list[tuple[str, str]]:
    known = await stable_ids.standing(
        tx,
        tenant_id=tenant_id,
        mapping_id=target.mapping_id,
        fingerprints=[entry.fingerprint for entry in reading.entries],
    )
    fresh = [
        entry
        for entry in reading.entries
        if entry.fingerprint not in known and entry.record.pending_external_id is None
    ]
    return [
        (old.external_id, entry.record.external_id)
        for old, entry in successions(rows, fresh)
        if entry.record.external_id is not None
    ]


def _is_over(row: Missing, windows: Sequence[Window]) -> bool:
    return (
        row.status is TransactionStatus.PENDING
        or row.was_missed
        or any(one.certain and one.first <= row.day <= one.last for one in windows)
    )
