"""What admins can ask of webhooks."""

from __future__ import annotations

from typing import Annotated

import strawberry

from db.webhook_endpoints import WebhookEndpointFilter as WantedEndpoints
from db.webhook_events import WebhookEventFilter as WantedWebhooks
from resolvers import webhooks
from schema.context import Info
from schema.fields import resolved
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.roots import FILTER
from schema.webhooks import (
    WebhookEndpoint,
    WebhookEndpointFilter,
    WebhookEvent,
    WebhookEventFilter,
)


@strawberry.type(description="What admins can ask of webhooks.")
class WebhookQueries:
    @resolved(description="What providers told of connections, newest first; for admins and up.")
    async def webhook_events(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[WebhookEventFilter | None, FILTER] = None,
    ) -> Listed[WebhookEvent]:
        """What providers told of connections."""
        wanted = WantedWebhooks() if filter is None else filter.wanted()
        page = await webhooks.events(info.context, wanted=wanted, first=bounded(first), after=after)
        return listed(page, WebhookEvent.of)

    @resolved(
        description="Where providers send events of single connections, newest first; for admins "
        "and up."
    )
    async def webhook_endpoints(
        self,
        info: Info,
        first: First = DEFAULT,
        after: After = None,
        filter: Annotated[WebhookEndpointFilter | None, FILTER] = None,
    ) -> Listed[WebhookEndpoint]:
        """Where providers send events of single connections."""
        wanted = WantedEndpoints() if filter is None else filter.wanted()
        page = await webhooks.endpoints(
            info.context, wanted=wanted, first=bounded(first), after=after
        )
        return listed(page, WebhookEndpoint.of)
