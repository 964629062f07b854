"""Lease: keeps a job while its worker lives, also where one step takes longer than the lease."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from core.ending import ended
from core.errors import BankfeedsError, LeaseLost
from core.models import Job
from db import ledger
from pipeline.services import Services

log = logging.getLogger(__name__)

BEATS: Final = 3  # in the time of one lease: two may fail


@asynccontextmanager
async def lease_kept(job: Job, services: Services) -> AsyncIterator[None]:
    """Renews the lease from time to time until the block ends.

    Losing it stops nothing here: the next write names an old fence, and touches nothing.
    """
    beating = asyncio.create_task(_beat(job, services), name=f"lease-{job.id}")
    try:
        yield
    finally:
        await ended(beating)


async def _beat(job: Job, services: Services) -> None:
    while True:
        await asyncio.sleep(services.lease.total_seconds() / BEATS)
        try:
            async with services.database.as_(services.scope(job)) as tx:
                await ledger.renew(tx, job, lease=services.lease)
        except LeaseLost:
            return
        except BankfeedsError as error:
            log.warning(
                "job.lease_not_renewed",
                extra={"job_id": str(job.id), "error": type(error).__name__},
            )
