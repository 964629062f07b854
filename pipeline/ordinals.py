"""Ordinals: the how-manieth among equal rows of one document, whatever the batch.

Two identical coffees on one day are rows 0 and 1; the same file again says 0 and 1 again, and adds
nothing. The count spans the whole document, so it moves from memory to a temporary file when a
document has more distinct rows than `ENTRIES_MAX`: memory stays bounded by the batch.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import date
from types import TracebackType
from typing import Final, Self

ENTRIES_MAX: Final = 250_000  # about 36 MB
ASKED_AT_ONCE: Final = 500  # keys, in one query
_ACCOUNT_BYTES: Final = 4
_DAY_BYTES: Final = 4
_PLACE_BYTES: Final = _ACCOUNT_BYTES + _DAY_BYTES

_Key = tuple[str, date, bytes]  # account, day, fingerprint
_Counts = dict[tuple[str, date], dict[bytes, int]]  # account and day → fingerprint → next ordinal


class Ordinals:
    """Counts equal rows of one document. Not shared between documents or threads at once."""

    def __init__(self, *, entries_max: int = ENTRIES_MAX) -> None:
        self._entries_max = entries_max
        self._memory: _Counts = {}
        self._entries = 0  # in memory
        self._accounts: dict[str, int] = {}  # their numbers in the file
        self._file: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def assign(self, keys: Iterable[_Key]) -> list[int]:
        """The ordinal of each key, counted from 0 over everything assigned so far."""
        if self._file is None:
            ordinals = self._count(keys)
            if self._entries > self._entries_max:
                self._spill()
            return ordinals
        return self._count_in_file(list(keys))

    def forget(self, account: str, day: date) -> None:
        """Starts an account's day anew: the document has taken back what it said of it."""
        self._entries -= len(self._memory.pop((account, day), ()))
        if self._file is not None:
            place = self._place(account, day)
            after = (int.from_bytes(place, "big") + 1).to_bytes(len(place), "big")
            self._file.execute("delete from seen where key >= ? and key < ?", (place, after))

    def _count(self, keys: Iterable[_Key]) -> list[int]:
        seen = self._memory
        ordinals = []
        for account, day, fingerprint in keys:
            counts = seen.setdefault((account, day), {})
            ordinal = counts.get(fingerprint, 0)
            counts[fingerprint] = ordinal + 1
            self._entries += ordinal == 0
            ordinals.append(ordinal)
        return ordinals

    def _spill(self) -> None:
        # An empty name makes a private file that SQLite deletes when it is closed. The stages run
        # in a worker thread, one batch at a time, not always the same one.
        file = sqlite3.connect("", check_same_thread=False, isolation_level=None)
        for pragma in ("journal_mode = off", "synchronous = off", "cache_size = -8192"):
            file.execute(f"pragma {pragma}")
        file.execute("create table seen (key blob primary key, next integer) without rowid")
        self._file = file
        self._store()

    def _count_in_file(self, keys: list[_Key]) -> list[int]:
        distinct = list(dict.fromkeys(keys))
        for start in range(0, len(distinct), ASKED_AT_ONCE):
            self._recall(distinct[start : start + ASKED_AT_ONCE])
        ordinals = self._count(keys)
        self._store()
        return ordinals

    def _recall(self, keys: Sequence[_Key]) -> None:
        """Brings the counts of rows that came before into memory. Few did."""
        assert self._file is not None
        asked = {self._place(account, day) + mark: (account, day) for account, day, mark in keys}
        marks = ", ".join("?" * len(asked))
        found = self._file.execute(
            f"select key, next from seen where key in ({marks})",  # noqa: S608 - question marks
            list(asked),
        )
        for key, following in found:
            self._memory.setdefault(asked[key], {})[key[_PLACE_BYTES:]] = following

    def _store(self) -> None:
        """Moves the counts from memory to the file, in the order of its keys: that is quicker."""
        assert self._file is not None
        self._file.execute("begin")
        placed = {self._place(*group): counts for group, counts in self._memory.items()}
        for place in sorted(placed):
            counts = placed[place]
            self._file.executemany(
                "insert or replace into seen values (?, ?)",
                ((place + mark, counts[mark]) for mark in sorted(counts)),
            )
        self._file.execute("commit")
        self._memory, self._entries = {}, 0

    def _place(self, account: str, day: date) -> bytes:
        """What the keys of an account's day begin with in the file."""
        number = self._accounts.setdefault(account, len(self._accounts))
        return number.to_bytes(_ACCOUNT_BYTES, "big") + day.toordinal().to_bytes(_DAY_BYTES, "big")
