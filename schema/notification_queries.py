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
from schema.reads import Count, Many

_FILTER = strawberry.argument(description="Which of them; null: all.")


def _wanted(filter: NotificationFilter | None) -> Wanted:
    return Wanted() if filter is None else filter.wanted()


def _asked(*, filter: NotificationFilter | None = None) -> Asked:
    return stored.asked(_wanted(filter))


@strawberry.type(description="What can be asked about notifications.")
class NotificationQueries:
    @resolved(
        description="What the tenant should hear of, newest first.",
        reads=Many(listing=stored.LISTING, asked=_asked),
    )
    async def notifications(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[NotificationFilter | None, _FILTER] = None,
    ) -> Listed[Notification]:
        """What the tenant should hear of."""
        page = await notifications.page(
            info.context, wanted=_wanted(filter), first=bounded(first), after=after
        )
        return listed(page, Notification.of)

    @resolved(
        description="How many notifications there are, such as those that the caller has not read.",
        reads=Count(listing=stored.LISTING, asked=_asked),
    )
    async def notification_count(
        self, info: Info, filter: Annotated[NotificationFilter | None, _FILTER] = None
    ) -> int:
        """How many notifications there are."""
        return await notifications.count(info.context, wanted=_wanted(filter))

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
