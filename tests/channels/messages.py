"""Messages for tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from channels.base import Message
from core.notifications import NotificationKind

NOW: Final = datetime(2026, 3, 1, 12, tzinfo=UTC)
MESSAGE: Final = Message(
    id=UUID(int=1),
    notification_id=UUID(int=2),
    kind=NotificationKind.REAUTHENTICATION_REQUIRED,
    created_at=NOW,
    tenant_id=UUID(int=3),
    tenant_name="Harbor Tea",
    connection_id=UUID(int=4),
    connection_name="Northbank",
    job_id=None,
    data={"code": "login-required"},
)


def message(**changes: Any) -> Message:
    """The message with other values."""
    return replace(MESSAGE, **changes)
