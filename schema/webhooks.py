"""Webhooks: what providers told of connections, and where they send it to."""

from __future__ import annotations

from datetime import datetime

import strawberry

from core import webhooks as models
from db.connections import LISTING as CONNECTIONS
from db.webhook_endpoints import WebhookEndpointFilter as WantedEndpoints
from db.webhook_events import WebhookEventFilter as WantedEvents
from resolvers import connections
from schema.columns import column, shown
from schema.connections import Connection
from schema.context import Info
from schema.described import register
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.node import Node
from schema.reads import One
from schema.related import one
from schema.tenants import User
from schema.users import user

register(
    models.WebhookState,
    "Where an event of a webhook stands.",
    {
        models.WebhookState.RECEIVED: "It waits to be processed.",
        models.WebhookState.PROCESSING: "A worker has it.",
        models.WebhookState.DONE: "What it asks for was done.",
        models.WebhookState.IGNORED: "It asks for nothing, or nobody knows its type.",
        models.WebhookState.FAILED: "The last attempt failed; it is tried again.",
        models.WebhookState.DEAD: "It was given up; it may be replayed.",
    },
    name="WebhookEventState",
)


@strawberry.type(description="Something that a provider told of a connection, for admins.")
class WebhookEvent(Node):
    provider: str = column("w.provider", description="The slug of the provider.")
    type: str = column("w.type", description="What it tells, in the provider's words.")
    state: models.WebhookState = column("w.state", description="Where it stands.")
    attempts: int = column("w.attempts", description="How often it was tried since it came.")
    next_attempt_at: datetime | None = column(
        "w.next_attempt_at", description="When it is tried next; null: it is settled."
    )
    error_code: str | None = column(
        "w.error_code",
        description="Why the last attempt failed, or why it was ignored; stable, for programs.",
    )
    event_at: datetime | None = column(
        "w.event_at", description="When it happened; null where the provider does not say."
    )
    received_at: datetime = column("w.received_at", description="When it came.")
    processed_at: datetime | None = column(
        "w.processed_at", description="When it was last processed; null: it was not."
    )
    model: strawberry.Private[models.WebhookEvent]

    @staticmethod
    def of(event: models.WebhookEvent) -> WebhookEvent:
        """An event of the tenant's."""
        return shown(
            WebhookEvent, event, id=encode("WebhookEvent", event.id), key=event.id, model=event
        )

    @resolved(
        description="The connection that it is about.",
        reads=One(listing=CONNECTIONS, key="w.connection_id"),
    )
    async def connection(self, info: Info) -> Connection:
        """The connection."""
        return await one(info.context, connections.by_ids, self.model.connection_id, Connection.of)


@strawberry.type(description="Where a provider sends the events of one connection, for admins.")
class WebhookEndpoint(Node):
    provider: str = column("e.provider", description="The slug of the provider.")
    has_secret: bool = column(
        "e.has_secret",
        description="Whether there is a secret that events must be signed with; without one, none "
        "is taken from providers that need it.",
    )
    previous_until: datetime | None = column(
        "e.previous_until",
        description="Until when the secret before the last rotation is valid; null: it is not.",
    )
    created_at: datetime = column("e.created_at", description="When it was made.")
    rotated_at: datetime | None = column(
        "e.rotated_at", description="When its secret was last changed; null: never."
    )
    disabled_at: datetime | None = column(
        "e.disabled_at", description="Since when it takes no events; null: it takes them."
    )
    model: strawberry.Private[models.WebhookEndpoint]

    @staticmethod
    def of(endpoint: models.WebhookEndpoint) -> WebhookEndpoint:
        """An endpoint of the tenant's."""
        return shown(
            WebhookEndpoint,
            endpoint,
            id=encode("WebhookEndpoint", endpoint.id),
            key=endpoint.id,
            model=endpoint,
        )

    @resolved(
        description="The connection whose events it takes.",
        reads=One(listing=CONNECTIONS, key="e.connection_id"),
    )
    async def connection(self, info: Info) -> Connection:
        """The connection."""
        return await one(info.context, connections.by_ids, self.model.connection_id, Connection.of)

    @resolved(description="Who made it; null: nobody who is known any more.")
    async def created_by(self, info: Info) -> User | None:
        """Who made it."""
        return await user(info.context, self.model.created_by)


@strawberry.input(description="Which events; what is left out or null asks nothing.")
class WebhookEventFilter:
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this connection."
    )
    provider: str | None = strawberry.field(default=None, description="Of this provider.")
    type: str | None = strawberry.field(default=None, description="Of exactly this type.")
    state: list[models.WebhookState] | None = strawberry.field(
        default=None, description="In one of these states."
    )

    def wanted(self) -> WantedEvents:
        """The filter as reads take it."""
        return WantedEvents(
            connection_id=optional_key_of("Connection", self.connection_id),
            provider=self.provider,
            type=self.type,
            state=None if self.state is None else tuple(self.state),
        )


@strawberry.input(description="Which endpoints; what is left out or null asks nothing.")
class WebhookEndpointFilter:
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this connection."
    )

    def wanted(self) -> WantedEndpoints:
        """The filter as reads take it."""
        return WantedEndpoints(connection_id=optional_key_of("Connection", self.connection_id))
