"""Changes of rows, as a stream looks for them again and again and tells each once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from resolvers.context import Clock

OVERLAP: Final = timedelta(seconds=30)  # updated_at is when a transaction began, not its commit
CHANGES_MAX: Final = 1_000  # that one look finds, the last ones


class Changes:
    """Which rows changed since the last look, each change once.

    A row that was committed late seems older than it is, so each look goes back a while, and knows
    what was told of that time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._looked_at = self._clock()
        self._told: Mapping[UUID, datetime] = {}

    def look(self) -> datetime:
        """Begins a look; after when it must find all changes."""
        since, self._looked_at = self._looked_at - OVERLAP, self._clock()
        return since

    def tell(self, changed: Mapping[UUID, datetime]) -> list[UUID]:
        """Those of a look that were not told, the first that changed first."""
        new = [key for key, at in changed.items() if self._told.get(key) != at]
        self._told = changed
        return new[::-1]
