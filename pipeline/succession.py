"""Succession: which of the rows that have vanished go on in rows that are new.

A source without links between a pending booking and its final one, or one that names all it has
anew, would cost people what they set on the rows. Three rules, the surest first:

1. A source behind the source names the pending one.
2. A new row says exactly what the vanished one said: it is the same under another id. Equal twins
   are taken in order, as it makes no difference which is which.
3. A pending row and a booked one of the same amount, at most a week apart, where neither could be
   another's: first among rows with equal texts, then among the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import timedelta
from typing import Final

from core.records import PENDING_REMOTE_ID, TransactionStatus
from db.stable_ids import Missing
from pipeline.batch import Entry

BOOKED_WITHIN: Final = timedelta(days=7)

Pair = tuple[Missing, Entry]


def successions(missing: Sequence[Missing], fresh: Iterable[Entry]) -> list[Pair]:
    """Pairs of a row that has vanished and the one that it goes on in, each in one pair at most."""
    left = list(missing)
    new = sorted(fresh, key=lambda entry: (entry.sort_date, entry.record.external_id or ""))
    found: list[Pair] = []
    for rule in (_named, _same, _booked_with_text, _booked):
        pairs = rule(left, new)
        found += pairs
        gone = {old.id for old, _ in pairs}
        taken = {entry.fingerprint for _, entry in pairs}
        left = [old for old in left if old.id not in gone]
        new = [entry for entry in new if entry.fingerprint not in taken]
    return found


def _named(missing: Sequence[Missing], fresh: Sequence[Entry]) -> list[Pair]:
    pending = {
        old.remote_id: old
        for old in missing
        if old.remote_id is not None and old.status is TransactionStatus.PENDING
    }
    pairs = []
    for entry in fresh:
        old = pending.pop((entry.record.extra or {}).get(PENDING_REMOTE_ID, ""), None)
        if old is not None:
            pairs.append((old, entry))
    return pairs


def _same(missing: Sequence[Missing], fresh: Sequence[Entry]) -> list[Pair]:
    waiting: defaultdict[Hashable, list[Missing]] = defaultdict(list)
    for old in reversed(missing):
        waiting[old.status, old.amount, old.currency, old.day, old.description].append(old)
    pairs = []
    for entry in fresh:
        record = entry.record
        key = (record.status, record.amount, record.currency, entry.sort_date, record.description)
        if waiting[key]:
            pairs.append((waiting[key].pop(), entry))
    return pairs


def _booked_with_text(missing: Sequence[Missing], fresh: Sequence[Entry]) -> list[Pair]:
    return _alone(missing, fresh, lambda old, new: _fits(old, new) and _says_the_same(old, new))


def _booked(missing: Sequence[Missing], fresh: Sequence[Entry]) -> list[Pair]:
    return _alone(missing, fresh, _fits)


def _alone(
    missing: Sequence[Missing], fresh: Sequence[Entry], fits: Callable[[Missing, Entry], bool]
) -> list[Pair]:
    """The pairs of which neither fits another."""
    # Only rows of equal amounts can fit, so that a long window is not compared with itself.
    by_amount: defaultdict[Hashable, list[Entry]] = defaultdict(list)
    for entry in fresh:
        by_amount[entry.record.amount].append(entry)
    candidates = {
        index: [entry for entry in by_amount[old.amount] if fits(old, entry)]
        for index, old in enumerate(missing)
    }
    claims: defaultdict[bytes, int] = defaultdict(int)
    for entries in candidates.values():
        for entry in entries:
            claims[entry.fingerprint] += 1
    return [
        (missing[index], entries[0])
        for index, entries in candidates.items()
        if len(entries) == 1 and claims[entries[0].fingerprint] == 1
    ]


def _fits(old: Missing, entry: Entry) -> bool:
    record = entry.record
    return (
        old.status is TransactionStatus.PENDING
        and record.status is TransactionStatus.POSTED
        and old.amount == record.amount
        and old.currency == record.currency
        and abs(entry.sort_date - old.day) <= BOOKED_WITHIN
    )


def _says_the_same(old: Missing, entry: Entry) -> bool:
    return old.description == entry.record.description
