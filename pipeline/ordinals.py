"""Ordinals: the how-manieth among equal rows of one document, whatever the batch.

Two identical coffees on one day are rows 0 and 1; the same file again says 0 and 1 again, and adds
nothing. The count spans the whole document, so it moves from memory to a temporary file when a
document has more distinct rows than `ENTRIES_MAX`: memory stays bounded by the batch.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date
from types import TracebackType
from typing import Final, Self

ENTRIES_MAX: Final = 150_000

_Key = tuple[str, date, bytes]  # account, day, fingerprint
_Counts = dict[tuple[str, date], dict[bytes, int]]  # account and day → fingerprint → next ordinal


class Ordinals:
    """Counts equal rows of one document. Not shared between documents or threads at once."""

    def __init__(self, *, entries_max: int = ENTRIES_MAX) -> None:
        self._entries_max = entries_max
        self._memory: _Counts = {}
        self._entries = 0  # in memory
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
            self._file.execute(
                "delete from seen where account = ? and day = ?", (account, day.toordinal())
            )

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
        file.execute(
            "create table seen (account text, day integer, fingerprint blob, next integer,"
            " primary key (account, day, fingerprint)) without rowid"
        )
        self._file = file
        self._store()

    def _count_in_file(self, keys: list[_Key]) -> list[int]:
        assert self._file is not None
        for account, day, fingerprint in dict.fromkeys(keys):
            found = self._file.execute(
                "select next from seen where account = ? and day = ? and fingerprint = ?",
                (account, day.toordinal(), fingerprint),
            ).fetchone()
            if found is not None:
                self._memory.setdefault((account, day), {})[fingerprint] = found[0]
        ordinals = self._count(keys)
        self._store()
        return ordinals

    def _store(self) -> None:
        """Moves the counts from memory to the file."""
        assert self._file is not None
        self._file.execute("begin")
        self._file.executemany(
            "insert or replace into seen values (?, ?, ?, ?)",
            (
                (account, day.toordinal(), fingerprint, following)
                for (account, day), counts in self._memory.items()
                for fingerprint, following in counts.items()
            ),
        )
        self._file.execute("commit")
        self._memory, self._entries = {}, 0
