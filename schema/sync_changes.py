"""What members and admins do to have connections synced."""

from __future__ import annotations

from typing import Annotated, Final, TypeVar
from uuid import UUID

import strawberry

from core.models import Job
from core.page import Page
from db.jobs import JobFilter
from resolvers import jobs, syncs
from resolvers.refusal import Refused
from schema.context import Info
from schema.fields import mutation, resolved
from schema.ids import encode, key_of
from schema.job_filter import BATCH
from schema.jobs import IngestionJob
from schema.page import DEFAULT, After, First, Listed, bounded, listed
from schema.payload import Payload, user_errors

NOTHING: Final[Page[Job]] = Page(items=(), cursors=(), has_next=False)


@strawberry.type(description="What connectionSync answers.")
class ConnectionSyncPayload(Payload):
    job: IngestionJob | None = strawberry.field(
        description="The sync: a new one, or the one that waits already; null: it was refused."
    )


@strawberry.type(description="What a request for many syncs answers.")
class SyncBatchPayload(Payload):
    batch_id: strawberry.ID | None = strawberry.field(
        description="Names these syncs in the filter of ingestionJobs; null: it was refused."
    )
    count: int = strawberry.field(
        description="How many syncs wait: one of each such connection, 1,000 at most."
    )
    asked: strawberry.Private[UUID | None]

    @resolved(description="These syncs, newest first; ingestionJobs gives further pages.")
    async def jobs(
        self, info: Info, first: First = DEFAULT, after: After = None
    ) -> Listed[IngestionJob]:
        """These syncs."""
        if self.asked is None:
            return listed(NOTHING, IngestionJob.of)
        page = await jobs.page(
            info.context,
            wanted=JobFilter(batch_id=self.asked),
            first=bounded(first),
            after=after,
        )
        return listed(page, IngestionJob.of)


@strawberry.type(description="What connectionSyncAll answers.")
class ConnectionSyncAllPayload(SyncBatchPayload):
    pass


@strawberry.type(description="What connectionRenewAll answers.")
class ConnectionRenewAllPayload(SyncBatchPayload):
    pass


Kind = TypeVar("Kind", bound=SyncBatchPayload)


@strawberry.type(description="What members do to have connections synced.")
class SyncMutations:
    @mutation(description="Asks a connection for what is new; for members.")
    async def connection_sync(
        self,
        info: Info,
        id: Annotated[strawberry.ID, strawberry.argument(description="The connection.")],
    ) -> ConnectionSyncPayload | None:
        """Asks a connection for what is new."""
        answer = await syncs.sync(info.context, connection_id=key_of("Connection", id))
        job = None if isinstance(answer, Refused) else IngestionJob.of(answer)
        return ConnectionSyncPayload(job=job, user_errors=user_errors(answer))

    @mutation(description="Asks all connections for what is new; for members.")
    async def connection_sync_all(self, info: Info) -> ConnectionSyncAllPayload | None:
        """Asks all connections for what is new."""
        return _batch(ConnectionSyncAllPayload, await syncs.sync_all(info.context))

    @mutation(
        description="Renews the access tokens that are over, each by a sync of its connection, "
        "also where a person was asked to connect again; for admins."
    )
    async def connection_renew_all(self, info: Info) -> ConnectionRenewAllPayload | None:
        """Renews the access tokens that are over."""
        return _batch(ConnectionRenewAllPayload, await syncs.renew_all(info.context))


def _batch(kind: type[Kind], answer: syncs.SyncBatch | Refused) -> Kind:
    batch = None if isinstance(answer, Refused) else answer
    return kind(
        batch_id=None if batch is None else encode(BATCH, batch.id),
        count=0 if batch is None else batch.count,
        asked=None if batch is None else batch.id,
        user_errors=user_errors(answer),
    )
