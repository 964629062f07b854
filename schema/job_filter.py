"""The filter of jobs, as lists of all and of one connection take it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import strawberry

from core import jobs as states
from db import jobs
from db.jobs import JobFilter
from db.select import Asked
from schema.ids import optional_key_of

BATCH: Final = "SyncBatch"


@strawberry.input(description="Which jobs; what is left out or null asks nothing.")
class IngestionJobFilter:
    connection_id: strawberry.ID | None = strawberry.field(
        default=None, description="Of this connection."
    )
    state: list[states.JobState] | None = strawberry.field(
        default=None, description="In one of these states."
    )
    kind: list[states.JobKind] | None = strawberry.field(
        default=None, description="Of one of these kinds."
    )
    batch_id: strawberry.ID | None = strawberry.field(
        default=None, description="Asked for by this connectionSyncAll or connectionRenewAll."
    )
    created_from: datetime | None = strawberry.field(
        default=None, description="Asked for at this instant or later."
    )
    created_to: datetime | None = strawberry.field(
        default=None, description="Asked for at this instant or earlier."
    )

    def wanted(self) -> JobFilter:
        """The filter as reads take it."""
        return JobFilter(
            connection_id=optional_key_of("Connection", self.connection_id),
            state=None if self.state is None else tuple(self.state),
            kind=None if self.kind is None else tuple(self.kind),
            batch_id=optional_key_of(BATCH, self.batch_id),
            created_from=self.created_from,
            created_to=self.created_to,
        )


def asked_jobs(*, filter: IngestionJobFilter | None = None) -> Asked:
    """What the arguments of a list of jobs ask for."""
    return jobs.asked(JobFilter() if filter is None else filter.wanted())
