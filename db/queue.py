"""The wake-up: tells a worker that a job is due. The ledger in Postgres is the truth."""

from __future__ import annotations

from typing import Protocol
from uuid import UUID


class Queue(Protocol):
    """Wakes workers."""

    async def wake(self, tenant_id: UUID, job_id: UUID) -> None:
        """Asks some worker to look at the job, after its commit. Never raises: a sweep finds it."""
        ...
