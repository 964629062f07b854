"""What members do with notifications, and admins with channels."""

from __future__ import annotations

from typing import Annotated

import strawberry

from core import models
from core import notifications as told
from resolvers import notification_channels, notifications
from resolvers.notification_channels import ChannelSettings
from resolvers.refusal import Refused
from schema.connection_changes import given
from schema.context import Info
from schema.fields import mutation
from schema.ids import encode, key_of
from schema.notification_channels import NotificationChannel, NotificationDelivery
from schema.payload import Payload, user_errors

ChannelId = Annotated[strawberry.ID, strawberry.argument(description="The channel.")]

_KINDS = "Which notifications it gets; null: all."
_SECRET = "What a webhook is signed with: whsec_ and 24 to 64 random bytes in base64."  # noqa: S105
_RECIPIENTS = "Addresses that mail goes to, 1 to 20."
_ROLE = "Let mail go to the members of this role and above instead, 50 at most."


@strawberry.input(description="Which notifications were read: these, or all.")
class NotificationsMarkReadInput:
    ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="These, 100 at most."
    )
    all: bool = strawberry.field(default=False, description="All there are.")


@strawberry.input(description="A new channel. What it needs depends on its type.")
class NotificationChannelCreateInput:
    type: told.ChannelType = strawberry.field(description="How it delivers.")
    name: str = strawberry.field(description="What users will call it, 1 to 200 characters.")
    kinds: list[told.NotificationKind] | None = strawberry.field(default=None, description=_KINDS)
    url: str | None = strawberry.field(
        default=None, description="The https address of a webhook, or Slack's. Never shown again."
    )
    secret: str | None = strawberry.field(default=None, description=f"{_SECRET} Never shown again.")
    recipients: list[str] | None = strawberry.field(default=None, description=_RECIPIENTS)
    recipient_role: models.Role | None = strawberry.field(
        default=None, description=f"{_ROLE} Without either: ADMIN."
    )


@strawberry.input(description="A change: what is left out or null stays, but kinds.")
class NotificationChannelUpdateInput:
    name: str | None = strawberry.field(
        default=None, description="What users will call it, 1 to 200 characters."
    )
    kinds: list[told.NotificationKind] | None = strawberry.field(
        default=strawberry.UNSET, description=_KINDS
    )
    enabled: bool | None = strawberry.field(
        default=None, description="Whether anything is sent to it."
    )
    url: str | None = strawberry.field(
        default=None, description="Another address. Never shown again."
    )
    secret: str | None = strawberry.field(
        default=None,
        description="Another secret. For 24 hours the one before it signs too.",
    )
    recipients: list[str] | None = strawberry.field(default=None, description=_RECIPIENTS)
    recipient_role: models.Role | None = strawberry.field(default=None, description=_ROLE)


@strawberry.type(description="What notificationsMarkRead answers.")
class NotificationsMarkReadPayload(Payload):
    marked_count: int | None = strawberry.field(
        description="How many were unread until now; null where it was refused."
    )


@strawberry.type(description="What notificationChannelCreate answers.")
class NotificationChannelCreatePayload(Payload):
    channel: NotificationChannel | None = strawberry.field(
        description="The channel; null where it was refused."
    )


@strawberry.type(description="What notificationChannelUpdate answers.")
class NotificationChannelUpdatePayload(Payload):
    channel: NotificationChannel | None = strawberry.field(
        description="The channel as it is now; null where it was refused."
    )


@strawberry.type(description="What notificationChannelRemove answers.")
class NotificationChannelRemovePayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(
        description="The id that is gone; null where it was refused."
    )


@strawberry.type(description="What notificationChannelTest answers.")
class NotificationChannelTestPayload(Payload):
    delivery: NotificationDelivery | None = strawberry.field(
        description="The test on its way: read it again to see what came of it; null where it was "
        "refused."
    )


@strawberry.type(description="What members do with notifications, and admins with channels.")
class NotificationMutations:
    @mutation(description="Says that the caller has read notifications; nobody else has by that.")
    async def notifications_mark_read(
        self,
        info: Info,
        input: Annotated[
            NotificationsMarkReadInput, strawberry.argument(description="Which of them.")
        ],
    ) -> NotificationsMarkReadPayload | None:
        """Says that the caller has read notifications."""
        ids = input.ids
        answer = await notifications.mark_read(
            info.context,
            ids=None if ids is None else [key_of("Notification", one) for one in ids],
            everything=input.all,
        )
        return NotificationsMarkReadPayload(
            marked_count=None if isinstance(answer, Refused) else answer,
            user_errors=user_errors(answer),
        )

    @mutation(description="Makes a channel, which is on at once; for admins.")
    async def notification_channel_create(
        self,
        info: Info,
        input: Annotated[
            NotificationChannelCreateInput, strawberry.argument(description="What to make.")
        ],
    ) -> NotificationChannelCreatePayload | None:
        """Makes a channel."""
        answer = await notification_channels.create(
            info.context,
            type=input.type,
            settings=ChannelSettings(
                name=input.name,
                kinds=None if input.kinds is None else (input.kinds,),
                url=input.url,
                secret=input.secret,
                recipients=input.recipients,
                recipient_role=input.recipient_role,
            ),
        )
        return NotificationChannelCreatePayload(
            channel=_shown(answer), user_errors=user_errors(answer)
        )

    @mutation(description="Changes a channel, or turns it on or off; for admins.")
    async def notification_channel_update(
        self,
        info: Info,
        id: ChannelId,
        input: Annotated[
            NotificationChannelUpdateInput, strawberry.argument(description="What to change.")
        ],
    ) -> NotificationChannelUpdatePayload | None:
        """Changes a channel."""
        answer = await notification_channels.update(
            info.context,
            channel_id=key_of("NotificationChannel", id),
            settings=ChannelSettings(
                name=input.name,
                kinds=given(input.kinds),
                enabled=input.enabled,
                url=input.url,
                secret=input.secret,
                recipients=input.recipients,
                recipient_role=input.recipient_role,
            ),
        )
        return NotificationChannelUpdatePayload(
            channel=_shown(answer), user_errors=user_errors(answer)
        )

    @mutation(
        description="Removes a channel, with what is secret and the log of its deliveries; for "
        "admins."
    )
    async def notification_channel_remove(
        self, info: Info, id: ChannelId
    ) -> NotificationChannelRemovePayload | None:
        """Removes a channel."""
        key = key_of("NotificationChannel", id)
        answer = await notification_channels.remove(info.context, channel_id=key)
        return NotificationChannelRemovePayload(
            removed_id=None
            if isinstance(answer, Refused)
            else encode("NotificationChannel", answer),
            user_errors=user_errors(answer),
        )

    @mutation(
        description="Sends a notification of kind TEST to a channel, whatever kinds it gets, 20 an "
        "hour at most; for admins."
    )
    async def notification_channel_test(
        self, info: Info, id: ChannelId
    ) -> NotificationChannelTestPayload | None:
        """Sends a test to a channel."""
        key = key_of("NotificationChannel", id)
        answer = await notification_channels.test(info.context, channel_id=key)
        return NotificationChannelTestPayload(
            delivery=None if isinstance(answer, Refused) else NotificationDelivery.of(answer),
            user_errors=user_errors(answer),
        )


def _shown(answer: told.NotificationChannel | Refused) -> NotificationChannel | None:
    return None if isinstance(answer, Refused) else NotificationChannel.of(answer)
