"""Finding what recurs: payments of a merchant that come in a period, on accounts with new rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from core.models import Job
from db import ledger, recurring
from db.recurring import SERIES_MAX, NewItem, Series
from pipeline.asking import since
from pipeline.flow import in_thread
from pipeline.recurrence import recurrence
from pipeline.services import Services

HISTORY: Final = timedelta(days=3 * 366)
ACCOUNTS_AT_ONCE: Final = 50
ITEMS_MAX: Final = 10_000  # kept of accounts that are looked at together


async def find_recurring(job: Job, services: Services) -> None:
    """Looks at every account that has new rows, and notes until when it has looked."""
    begun = await since(job, services)
    async with services.database.as_(services.scope(job)) as tx:
        until = await recurring.now(tx)
        accounts = await recurring.accounts_of_jobs(tx, tenant_id=job.tenant_id, since=begun)
    today = services.clock().date()
    for start in range(0, len(accounts), ACCOUNTS_AT_ONCE):
        await _look(job, services, accounts[start : start + ACCOUNTS_AT_ONCE], today=today)
    async with services.database.as_(services.scope(job)) as tx:
        await recurring.looked(tx, tenant_id=job.tenant_id, until=until)


async def _look(job: Job, services: Services, accounts: Sequence[UUID], *, today: date) -> None:
    found: list[NewItem] = []
    last: Series | None = None
    while True:
        async with services.database.as_(services.scope(job)) as tx:
            await ledger.renew(tx, job, lease=services.lease)
            part = await recurring.series(
                tx,
                tenant_id=job.tenant_id,
                account_ids=accounts,
                since=today - HISTORY,
                after=last,
            )
        found += await in_thread(partial(_recurring, part, today=today))
        if len(part) < SERIES_MAX or len(found) >= ITEMS_MAX:
            break
        last = part[-1]
    async with services.database.as_(services.scope(job)) as tx:
        await recurring.keep(
            tx, tenant_id=job.tenant_id, account_ids=accounts, items=found[:ITEMS_MAX]
        )


def _recurring(series: Sequence[Series], *, today: date) -> list[NewItem]:
    return [item for one in series if (item := recurrence(one, today=today)) is not None]
