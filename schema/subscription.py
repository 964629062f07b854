"""What can be followed: first the current state, then each change."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import datetime
from typing import Annotated

import strawberry

from resolvers import connections, live
from schema.accounts import Account
from schema.connections import Connection
from schema.context import Info
from schema.fields import resolved, subscription
from schema.ids import key_of, optional_key_of
from schema.jobs import IngestionJob
from schema.notifications import Notification
from schema.related import maybe


@strawberry.type(description="What a job made of transactions.")
class TransactionsChanged:
    account: Account | None = strawberry.field(
        description="The account that is followed; null where all are."
    )
    job: IngestionJob | None = strawberry.field(
        description="The job that changed them; null in the first event."
    )
    added_count: int = strawberry.field(
        description="How many came by this job so far: each event of a job has its whole count."
    )
    updated_count: int = strawberry.field(description="How many changed by this job so far.")
    removed_count: int = strawberry.field(description="How many went by this job so far.")
    model: strawberry.Private[live.TransactionsChange]

    @staticmethod
    def of(event: live.TransactionsChange) -> TransactionsChanged:
        """An event."""
        return TransactionsChanged(
            account=None if event.account is None else Account.of(event.account),
            job=None if event.job is None else IngestionJob.of(event.job),
            added_count=event.change.added,
            updated_count=event.change.updated,
            removed_count=event.change.removed,
            model=event,
        )

    @resolved(description="The connection of the job; null in the first event.")
    async def connection(self, info: Info) -> Connection | None:
        """The connection of the job."""
        key = None if self.model.job is None else self.model.job.connection_id
        return await maybe(info.context, connections.by_ids, key, Connection.of)


_SINCE = (
    "After a reconnect, when the last event came: first comes what changed since then, 24 hours "
    "and 1,000 jobs at most; a job that is known already may come again."
)


@strawberry.type(description="What can be followed; events may be lost, so refetch on reconnect.")
class Subscription:
    @subscription(
        description="A job until it ends, or the jobs of a connection or of the tenant for as long "
        "as somebody listens; at most five events a second of each."
    )
    async def ingestion_job_updated(
        self,
        info: Info,
        job_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this job.")
        ] = None,
        connection_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only jobs of this connection.")
        ] = None,
        since: Annotated[datetime | None, strawberry.argument(description=_SINCE)] = None,
    ) -> AsyncGenerator[IngestionJob, None]:
        """Jobs as they change."""
        connection = optional_key_of("Connection", connection_id)
        if job_id is None:
            stream = live.jobs_of(info.context, connection_id=connection, since=since)
        else:
            key = key_of("IngestionJob", job_id)
            stream = live.job(info.context, job_id=key, connection_id=connection)
        async with aclosing(stream):
            async for job in stream:
                yield IngestionJob.of(job)

    @subscription(description="A connection, or all of them, as they change; listens without end.")
    async def connection_updated(
        self,
        info: Info,
        connection_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only this connection.")
        ] = None,
    ) -> AsyncGenerator[Connection, None]:
        """Connections as they change."""
        if connection_id is None:
            stream = live.connections_of(info.context)
        else:
            key = key_of("Connection", connection_id)
            stream = live.connection(info.context, connection_id=key)
        async with aclosing(stream):
            async for connection in stream:
                yield Connection.of(connection)

    @subscription(
        description="What jobs change in transactions, first a change of nothing; listens without "
        "end."
    )
    async def transactions_changed(
        self,
        info: Info,
        account_id: Annotated[
            strawberry.ID | None, strawberry.argument(description="Only of this account.")
        ] = None,
        since: Annotated[datetime | None, strawberry.argument(description=_SINCE)] = None,
    ) -> AsyncGenerator[TransactionsChanged, None]:
        """What jobs change in transactions."""
        key = optional_key_of("Account", account_id)
        stream = live.transactions_of(info.context, account_id=key, since=since)
        async with aclosing(stream):
            async for event in stream:
                yield TransactionsChanged.of(event)

    @subscription(
        description="What the tenant should hear of: the newest, then each that comes; listens "
        "without end."
    )
    async def notification_added(
        self,
        info: Info,
        since: Annotated[
            datetime | None,
            strawberry.argument(
                description="After a reconnect, when the last event came: first comes what came "
                "since then, 24 hours and 1,000 notifications at most; one that is known already "
                "may come again."
            ),
        ] = None,
    ) -> AsyncGenerator[Notification, None]:
        """What the tenant should hear of."""
        stream = live.notifications_of(info.context, since=since)
        async with aclosing(stream):
            async for notification in stream:
                yield Notification.of(notification)
