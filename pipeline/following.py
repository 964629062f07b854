"""What follows once a job's rows stand, before the job is settled.

Each step reads what the job wrote, does its work in transactions of its own, and may be repeated
after a crash: a step that finds its work done changes nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from core.models import Job
from pipeline.asking import ask_categories
from pipeline.auto_reconcile import auto_reconcile
from pipeline.balance_continuity import check_continuity
from pipeline.conflicts import settle_conflicts
from pipeline.finding_recurring import find_recurring
from pipeline.match import match
from pipeline.services import Services

Step = Callable[[Job, Services], Awaitable[None]]

STEPS: Final[tuple[Step, ...]] = (
    settle_conflicts,
    match,
    auto_reconcile,
    check_continuity,
    ask_categories,
    find_recurring,
)


async def follow(job: Job, services: Services) -> None:
    """Does the steps in their order. Raises LeaseLost where another worker has the job."""
    for step in STEPS:
        await step(job, services)
