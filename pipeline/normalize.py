"""Normalize: text that Postgres can hold, a date to sort by, and the identity of each row."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from itertools import repeat
from operator import attrgetter
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
_ACCOUNT: Final = attrgetter("account")
_POSTED_DATE: Final = attrgetter("posted_date")
_OPTIONAL: Final = attrgetter(
    "external_id",
    "reference",
    "customer_reference",
    "merchant_name",
    "type_code",
    "category",
)
_VERSION: Final = "1"  # a change of what a fingerprint is made of needs a re-keying migration


def normalize(batch: Batch, *, ordinals: Ordinals, received: date) -> Batch:
    """The batch with entries. `received` sorts a row whose source gave no readable date."""
    for withdrawal in batch.withdrawals:
        ordinals.forget(withdrawal.account, withdrawal.posted_date)
    records, dates, prints, keys = _identified(batch.transactions, received)
    counted = ordinals.assign(
        zip(
            map(_ACCOUNT, records),
            [day or UNDATED for day in map(_POSTED_DATE, records)],
            prints,
            strict=True,
        )
    )
    columns = zip(records, dates, prints, counted, keys, repeat(None), strict=False)
    # What `Entry` itself does, without a call of Python for each: a third of the time.
    return replace(batch, entries=tuple(map(tuple.__new__, repeat(Entry), columns)))


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
            record, day_of(record) or received, mark, 0, content_key(record, stable=True)
        )
    return replace(batch, entries=tuple(last.values()))


def stable_fingerprint(external_id: str) -> bytes:
    """16 bytes that are equal for equal ids of one external account, and for nothing else."""
    body = "\x1f".join([_VERSION, "stable", external_id])
    return _STABLE + blake2b(body.encode(), digest_size=_DIGEST_BYTES).digest()


def fingerprint(record: TransactionRecord) -> bytes:
    """16 bytes that are equal for equal rows of one external account, whatever file brings them."""
    day, identity, _ = _texts(record, _Days())
    # The day comes first, so that a new statement's rows lie together in the index.
    return _place(day) + blake2b(identity, digest_size=_DIGEST_BYTES).digest()


def content_key(record: TransactionRecord, *, stable: bool = False) -> int:
    """A digest of what may change without making another row: 64 bits, signed.

    Where the id alone makes the row, amount and day may change too.
    """
    _, _, content = _texts(record, _Days())
    if stable:
        content = "\x1f".join([*_identifying(record), ""]).encode() + content
    digest = blake2b(content, digest_size=_CONTENT_BYTES).digest()
    return int.from_bytes(digest, "big", signed=True)


class _Days(dict[date | None, str]):
    """Days as they are written. A statement has few, each of them thousands of times."""

    def __missing__(self, day: date | None) -> str:
        written = self[day] = "" if day is None else day.isoformat()
        return written


def _identified(
    records: Sequence[TransactionRecord], received: date
) -> tuple[list[TransactionRecord], list[date], list[bytes], tuple[int, ...]]:
    """The records with text that can be stored, and of each its day, fingerprint and content key.

    The same as `_clean`, `fingerprint` and `content_key` of each, in a third of the time: this is
    done for every row of every file.
    """
    days = _Days()
    places: dict[date | None, bytes] = {}
    # Copies of a hash that knows its size come sooner than new ones that are told it.
    new_print = blake2b(digest_size=_DIGEST_BYTES).copy
    new_content = blake2b(digest_size=_CONTENT_BYTES).copy
    cleaned, dates, prints, digests = [], [], [], []
    for each in records:
        record = each
        try:
            day, identity, content = _texts(record, days)
            # All texts are in these two: where both are short and plain, so is each of them.
            plain = (
                len(content) <= TEXT_MAX
                and len(identity) <= TEXT_MAX
                and b"\x00" not in content
                and b"\x00" not in identity
                and "" not in _OPTIONAL(record)
            )
        except UnicodeEncodeError:
            plain = False
        if not plain:
            record = _clean(record)
            day, identity, content = _texts(record, days)
        place = places.get(day)
        if place is None:
            place = places[day] = _place(day)
        mark = new_print()
        mark.update(identity)
        key = new_content()
        key.update(content)
        cleaned.append(record)
        dates.append(day or received)
        prints.append(place + mark.digest())
        digests.append(key.digest())
    return cleaned, dates, prints, struct.unpack(f">{len(digests)}q", b"".join(digests))


def _texts(record: TransactionRecord, days: _Days) -> tuple[date | None, bytes, bytes]:
    """The day of a record, what is hashed of it to know it again, and what may change about it.

    A file's ids are no proof of identity (banks reuse them), so amount and day count even where
    there is an id; the rest of the content counts only where there is none. The running balance
    never counts: it differs between exports of the same row.

    Raises UnicodeEncodeError where UTF-8 cannot hold a text.
    """
    # Taken apart at once: fields of a named tuple, asked for one by one, cost five times as much.
    (
        _,
        amount,
        currency,
        posted,
        _,
        description,
        raw,
        _,
        _,
        external_id,
        transacted,
        valued,
        reference,
        customer_reference,
        type_code,
        merchant,
        category,
        balance,
        extra,
        _,
    ) = record
    day = posted or transacted or valued
    number = str(amount.normalize()) if amount else "0"
    references = f"{reference or ''}\x1f{customer_reference or ''}"
    if external_id is not None:
        identity = f"{_VERSION}\x1fid\x1f{days[day]}\x1f{number}\x1f{currency}\x1f{external_id}"
    else:
        identity = (
            f"{_VERSION}\x1frow\x1f{days[day]}\x1f{number}\x1f{currency}\x1f{type_code or ''}"
            f"\x1f{references}\x1f{description}"
        )
    content = (
        f"{days[transacted]}\x1f{days[valued]}\x1f{description}\x1f{raw}\x1f{merchant or ''}"
        f"\x1f{references}\x1f{type_code or ''}\x1f{category or ''}"
        f"\x1f{'' if balance is None else balance}"
    )
    if extra:
        content = "\x1f".join([content, *(part for pair in extra.items() for part in pair)])
    return day, identity.encode(), content.encode()


def _place(day: date | None) -> bytes:
    return (day.toordinal() if day else 0).to_bytes(_DAY_BYTES, "big")


def _identifying(record: TransactionRecord) -> tuple[str, ...]:
    posted = record.posted_date.isoformat() if record.posted_date else ""
    return (str(record.amount), record.currency, posted)


def _clean(record: TransactionRecord) -> TransactionRecord:
    """The record with text that UTF-8 and Postgres can hold; most records come back as they are."""
    if _fits(record) and _is_storable(record):
        return record
    return record._replace(
        description=storable_text(record.description)[:DESCRIPTION_MAX],
        description_raw=storable_text(record.description_raw)[:DESCRIPTION_MAX],
        external_id=_optional(record.external_id),
        reference=_optional(record.reference),
        customer_reference=_optional(record.customer_reference),
        merchant_name=_optional(record.merchant_name),
        type_code=_optional(record.type_code),
        category=_optional(record.category),
        extra={storable_text(k): storable_text(v) for k, v in (record.extra or {}).items()} or None,
    )


def _fits(record: TransactionRecord) -> bool:
    """Whether no text is too long for its column, and none is there without a letter."""
    if len(record.description_raw) > DESCRIPTION_MAX or len(record.description) > DESCRIPTION_MAX:
        return False
    return all(text is None or 0 < len(text) <= TEXT_MAX for text in _OPTIONAL(record))


def _is_storable(record: TransactionRecord) -> bool:
    extra = record.extra or {}
    text = "".join(
        [
            record.description,
            record.description_raw,
            *(text for text in _OPTIONAL(record) if text is not None),
            *extra,
            *extra.values(),
        ]
    )
    try:
        return b"\x00" not in text.encode()
    except UnicodeEncodeError:
        return False


def storable_text(text: str) -> str:
    """Text without NUL and lone surrogates, each shown as the replacement character."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode("utf-8")


def _optional(text: str | None) -> str | None:
    return None if text is None else storable_text(text)[:TEXT_MAX] or None
