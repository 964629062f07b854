"""What follows once a job's rows stand, before the job is settled.

Each step reads what the job wrote, does its work in transactions of its own, and may be repeated
after a crash: a step that finds its work done changes nothing. One that takes longer than a
statement may fails no import: its work is noted, and the connection's next job goes on with it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from core.models import Job
from core.records import Finding, Severity
from db import ledger, statistics
from db.failures import TimedOut
from pipeline.asking import ask_categories
from pipeline.auto_reconcile import auto_reconcile
from pipeline.balance_continuity import check_continuity
from pipeline.conflicts import settle_conflicts
from pipeline.finding_recurring import find_recurring
from pipeline.match import match
from pipeline.services import Services
from pipeline.stale_splits import tell_stale_splits

log = logging.getLogger(__name__)

Step = Callable[[Job, Services], Awaitable[None]]

STEPS: Final[Mapping[Step, str]] = {
    settle_conflicts: "settling contradictions",
    tell_stale_splits: "looking at splits",
    match: "matching",
    auto_reconcile: "reconciling",
    check_continuity: "proving balances",
    ask_categories: "asking about categories",
    find_recurring: "finding what recurs",
}


async def follow(job: Job, services: Services, *, steps: Mapping[Step, str] = STEPS) -> None:
    """Does the steps in their order. Raises LeaseLost where another worker has the job."""
    async with services.database.as_(services.scope(job)) as tx:
        await statistics.keep(tx, job)
    for step, work in steps.items():
        try:
            await step(job, services)
        except TimedOut:
            log.warning("job.follow_up_late", extra={"job_id": str(job.id), "work": work})
            await _tell(job, services, work)


async def _tell(job: Job, services: Services, work: str) -> None:
    finding = Finding(
        Severity.WARNING,
        "follow-up-late",
        f"The rows are written, but {work} took too long and goes on with the next job. "
        "If it stays so, tell the operator.",
    )
    async with services.database.as_(services.scope(job)) as tx:
        start = await ledger.next_finding(tx, job)
        await ledger.put_findings(tx, job, start=start, findings=[finding])
