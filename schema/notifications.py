"""Notifications: what a tenant should hear of."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import strawberry

from core import notifications as models
from db.connections import LISTING as CONNECTIONS
from db.jobs import LISTING as JOBS
from db.notifications import READ_AT
from db.notifications import NotificationFilter as Wanted
from resolvers import connections, jobs
from schema.columns import column, derived, shown
from schema.connections import Connection
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.jobs import IngestionJob
from schema.json_sql import literal
from schema.node import Node
from schema.reads import One
from schema.related import maybe
from schema.scalars import JSON

_TITLE: Final = " ".join(
    ["case n.kind"]
    + [f"when {literal(kind)} then {literal(title)}" for kind, title in models.TITLES.items()]
    + ["end"]
)


@strawberry.type(description="Something that the tenant should hear of.")
class Notification(Node):
    kind: models.NotificationKind = column("n.kind", description="What happened.")
    title: str = derived(_TITLE, description="What happened, in words: the same for each kind.")
    data: JSON = column(
        "n.data", description='More of it, texts by name, such as {"code": "login-required"}.'
    )
    created_at: datetime = column("n.created_at", description="When.")
    read_at: datetime | None = column(
        READ_AT, description="When the caller read it; null: not yet."
    )
    model: strawberry.Private[models.Notification]

    @staticmethod
    def of(notification: models.Notification) -> Notification:
        """A notification of the tenant's."""
        return shown(
            Notification,
            notification,
            id=encode("Notification", notification.id),
            key=notification.id,
            title=models.TITLES[notification.kind],
            model=notification,
        )

    @resolved(
        description="The connection that it is about; null: none.",
        reads=One(listing=CONNECTIONS, key="n.connection_id"),
    )
    async def connection(self, info: Info) -> Connection | None:
        """The connection."""
        return await maybe(
            info.context, connections.by_ids, self.model.connection_id, Connection.of
        )

    @resolved(
        description="The job that it is about; null: none.",
        reads=One(listing=JOBS, key="n.job_id"),
    )
    async def job(self, info: Info) -> IngestionJob | None:
        """The job."""
        return await maybe(info.context, jobs.by_ids, self.model.job_id, IngestionJob.of)


@strawberry.input(description="Which notifications; what is left out or null asks nothing.")
class NotificationFilter:
    unread: bool | None = strawberry.field(
        default=None, description="That the caller has not read, or has."
    )
    kinds: list[models.NotificationKind] | None = strawberry.field(
        default=None, description="Of one of these kinds."
    )
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this connection."
    )

    def wanted(self) -> Wanted:
        """The filter as reads take it."""
        return Wanted(
            unread=self.unread,
            kinds=None if self.kinds is None else tuple(self.kinds),
            connection_id=optional_key_of("Connection", self.connection_id),
        )
