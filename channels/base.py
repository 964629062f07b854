"""What all channels share: the message that they send, and what comes of sending it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from core.notifications import NotificationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A notification for one channel. Names and data are the tenant's own text."""

    id: UUID  # of the delivery: the same each time that it is sent
    notification_id: UUID
    kind: NotificationKind
    created_at: datetime
    tenant_id: UUID
    tenant_name: str
    connection_id: UUID | None
    connection_name: str | None
    job_id: UUID | None
    data: Mapping[str, str]


class Result(StrEnum):
    """What is to be done after an attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    STOP = "stop"  # this message never arrives
    GONE = "gone"  # nor does any other


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of an attempt; `error` is a code in kebab-case, None where it arrived."""

    result: Result
    status: int | None = None  # of HTTP or SMTP
    error: str | None = None
    retry_after: timedelta | None = None


DELIVERED = Outcome(result=Result.DELIVERED)


def retry(error: str, *, status: int | None = None, after: timedelta | None = None) -> Outcome:
    """It may arrive later."""
    return Outcome(result=Result.RETRY, status=status, error=error, retry_after=after)


def stop(error: str, *, status: int | None = None) -> Outcome:
    """It will not arrive, however often it is sent."""
    return Outcome(result=Result.STOP, status=status, error=error)
