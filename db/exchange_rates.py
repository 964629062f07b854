"""Rates between currencies, as members say, and how far transfers may be from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from core.links import ExchangeRate
from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("exchange_rates")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFilter:
    """Which rates; None asks nothing."""

    base: str | None = None
    quote: str | None = None
    day_from: date | None = None
    day_to: date | None = None


async def put(tx: Tx, *, tenant_id: UUID, rates: Sequence[ExchangeRate]) -> int:
    """Writes rates over those of the same days; how many are new or other than before."""
    return await tx.run(
        _SQL["put"],
        tenant_id,
        [rate.base for rate in rates],
        [rate.quote for rate in rates],
        [rate.day for rate in rates],
        [rate.rate for rate in rates],
        [rate.source for rate in rates],
    )


async def of_days(
    tx: Tx, *, tenant_id: UUID, wanted: RateFilter, most: int
) -> Sequence[ExchangeRate]:
    """The newest rates."""
    rows = await tx.rows(
        _SQL["of_days"],
        tenant_id,
        wanted.base,
        wanted.quote,
        wanted.day_from,
        wanted.day_to,
        most,
    )
    return [read(ExchangeRate, row) for row in rows]


async def tolerance_percent(tx: Tx, *, tenant_id: UUID) -> Decimal:
    """How far a transfer may be from the rate of its day."""
    percent = await tx.value(_SQL["tolerance"], tenant_id)
    assert isinstance(percent, Decimal)
    return percent


async def tolerate(tx: Tx, *, tenant_id: UUID, percent: Decimal) -> None:
    """Says how far that is from now on."""
    await tx.run(_SQL["tolerate"], tenant_id, percent)
