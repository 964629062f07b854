"""What members do to have connections synced."""

from __future__ import annotations

from typing import Annotated

import strawberry

from resolvers import syncs
from resolvers.refusal import Refused
from schema.context import Info
from schema.fields import mutation
from schema.ids import key_of
from schema.jobs import IngestionJob
from schema.payload import Payload, user_errors


@strawberry.type(description="What connectionSync answers.")
class ConnectionSyncPayload(Payload):
    job: IngestionJob | None = strawberry.field(
        description="The sync: a new one, or the one that waits already; null: it was refused."
    )


@strawberry.type(description="What connectionSyncAll answers.")
class ConnectionSyncAllPayload(Payload):
    jobs: list[IngestionJob] = strawberry.field(
        description="A sync for each connection that can be synced now, a thousand at most."
    )


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
        answer = await syncs.sync_all(info.context)
        jobs = [] if isinstance(answer, Refused) else [IngestionJob.of(job) for job in answer]
        return ConnectionSyncAllPayload(jobs=jobs, user_errors=user_errors(answer))
