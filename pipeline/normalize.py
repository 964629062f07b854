"""Normalize: text that Postgres can hold, a date to sort by, and the identity of each row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from typing import Final

from core.records import TransactionRecord
from pipeline.batch import Batch, Entry, day_of
from pipeline.ordinals import Ordinals

DESCRIPTION_MAX: Final = 10_000
TEXT_MAX: Final = 500
UNDATED: Final = date.min  # counts rows without a posted date together: no day tells them apart
_DAY_BYTES: Final = 4
_STABLE: Final = b"\xff" * _DAY_BYTES  # in place of the day, which may change; no day is this one
_DIGEST_BYTES: Final = 12
_CONTENT_BYTES: Final = 8
_VERSION: Final = "1"  # a change of what a fingerprint is made of needs a re-keying migration


def normalize(batch: Batch, *, ordinals: Ordinals, received: date) -> Batch:
    """The batch with entries. `received` sorts a row whose source gave no readable date."""
    for withdrawal in batch.withdrawals:
        ordinals.forget(withdrawal.account, withdrawal.posted_date)
    records = [_clean(record) for record in batch.transactions]
    dates = [_sort_date(record, received) for record in records]
    prints = [fingerprint(record) for record in records]
    counted = ordinals.assign(
        (record.account, record.posted_date or UNDATED, mark)
        for record, mark in zip(records, prints, strict=True)
    )
    keys = [content_key(record) for record in records]
    return replace(batch, entries=tuple(map(Entry, records, dates, prints, counted, keys)))


def normalize_stable(batch: Batch, *, received: date) -> Batch:
    """The batch with entries of a source whose ids are stable: an id is one row, the last one wins.

    A record without an id is none that such a source can have delivered.
    """
    last: dict[tuple[str, bytes], Entry] = {}
    for each in batch.transactions:
        record = _clean(each)
        assert record.external_id is not None, "stable ids are a fact of the connector"
        mark = stable_fingerprint(record.external_id)
        last.pop((record.account, mark), None)
        last[record.account, mark] = Entry(
            record, _sort_date(record, received), mark, 0, content_key(record, stable=True)
        )
    return replace(batch, entries=tuple(last.values()))


def stable_fingerprint(external_id: str) -> bytes:
    """16 bytes that are equal for equal ids of one external account, and for nothing else."""
    body = "\x1f".join([_VERSION, "stable", external_id])
    return _STABLE + blake2b(body.encode(), digest_size=_DIGEST_BYTES).digest()


def fingerprint(record: TransactionRecord) -> bytes:
    """16 bytes that are equal for equal rows of one external account, whatever file brings them.

    A file's ids are no proof of identity (banks reuse them), so amount and day count even where
    there is an id; the rest of the content counts only where there is none. The running balance
    never counts: it differs between exports of the same row.
    """
    amount = str(record.amount.normalize()) if record.amount else "0"
    dated = day_of(record)
    day = dated.isoformat() if dated else ""
    if record.external_id is not None:
        parts: Sequence[str | None] = ("id", day, amount, record.currency, record.external_id)
    else:
        parts = (
            "row",
            day,
            amount,
            record.currency,
            record.type_code,
            record.reference,
            record.customer_reference,
            record.description,
        )
    body = "\x1f".join([_VERSION, *[part or "" for part in parts]])
    # The day comes first, so that a new statement's rows lie together in the index.
    place = (dated.toordinal() if dated else 0).to_bytes(_DAY_BYTES, "big")
    return place + blake2b(body.encode(), digest_size=_DIGEST_BYTES).digest()


def content_key(record: TransactionRecord, *, stable: bool = False) -> int:
    """A digest of what may change without making another row: 64 bits, signed.

    Where the id alone makes the row, amount and day may change too.
    """
    extra = record.extra
    parts = (
        *(_identifying(record) if stable else ()),
        record.transaction_date.isoformat() if record.transaction_date else "",
        record.value_date.isoformat() if record.value_date else "",
        record.description,
        record.description_raw,
        record.merchant_name or "",
        record.reference or "",
        record.customer_reference or "",
        record.type_code or "",
        record.category or "",
        "" if record.running_balance is None else str(record.running_balance),
        *((part for pair in extra.items() for part in pair) if extra else ()),
    )
    digest = blake2b("\x1f".join(parts).encode(), digest_size=_CONTENT_BYTES).digest()
    return int.from_bytes(digest, "big", signed=True)


def _identifying(record: TransactionRecord) -> tuple[str, ...]:
    posted = record.posted_date.isoformat() if record.posted_date else ""
    return (str(record.amount), record.currency, posted)


def _sort_date(record: TransactionRecord, received: date) -> date:
    return day_of(record) or received


def _clean(record: TransactionRecord) -> TransactionRecord:
    """The record with text that UTF-8 and Postgres can hold; most records come back as they are."""
    raw = record.description_raw
    if len(raw) <= DESCRIPTION_MAX and _is_plain(record):
        return record
    return record._replace(
        description=storable_text(record.description)[:DESCRIPTION_MAX],
        description_raw=storable_text(raw)[:DESCRIPTION_MAX],
        external_id=_optional(record.external_id),
        reference=_optional(record.reference),
        customer_reference=_optional(record.customer_reference),
        merchant_name=_optional(record.merchant_name),
        type_code=_optional(record.type_code),
        category=_optional(record.category),
        extra={storable_text(k): storable_text(v) for k, v in (record.extra or {}).items()} or None,
    )


def _is_plain(record: TransactionRecord) -> bool:
    for text in (
        record.external_id,
        record.reference,
        record.customer_reference,
        record.merchant_name,
        record.type_code,
        record.category,
    ):
        if text is not None and not (0 < len(text) <= TEXT_MAX and _is_plain_text(text)):
            return False
    if not (_is_plain_text(record.description) and _is_plain_text(record.description_raw)):
        return False
    return not record.extra or all(
        _is_plain_text(name) and _is_plain_text(value) for name, value in record.extra.items()
    )


def _is_plain_text(text: str) -> bool:
    return text.isascii() and "\x00" not in text


def storable_text(text: str) -> str:
    """Text without NUL and lone surrogates, each shown as the replacement character."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _optional(text: str | None) -> str | None:
    return None if text is None else storable_text(text)[:TEXT_MAX] or None
