"""Corrections: what a source says of a row that it sent before, as users read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionCorrection:
    """A source replaces or deletes the row that has an id, and where both versions stand."""

    id: UUID
    external_id: str
    deletes: bool
    waits: bool  # the row has not come
    created_at: datetime
    raw_id: UUID
    raw_line: int
    old_raw_id: UUID | None
    old_raw_line: int | None
    transaction_id: UUID | None  # what takes the place; None: nothing, or it was corrected itself
    old_transaction_id: UUID | None  # what was corrected; None: it goes on as the other
