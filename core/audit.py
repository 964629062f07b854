"""The audit log: who did what in a tenant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    id: UUID
    event: str
    connection_id: UUID | None
    job_id: UUID | None
    user_id: UUID | None
    data: dict[str, Any]
    created_at: datetime
