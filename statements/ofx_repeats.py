"""OFX repeats: rows that several statements of one account in one file hold, and that count once.

Banks and people put statements together whose periods overlap. A row is told by its FITID with all
that it says: within one statement two such rows are two bookings, and of several statements the
one that holds most of them counts. An id that stands for different rows is none: nothing under it
is left out.
"""

from __future__ import annotations

from typing import Final

from core.records import TransactionRecord
from statements.findings import Findings

REMEMBERED_MAX: Final = 40_000  # ids of one file; rows under later ones are all kept


_Once = tuple[int, int]  # what stands under an id, and the number of its statement


class _Seen:
    """What stood under one id so far, where that came more than once."""

    __slots__ = ("before", "content", "now", "statement")

    def __init__(self, once: _Once) -> None:
        self.content: int | None = once[0]  # None: the id stands for different rows
        self.statement = once[1]  # that it stood in last
        self.now = 1  # times in that statement
        self.before = 0  # times in the statement before it that held most


class Repeats:
    """Follows the rows of one file."""

    __slots__ = ("_count", "_known", "_line", "_statement")

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], _Once | _Seen] = {}
        self._statement = 0
        self._count = self._line = 0  # of rows of this statement that repeat others; of the first

    def begin(self) -> None:
        """Another statement begins."""
        self._statement += 1

    def holds(self, record: TransactionRecord) -> bool:
        """Whether an earlier statement of the account held this row already."""
        if record.external_id is None:
            return False
        key = (record.account, record.external_id)
        seen = self._known.get(key)
        if seen is None and len(self._known) >= REMEMBERED_MAX:
            return False
        extra = tuple(record.extra.items()) if record.extra else None
        content = hash((str(record.amount), record[2:7], record[9:18], extra))  # but for lines
        if seen is None:
            self._known[key] = (content, self._statement)
            return False
        if isinstance(seen, tuple):
            seen = self._known[key] = _Seen(seen)
        if seen.content != content:
            seen.content = None
            return False
        if seen.statement != self._statement:
            seen.before, seen.now = max(seen.before, seen.now), 0
            seen.statement = self._statement
        seen.now += 1
        if seen.now > seen.before:
            return False
        self._count += 1
        self._line = self._line or record.line
        return True

    def tell(self, findings: Findings) -> None:
        """Report what of the statement that ends was left out."""
        if self._count:
            findings.info(
                "row-in-two-statements",
                f"{self._count} rows of this statement, from this one on, stand in an earlier "
                "statement of the account in this file, each with the same id, day, amount and "
                "text; they count once.",
                self._line,
            )
        self._count = self._line = 0
