"""Tells of split transactions whose amount a job has changed; the database asks by itself."""

from __future__ import annotations

from typing import Final

from core.models import Job
from core.records import Finding, Severity
from db import continuity, ledger, review_items
from pipeline.services import Services

CODE: Final = "stale-split"


async def tell_stale_splits(job: Job, services: Services) -> None:
    """A finding where the job's rows have other amounts than their parts; closes questions that an
    amount has answered."""
    async with services.database.as_(services.scope(job)) as tx:
        await review_items.close_splits(tx, tenant_id=job.tenant_id)
        rows = await review_items.open_splits(tx, tenant_id=job.tenant_id, job_id=job.id)
        finding = _finding(rows)
        if rows and finding.message not in await continuity.told(tx, job, code=CODE):
            start = await ledger.next_finding(tx, job)
            await ledger.put_findings(tx, job, start=start, findings=[finding])
        await ledger.renew(tx, job, lease=services.lease)


def _finding(rows: int) -> Finding:
    return Finding(
        Severity.WARNING,
        CODE,
        f"The source changed the amount of {rows:,} transactions that are split. Their parts count "
        "no more, and the whole counts instead: decide in the review what becomes of them.",
    )
