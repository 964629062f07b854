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
