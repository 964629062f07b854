"""Changes of rows, as a stream looks for them again and again and tells each once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

OVERLAP: Final = timedelta(seconds=30)  # updated_at is when a transaction began, not its commit
CHANGES_MAX: Final = 1_000  # that one look finds, the last ones


class Changes:
    """Which rows changed since the last look, each change once.

    A row that was committed late seems older than it is, so each look goes back a while, and knows
    what was told of that time. Instants are the database's: rows are stamped by its clock, and that
    of this process may be another.
    """

    def __init__(self, looked_at: datetime) -> None:
        self.since = looked_at - OVERLAP  # after when a look must find all changes
        self._told: Mapping[UUID, datetime] = {}

    def tell(self, changed: Mapping[UUID, datetime], *, looked_at: datetime) -> list[UUID]:
        """Those of a look that were not told, the first that changed first."""
        new = [key for key, at in changed.items() if self._told.get(key) != at]
        self.since, self._told = looked_at - OVERLAP, changed
        return new[::-1]
