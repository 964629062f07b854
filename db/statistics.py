"""What Postgres knows of its tables, by which it plans."""

from __future__ import annotations

from core.models import Job
from db.queries import load
from db.session import Tx

_SQL = load("statistics")


async def keep(tx: Tx, job: Job) -> None:
    """Looks at the tables anew where the job wrote a good part of them. For a worker."""
    await tx.run(_SQL["keep"], job.tenant_id, job.id)
