"""Pickups: files that connections fetch by themselves, as users see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class PickupState(StrEnum):
    """How far a file is that a connection fetches by itself."""

    WAITING = "waiting"
    FETCHING = "fetching"
    FETCHED = "fetched"
    ARCHIVED = "archived"
    REFUSED = "refused"
    IGNORED = "ignored"


@dataclass(frozen=True, slots=True, kw_only=True)
class PickupFile:
    """A file on a server, or a message in a mailbox, as a connection saw it."""

    id: UUID
    name: str
    size_bytes: int
    modified_at: datetime | None
    state: PickupState
    reason: str | None
    archived_as: str | None
    seen_at: datetime
    fetched_at: datetime | None
