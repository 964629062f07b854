"""Notifications: what a tenant should hear of, and the channels that it is sent to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID


class NotificationKind(StrEnum):
    """What happened."""

    INITIAL_SYNC_COMPLETE = "initial_sync_complete"
    HISTORICAL_SYNC_COMPLETE = "historical_sync_complete"
    REAUTHENTICATION_REQUIRED = "reauthentication_required"
    FAILING_REPEATEDLY = "failing_repeatedly"
    TOKEN_EXPIRING = "token_expiring"  # noqa: S105  # the name of an event
    WEBHOOK_DEAD = "webhook_dead"
    NEW_ACCOUNTS_AVAILABLE = "new_accounts_available"
    CONNECTION_REVOKED = "connection_revoked"
    CONNECTION_STOPPED = "connection_stopped"
    DATA_ANOMALY = "data_anomaly"
    CHANNEL_DISABLED = "channel_disabled"
    TEST = "test"


TITLES: Final[Mapping[NotificationKind, str]] = {
    NotificationKind.INITIAL_SYNC_COMPLETE: "The first sync is complete",
    NotificationKind.HISTORICAL_SYNC_COMPLETE: "The history is complete",
    NotificationKind.REAUTHENTICATION_REQUIRED: "The connection needs a new sign-in",
    NotificationKind.FAILING_REPEATEDLY: "The connection fails repeatedly",
    NotificationKind.TOKEN_EXPIRING: "The connection's access expires soon",
    NotificationKind.WEBHOOK_DEAD: "A webhook could not be processed",
    NotificationKind.NEW_ACCOUNTS_AVAILABLE: "New accounts are available",
    NotificationKind.CONNECTION_REVOKED: "The connection's access was revoked",
    NotificationKind.CONNECTION_STOPPED: "The connection needs somebody to look",
    NotificationKind.DATA_ANOMALY: "Something in the data looks wrong",
    NotificationKind.CHANNEL_DISABLED: "A notification channel was turned off",
    NotificationKind.TEST: "This is a test",
}


class ChannelType(StrEnum):
    """How a channel delivers."""

    WEBHOOK = "webhook"
    SLACK = "slack"
    EMAIL = "email"


class DisabledReason(StrEnum):
    """Why a channel was turned off without anybody asking."""

    GONE = "gone"
    FAILING = "failing"


class DeliveryState(StrEnum):
    """How far a delivery is."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """Something to hear of; `read_at` is when the caller read it, where a caller asked."""

    id: UUID
    kind: NotificationKind
    connection_id: UUID | None
    job_id: UUID | None
    data: Mapping[str, str]
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationChannel:
    """Where notifications are sent, as far as it is shown to anybody."""

    id: UUID
    type: ChannelType
    name: str
    kinds: Sequence[str] | None  # all of them
    enabled: bool
    disabled_reason: str | None  # nobody, or a person, turned it off
    disabled_at: datetime | None
    failures: int
    host: str | None
    ending: str | None
    previous_until: datetime | None
    recipients: Sequence[str] | None
    recipient_role: str | None
    created_by: UUID | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationDelivery:
    """A notification on its way to a channel; `log` has an object for each attempt that ended."""

    id: UUID
    notification_id: UUID
    channel_id: UUID
    state: DeliveryState
    next_attempt_at: datetime | None
    log: Sequence[Mapping[str, Any]]
    created_at: datetime
    settled_at: datetime | None
