"""The audit log: who did what, when."""

from __future__ import annotations

from datetime import datetime

import strawberry

from core import audit as audit_log
from db.audit import AuditFilter
from resolvers import connections, jobs
from schema.columns import column, shown
from schema.connections import Connection
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode, optional_key_of
from schema.jobs import IngestionJob
from schema.node import Node
from schema.related import maybe
from schema.scalars import JSON
from schema.tenants import User
from schema.users import user


@strawberry.type(name="AuditLog", description="Something that somebody did.")
class AuditEvent(Node):
    event: str = column("l.event", description='What, such as "connection.created".')
    data: JSON = column("l.data", description="Ids and names of fields; never their values.")
    created_at: datetime = column("l.created_at", description="When.")
    model: strawberry.Private[audit_log.AuditEvent]

    @staticmethod
    def of(event: audit_log.AuditEvent) -> AuditEvent:
        """An event of the tenant's."""
        return shown(AuditEvent, event, id=encode("AuditLog", event.id), key=event.id, model=event)

    @resolved(description="Who; null: the system.")
    async def user(self, info: Info) -> User | None:
        """Who did it."""
        return await user(info.context, self.model.user_id)

    @resolved(description="The connection that it is about; null: none.")
    async def connection(self, info: Info) -> Connection | None:
        """The connection."""
        return await maybe(
            info.context, connections.by_ids, self.model.connection_id, Connection.of
        )

    @resolved(description="The job that it is about; null: none.")
    async def job(self, info: Info) -> IngestionJob | None:
        """The job."""
        return await maybe(info.context, jobs.by_ids, self.model.job_id, IngestionJob.of)


@strawberry.input(description="Which events; what is left out or null asks nothing.")
class AuditLogFilter:
    event: str | None = strawberry.field(default=None, description="Of this kind.")
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="About this connection."
    )
    job_id: strawberry.ID | None = strawberry.field(default=None, description="About this job.")
    user_id: strawberry.ID | None = strawberry.field(default=None, description="By this user.")
    created_from: datetime | None = strawberry.field(
        default=None, description="Done at this instant or later."
    )
    created_to: datetime | None = strawberry.field(
        default=None, description="Done at this instant or earlier."
    )

    def wanted(self) -> AuditFilter:
        """The filter as reads take it."""
        return AuditFilter(
            event=self.event,
            connection_id=optional_key_of("Connection", self.connection_id),
            job_id=optional_key_of("IngestionJob", self.job_id),
            user_id=optional_key_of("User", self.user_id),
            created_from=self.created_from,
            created_to=self.created_to,
        )
