"""Webhooks: what an event and an endpoint are, and how often an event is tried."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

NO_TENANT: Final = UUID(int=0)  # in the seal of a secret of the operator's own
ENDPOINT_PURPOSE: Final = "webhook.secret"
EVENT_PURPOSE: Final = "webhook.event"

RETRY_DELAYS: Final = (
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
)
ATTEMPTS_MAX: Final = len(RETRY_DELAYS) + 1
SPREAD_PERCENT: Final = 20  # of a delay, in both directions: what failed together parts
PARKED_FOR: Final = timedelta(days=30)  # a connection may be linked after its first event
KEPT_FOR: Final = timedelta(days=90)
LEASE: Final = timedelta(seconds=60)
OVERLAP: Final = timedelta(hours=24)  # in which two secrets are valid, by default
OVERLAP_MAX: Final = timedelta(days=30)


class WebhookState(StrEnum):
    """Where an event stands."""

    RECEIVED = "received"
    PROCESSING = "processing"
    DONE = "done"
    IGNORED = "ignored"
    FAILED = "failed"
    DEAD = "dead"


class Unrouted(StrEnum):
    """How an attempt ends for an event that no tenant has yet."""

    IGNORED = "ignored"
    PARKED = "parked"
    FAILED = "failed"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    """What a provider told of a tenant's connection, without what it said."""

    id: UUID
    connection_id: UUID
    provider: str
    type: str
    state: WebhookState
    attempts: int
    next_attempt_at: datetime | None  # None: it is settled
    error_code: str | None
    event_at: datetime | None  # None: the provider does not say
    received_at: datetime
    processed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """Where a provider sends events of one connection to, without its secrets."""

    id: UUID
    connection_id: UUID
    provider: str
    has_secret: bool
    previous_until: datetime | None  # None: one secret is valid, or none
    created_by: UUID | None
    created_at: datetime
    rotated_at: datetime | None
    disabled_at: datetime | None  # None: it takes events


def retry_delay(attempts: int, *, spread: int) -> timedelta:
    """How long to wait after this many attempts, the first being 1.

    `spread` is a number of percent, -SPREAD_PERCENT to SPREAD_PERCENT, that chance gives.
    """
    assert attempts >= 1
    assert -SPREAD_PERCENT <= spread <= SPREAD_PERCENT
    delay = RETRY_DELAYS[min(attempts, len(RETRY_DELAYS)) - 1]
    return delay * (100 + spread) // 100
