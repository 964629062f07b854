"""What can be asked about notifications."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db import notification_channels as stored_channels
from db import notifications as stored
from db.notifications import NotificationFilter as Wanted
from db.select import Asked
from resolvers import notification_channels, notifications
from schema.context import Info
from schema.fields import resolved
from schema.notification_channels import NotificationChannel
from schema.notifications import Notification, NotificationFilter
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.reads import Many
from schema.roots import FILTER, counted, filtered


@strawberry.type(description="What can be asked about notifications.")
class NotificationQueries:
    @resolved(
        description="What the tenant should hear of, newest first.",
        reads=filtered(stored.LISTING, stored.asked, Wanted()),
    )
    async def notifications(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[NotificationFilter | None, FILTER] = None,
    ) -> Listed[Notification]:
        """What the tenant should hear of."""
        wanted = Wanted() if filter is None else filter.wanted()
        page = await notifications.page(
            info.context, wanted=wanted, first=bounded(first), after=after
        )
        return listed(page, Notification.of)

    @resolved(
        description="How many notifications there are, such as those that the caller has not read.",
        reads=counted(stored.LISTING, stored.asked, Wanted()),
    )
    async def notification_count(
        self, info: Info, filter: Annotated[NotificationFilter | None, FILTER] = None
    ) -> int:
        """How many notifications there are."""
        wanted = Wanted() if filter is None else filter.wanted()
        return await notifications.count(info.context, wanted=wanted)

    @resolved(
        description="Where notifications are sent, newest first; empty for all but admins.",
        reads=Many(listing=stored_channels.LISTING, asked=Asked(order=stored_channels.NEWEST)),
    )
    async def notification_channels(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[NotificationChannel]:
        """Where notifications are sent."""
        page = await notification_channels.page(info.context, first=bounded(first), after=after)
        return listed(page, NotificationChannel.of)
