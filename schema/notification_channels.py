"""Notification channels, and the log of what was sent to them; for admins."""

from __future__ import annotations

from datetime import datetime

import strawberry

from core import models
from core import notifications as told
from db import deliveries as stored_deliveries
from db.notification_channels import LISTING as CHANNELS
from db.notification_channels import PREVIOUS_UNTIL
from db.notifications import LISTING as NOTIFICATIONS
from db.select import Asked
from resolvers import notification_channels, notifications
from schema.columns import column, derived, shown
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode
from schema.node import Node
from schema.notifications import Notification
from schema.page import DEFAULT, After, First, Listed
from schema.reads import Many, One
from schema.related import children, one
from schema.tenants import User
from schema.users import user


@strawberry.type(description="An attempt to deliver.")
class NotificationAttempt:
    number: int = strawberry.field(description="The first is 1.")
    at: datetime = strawberry.field(description="When it began.")
    duration_ms: int = strawberry.field(description="How long it took, in milliseconds.")
    status_code: int | None = strawberry.field(
        description="What HTTP or SMTP answered; null: nothing."
    )
    error_code: str | None = strawberry.field(
        description="Why it did not arrive, as docs/notifications.md has it; null: it did."
    )


@strawberry.type(description="A notification on its way to a channel.")
class NotificationDelivery(Node):
    state: told.DeliveryState = column("d.state", description="How far it is.")
    next_attempt_at: datetime | None = column(
        "d.next_attempt_at", description="When it is tried next; null: it is not."
    )
    created_at: datetime = column("d.created_at", description="When there was something to send.")
    settled_at: datetime | None = column(
        "d.settled_at", description="When it arrived or was given up; null: neither yet."
    )
    attempts: list[NotificationAttempt] = strawberry.field(
        description="What was tried, oldest first; never what was sent, or where to."
    )
    model: strawberry.Private[told.NotificationDelivery]

    @staticmethod
    def of(delivery: told.NotificationDelivery) -> NotificationDelivery:
        """A delivery of the tenant's."""
        return shown(
            NotificationDelivery,
            delivery,
            id=encode("NotificationDelivery", delivery.id),
            key=delivery.id,
            attempts=[
                NotificationAttempt(
                    number=entry["number"],
                    at=datetime.fromisoformat(entry["at"]),
                    duration_ms=entry["durationMs"],
                    status_code=entry["status"],
                    error_code=entry["error"],
                )
                for entry in delivery.log
            ],
            model=delivery,
        )

    @resolved(
        description="What is delivered.",
        reads=One(listing=NOTIFICATIONS, key="d.notification_id"),
    )
    async def notification(self, info: Info) -> Notification:
        """What is delivered."""
        return await one(
            info.context, notifications.by_ids, self.model.notification_id, Notification.of
        )

    @resolved(description="Where to.", reads=One(listing=CHANNELS, key="d.channel_id"))
    async def channel(self, info: Info) -> NotificationChannel:
        """Where to."""
        return await one(
            info.context,
            notification_channels.by_ids,
            self.model.channel_id,
            NotificationChannel.of,
        )


@strawberry.type(
    description="Where notifications are sent. Addresses and secrets are sealed, and not shown."
)
class NotificationChannel(Node):
    type: told.ChannelType = column("ch.type", description="How it delivers.")
    name: str = column("ch.name", description="What users call it.")
    kinds: list[told.NotificationKind] | None = strawberry.field(
        description="Which notifications it gets; null: all."
    )
    enabled: bool = column("ch.enabled", description="Whether anything is sent to it.")
    disabled_reason: told.DisabledReason | None = derived(
        "ch.disabled_reason",
        description="Why it was turned off by itself; null: it was not.",
    )
    disabled_at: datetime | None = column(
        "ch.disabled_at", description="When it was turned off; null: it is on."
    )
    failures: int = column("ch.failures", description="How many deliveries in a row were given up.")
    host: str | None = column("ch.host", description="The host of its address; null for mail.")
    ending: str | None = column(
        "ch.ending",
        description="The last four characters of a webhook's secret, or of Slack's address; null "
        "for mail.",
    )
    previous_until: datetime | None = column(
        PREVIOUS_UNTIL,
        description="Until when the secret before signs too; null: there was none.",
    )
    recipients: list[str] | None = strawberry.field(
        description="The addresses that mail goes to; null: those of recipientRole, or no mail."
    )
    recipient_role: models.Role | None = derived(
        "ch.recipient_role",
        description="Mail goes to the members of this role and above, 50 at most; null: to none.",
    )
    created_at: datetime = column("ch.created_at", description="When it was made.")
    updated_at: datetime = column("ch.updated_at", description="When it was last changed.")
    model: strawberry.Private[told.NotificationChannel]

    @staticmethod
    def of(channel: told.NotificationChannel) -> NotificationChannel:
        """A channel of the tenant's."""
        kinds, reason, role = channel.kinds, channel.disabled_reason, channel.recipient_role
        return shown(
            NotificationChannel,
            channel,
            id=encode("NotificationChannel", channel.id),
            key=channel.id,
            kinds=None if kinds is None else [told.NotificationKind(kind) for kind in kinds],
            disabled_reason=None if reason is None else told.DisabledReason(reason),
            recipients=None if channel.recipients is None else list(channel.recipients),
            recipient_role=None if role is None else models.Role(role),
            model=channel,
        )

    @resolved(description="Who made it; null: the system.")
    async def created_by(self, info: Info) -> User | None:
        """Who made it."""
        return await user(info.context, self.model.created_by)

    @resolved(
        description="What was and is to be sent to it, newest first.",
        reads=Many(
            listing=stored_deliveries.LISTING,
            parent="d.channel_id",
            asked=Asked(order=stored_deliveries.NEWEST),
        ),
    )
    async def deliveries(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[NotificationDelivery]:
        """What was and is to be sent to it."""
        return await children(
            info.context,
            notification_channels.deliveries_of,
            self.key,
            NotificationDelivery.of,
            first=first,
            after=after,
        )
