"""Deliveries of notifications to channels: what is due, who sends it, what came of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.notifications import (
    ChannelType,
    DeliveryState,
    NotificationDelivery,
    NotificationKind,
)
from core.page import Page
from core.scope import WorkerScope
from db import select
from db.queries import load
from db.rows import read
from db.select import Listing, Order
from db.session import Database, Tx

_SQL = load("deliveries")

LISTING: Final = Listing(source="app.notification_deliveries as d", alias="d")
NEWEST: Final = Order(
    name="deliveries", keys=(select.by_instant("d.created_at"), select.by_id("d"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A delivery that this worker sends now."""

    id: UUID
    notification_id: UUID
    channel_id: UUID
    attempts: int  # with this one


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What is sent, and where to."""

    tenant_name: str
    notification_id: UUID
    kind: NotificationKind
    data: Mapping[str, str]
    created_at: datetime
    connection_id: UUID | None
    connection_name: str | None
    job_id: UUID | None
    channel_id: UUID
    type: ChannelType
    enabled: bool
    sealed_url: bytes | None = field(repr=False)
    sealed_secret: bytes | None = field(repr=False)
    sealed_previous: bytes | None = field(repr=False)
    previous_until: datetime | None
    recipients: Sequence[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What the log says of an attempt: never a body, an address or a secret."""

    number: int
    at: datetime
    duration_ms: int
    status: int | None  # of HTTP or SMTP; None: there was no answer
    error: str | None  # None: it arrived

    def entry(self) -> Mapping[str, Any]:
        """The entry of the log."""
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "durationMs": self.duration_ms,
            "status": self.status,
            "error": self.error,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """Deliveries of all tenants to one type of channel that are in one state."""

    type: ChannelType
    state: DeliveryState
    deliveries: int
    waits: timedelta  # how long the oldest pending one is due; below zero: none is


async def meters(database: Database, *, now: datetime) -> list[Meter]:
    """What was settled within the last hour, and all that was not."""
    async with database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        rows = await tx.rows(_SQL["meters"], now)
    return [read(Meter, row) for row in rows]


async def due(tx: Tx, *, now: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """What is to be sent now, of all tenants: tenant and delivery. For a worker without one."""
    rows = await tx.rows(_SQL["due"], now, most)
    return [(row["tenant_id"], row["delivery_id"]) for row in rows]


async def claim(
    tx: Tx, *, tenant_id: UUID, delivery_id: UUID, now: datetime, until: datetime
) -> Claim | None:
    """The delivery, for this worker until then; None where another has it, or it is done."""
    row = await tx.row(_SQL["claim"], tenant_id, delivery_id, now, until)
    return None if row is None else read(Claim, row)


async def content(tx: Tx, *, tenant_id: UUID, claim: Claim) -> Content | None:
    """What to send; None where its channel is gone."""
    row = await tx.row(_SQL["content"], tenant_id, claim.notification_id, claim.channel_id)
    return None if row is None else read(Content, row)


async def postpone(
    tx: Tx, *, tenant_id: UUID, claim: Claim, attempt: Attempt, next_attempt_at: datetime
) -> bool:
    """Whether the claim still held; the delivery is tried again then."""
    touched = await tx.run(
        _SQL["postpone"],
        tenant_id,
        claim.id,
        claim.attempts,
        next_attempt_at,
        [attempt.entry()],
    )
    return touched > 0


async def fail(tx: Tx, *, tenant_id: UUID, claim: Claim, attempt: Attempt, now: datetime) -> bool:
    """Whether the claim still held; the delivery is given up."""
    touched = await tx.run(
        _SQL["fail"], tenant_id, claim.id, claim.attempts, now, [attempt.entry()]
    )
    return touched > 0


async def deliver(
    tx: Tx, *, tenant_id: UUID, claim: Claim, attempt: Attempt, now: datetime
) -> bool:
    """Whether that was news: the delivery has arrived."""
    return await tx.run(_SQL["deliver"], tenant_id, claim.id, now, [attempt.entry()]) > 0


async def by_ids(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, NotificationDelivery]:
    """Deliveries by id; row-level security hides them from all but admins."""
    return await select.by_ids(
        tx, NotificationDelivery, listing=LISTING, tenant_id=tenant_id, ids=ids
    )


async def of_channels(
    tx: Tx, *, tenant_id: UUID, channel_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[NotificationDelivery]]:
    """What was and is to be sent to each channel, newest first."""
    return await select.pages(
        tx,
        NotificationDelivery,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="d.channel_id",
        parent_ids=channel_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )
