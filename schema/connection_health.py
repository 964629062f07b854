"""The health of a connection, as far as the ledger of its jobs tells."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core import models
from db.connections import ConnectionHealth as Health
from resolvers import jobs
from resolvers.connection_scores import Circuit, circuit, score
from schema.context import Info
from schema.fields import resolved
from schema.related import maybe

if TYPE_CHECKING:
    from schema.jobs import IngestionJob


@strawberry.type(description="Why a connection's newest job failed.")
class ConnectionFailure:
    code: str = strawberry.field(description="Stable, for programs.")
    message: str = strawberry.field(description="The reason and the remedy, for a person.")
    failed_at: datetime | None = strawberry.field(
        description="When the job ended; null where that was not noted."
    )


@strawberry.type(description="How a connection does.")
class ConnectionHealth:
    status: models.ConnectionStatus = strawberry.field(description="Whether it delivers.")
    last_sync_at: datetime | None = strawberry.field(
        description="When it last delivered; null: never."
    )
    next_sync_at: datetime | None = strawberry.field(
        description="When it is asked next; null: when somebody asks."
    )
    last_success_at: datetime | None = strawberry.field(
        description="When its newest job ended that brought its rows; null: none did."
    )
    consecutive_failures: int = strawberry.field(
        description="How many jobs failed since then; 100 where it is more."
    )
    last_error: ConnectionFailure | None = strawberry.field(
        description="The newest of these failures; null where there is none."
    )
    score: float = strawberry.field(
        description="0.0 to 1.0: the share of the last 20 jobs that succeeded, halved while the "
        "circuit is open, 0 where a person must connect again or it is closed."
    )
    circuit: Circuit = strawberry.field(
        description="Whether it is left alone for a while after failures."
    )
    model: strawberry.Private[Health]

    @staticmethod
    def of(connection: models.Connection, health: Health) -> ConnectionHealth:
        """How a connection does."""
        return ConnectionHealth(
            status=connection.status,
            last_sync_at=connection.last_sync_at,
            next_sync_at=connection.next_sync_at,
            last_success_at=health.last_success_at,
            consecutive_failures=health.consecutive_failures,
            last_error=_error(health),
            score=score(connection, health),
            circuit=circuit(connection),
            model=health,
        )

    @resolved(description="Its newest job, whatever became of it; null: it never had one.")
    async def last_job(
        self, info: Info
    ) -> Annotated[IngestionJob, strawberry.lazy("schema.jobs")] | None:
        """Its newest job."""
        from schema.jobs import IngestionJob

        return await maybe(info.context, jobs.by_ids, self.model.last_job_id, IngestionJob.of)


def _error(health: Health) -> ConnectionFailure | None:
    if health.consecutive_failures == 0:
        return None
    return ConnectionFailure(
        code=health.error_code or "unknown",
        message=health.error_message or "",
        failed_at=health.failed_at,
    )
