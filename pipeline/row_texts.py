"""Texts of rows: what is hashed of each to know it again, and to see that it has changed.

Every row of every file comes through here. So it is done a column at a time, in loops of C, and
with what is said of a column once: a field that no row has costs nothing for each of them.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from hashlib import blake2b
from itertools import repeat
from operator import add
from typing import Final

from core.records import TransactionRecord

DESCRIPTION_MAX: Final = 10_000
TEXT_MAX: Final = 500
_DAY_BYTES: Final = 4
_STABLE: Final = b"\xff" * _DAY_BYTES  # in place of the day, which may change; no day is this one
_DIGEST_BYTES: Final = 12
_CONTENT_BYTES: Final = 8
_APART: Final = "\x1f"
_VERSION: Final = "1"  # a change of what a fingerprint is made of needs a re-keying migration


class RowTexts:
    """The texts of some rows, of which there is at least one."""

    def __init__(self, records: Sequence[TransactionRecord]) -> None:
        (
            self.accounts,
            self._amounts,
            self._currencies,
            self.posted,
            _,
            self._descriptions,
            self._raw,
            _,
            _,
            self._external_ids,
            self._transacted,
            self._valued,
            *self._optional,
            self._balances,
            self._extras,
            _,
        ) = zip(*records, strict=True)
        self._written = _Written()
        (
            self._references,
            self._customer_references,
            self._type_codes,
            self._merchants,
            self._categories,
        ) = map(_filled, self._optional)
        # The day that is part of a row's identity, as `day_of` has it.
        self.days: Sequence[date | None] = self.posted
        if not all(self.posted):
            several = zip(self.posted, self._transacted, self._valued, strict=True)
            self.days = [posted or transacted or valued for posted, transacted, valued in several]

    def fit(self) -> bool:
        """Whether no text is too long for its column, and none is there without a letter."""
        if max(map(len, self._raw)) > DESCRIPTION_MAX:
            return False
        if max(map(len, self._descriptions)) > DESCRIPTION_MAX:
            return False
        return all(
            "" not in texts and max(map(len, filter(None, texts))) <= TEXT_MAX
            for texts in (self._external_ids, *self._optional)
            if texts.count(None) < len(texts)
        )

    def identities(self) -> list[bytes]:
        """What tells each row from others. Raises UnicodeEncodeError where UTF-8 cannot hold it.

        A file's ids are no proof of identity (banks reuse them), so amount and day count even where
        there is an id; the rest of the content counts only where there is none. The running balance
        never counts: it differs between exports of the same row.
        """
        fields = (map(self._written.__getitem__, self.days), self._numbers(), self._currencies)
        common = list(map(_APART.join, zip(*fields, strict=True)))
        ids, named = self._external_ids, len(self._external_ids) - self._external_ids.count(None)
        texts: Iterable[str] = ()
        if named < len(ids):
            texts = map(
                _APART.join,
                zip(
                    repeat(f"{_VERSION}{_APART}row"),
                    common,
                    self._type_codes,
                    self._references,
                    self._customer_references,
                    self._descriptions,
                    strict=False,
                ),
            )
        if named:
            start = f"{_VERSION}{_APART}id"
            both = zip(ids, common, texts or repeat(""), strict=False)
            texts = [
                text if one is None else f"{start}{_APART}{first}{_APART}{one}"
                for one, first, text in both
            ]
        return list(map(str.encode, texts))

    def contents(self, *, stable: bool = False) -> list[bytes]:
        """What may change about each row. Raises UnicodeEncodeError where UTF-8 cannot hold it.

        `stable`: the id alone makes the row, so that amount and day may change too.
        """
        written = self._written.__getitem__
        fields: list[Iterable[str]] = [
            map(written, self._transacted),
            map(written, self._valued),
            self._descriptions,
            self._raw,
            self._merchants,
            self._references,
            self._customer_references,
            self._type_codes,
            self._categories,
            self._balance_texts(),
        ]
        if stable:
            fields[:0] = [map(str, self._amounts), self._currencies, map(written, self.posted)]
        texts: Iterable[str] = map(_APART.join, zip(*fields, strict=True))
        if any(self._extras):
            texts = [
                _APART.join([text, *(part for pair in extra.items() for part in pair)])
                if extra
                else text
                for text, extra in zip(texts, self._extras, strict=True)
            ]
        return list(map(str.encode, texts))

    def fingerprints(self, identities: Sequence[bytes]) -> list[bytes]:
        """16 bytes of each. The day comes first, so that a statement's rows lie together."""
        places = {
            day: (day.toordinal() if day else 0).to_bytes(_DAY_BYTES, "big")
            for day in set(self.days)
        }
        days = map(places.__getitem__, self.days)
        return list(map(add, days, digests(identities, _DIGEST_BYTES)))

    def _numbers(self) -> Iterable[str]:
        if all(self._amounts):
            return map(str, map(Decimal.normalize, self._amounts))
        return [str(amount.normalize()) if amount else "0" for amount in self._amounts]

    def _balance_texts(self) -> Iterable[str]:
        if self._balances.count(None) == len(self._balances):
            return [""] * len(self._balances)
        return ["" if balance is None else str(balance) for balance in self._balances]


class _Written(dict[date | None, str]):
    """Days as they are written. A statement has few, each of them thousands of times."""

    def __missing__(self, day: date | None) -> str:
        written = self[day] = "" if day is None else day.isoformat()
        return written


def _filled(texts: Sequence[str | None]) -> Sequence[str]:
    """The texts; an empty one where there is none."""
    return [text or "" for text in texts] if any(texts) else [""] * len(texts)


def stable_fingerprint(external_id: str) -> bytes:
    """16 bytes that are equal for equal ids of one external account, and for nothing else."""
    text = _APART.join([_VERSION, "stable", external_id])
    return _STABLE + digests([text.encode()], _DIGEST_BYTES)[0]


def content_keys(contents: Sequence[bytes]) -> tuple[int, ...]:
    """64 bits of each, signed."""
    return struct.unpack(f">{len(contents)}q", b"".join(digests(contents, _CONTENT_BYTES)))


def digests(texts: Sequence[bytes], size: int) -> list[bytes]:
    """BLAKE2b of each. A copy of a hash that knows its size comes sooner than a new one."""
    found = []
    for text, one in zip(texts, map(blake2b.copy, repeat(blake2b(digest_size=size))), strict=False):
        one.update(text)
        found.append(one.digest())
    return found
