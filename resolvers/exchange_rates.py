"""Exchange rates: what the tenant says that currencies were worth. Nobody makes any up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from core.links import ExchangeRate
from core.models import Role
from db import audit
from db import exchange_rates as stored
from db.exchange_rates import RateFilter
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import invalid, limit, refusable, require

PUT_MAX: Final = 1_000
READ_MAX: Final = 1_000
SOURCE_MAX: Final = 200
RATE_BELOW: Final = Decimal(10) ** 12
TOLERANCE_MIN: Final = Decimal("0.1")  # less than rounding to cents and a bank's margin take
TOLERANCE_MAX: Final = Decimal(10)
TOLERANCE_PLACES_MAX: Final = 4


async def every(context: Context, *, wanted: RateFilter) -> Sequence[ExchangeRate]:
    """The newest rates, 1,000 at most."""
    async with context.read() as tx:
        return await stored.of_days(tx, tenant_id=context.tenant, wanted=wanted, most=READ_MAX)


@refusable
async def put(context: Context, *, rates: Sequence[ExchangeRate]) -> Sequence[ExchangeRate]:
    """The rates as they were given; those of the same days are replaced."""
    if not rates:
        raise invalid("Give the rates.", "rates")
    if len(rates) > PUT_MAX:
        raise limit(f"Give {PUT_MAX} at most at once.", "rates")
    if len({_of(rate) for rate in rates}) < len(rates):
        raise invalid("Give each pair of currencies once a day.", "rates")
    rates = [_checked(rate, number) for number, rate in enumerate(rates)]
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        await stored.put(tx, tenant_id=context.tenant, rates=rates)
        await audit.record(tx, "rates.put", data={"rates": len(rates)})
    return rates


async def tolerance_percent(context: Context) -> Decimal:
    """How far, in percent, a transfer between currencies may be from the rate of its day."""
    async with context.read() as tx:
        return await stored.tolerance_percent(tx, tenant_id=context.tenant)


@refusable
async def tolerate(context: Context, *, percent: Decimal) -> Decimal:
    """The tolerance that counts for what is compared from now on."""
    if not TOLERANCE_MIN <= percent <= TOLERANCE_MAX:
        raise invalid(f"Give {TOLERANCE_MIN} to {TOLERANCE_MAX} percent.", "percent")
    if percent != round(percent, TOLERANCE_PLACES_MAX):
        raise invalid(f"Give {TOLERANCE_PLACES_MAX} decimal places at most.", "percent")
    percent = percent.normalize() + 0
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        before = await stored.tolerance_percent(tx, tenant_id=context.tenant)
        await stored.tolerate(tx, tenant_id=context.tenant, percent=percent)
        data = {
            "fields": ["rateTolerancePercent"],
            "from": f"{before:f}",
            "to": f"{percent:f}",
        }
        await audit.record(tx, "tenant.updated", data=data)
    return percent


def _of(rate: ExchangeRate) -> tuple[str, str, date]:
    return (rate.base, rate.quote, rate.day)


def _checked(rate: ExchangeRate, number: int) -> ExchangeRate:
    """The rate as it may be kept. Raises Refusal."""
    if rate.base == rate.quote:
        raise invalid("Name two currencies.", "rates", str(number), "quote")
    if not 0 < rate.rate < RATE_BELOW:
        raise invalid("A rate is greater than zero.", "rates", str(number), "rate")
    source = text.name(rate.source, "rates", str(number), "source", most=SOURCE_MAX)
    return replace(rate, source=source)
