"""Finding what recurs: payments of a merchant that come in a period, on accounts with new rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Final
from uuid import UUID

from categories.recurring import Occurrence, find
from core.categories import RecurringPeriod, RecurringState
from core.models import Job
from db import ledger, recurring
from db.recurring import SERIES_MAX, NewItem, Series
from pipeline.asking import since
from pipeline.flow import in_thread
from pipeline.services import Services

HISTORY: Final = timedelta(days=3 * 366)
ACCOUNTS_AT_ONCE: Final = 50
DECIMALS_MAX: Final = 8
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
    return [item for one in series if (item := _item(one, today=today)) is not None]


def _item(series: Series, *, today: date) -> NewItem | None:
    """What recurs in one merchant's payments; None where nothing does."""
    rows = [
        Occurrence(merchant=series.merchant_key, day=day, amount=amount, currency=series.currency)
        for day, amount in zip(series.days, series.amounts, strict=True)
    ]
    for found in find(rows, today=today):
        band = (found.amount_low, found.amount_high)
        low, high = band if series.is_income else (-band[1], -band[0])
        return NewItem(
            account_id=series.account_id,
            merchant_key=series.merchant_key,
            merchant=series.merchant,
            currency=series.currency,
            is_income=series.is_income,
            period=RecurringPeriod(found.period),
            state=RecurringState.ENDED if found.ended else RecurringState.ACTIVE,
            first_on=found.first_seen,
            last_on=found.last_seen,
            next_on=None if found.ended else found.next_expected,
            amount_low=_stored(low),
            amount_high=_stored(high),
            occurrences=found.occurrences,
            missed=found.missed,
            confidence=found.confidence,
        )
    return None


def _stored(amount: Decimal) -> Decimal:
    return round(amount, DECIMALS_MAX)
