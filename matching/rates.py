"""Rates between currencies, of the days for which the tenant has said them; none is made up."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Final

from core.links import ExchangeRate

TOLERANCE: Final = Decimal("0.02")  # how far the rate of a bank may be from the rate of the day
STALE_DAYS: Final = 7  # weekends and holidays have no rate; what is older says nothing


class Rates:
    """What is known of rates."""

    def __init__(
        self, rates: Iterable[ExchangeRate] = (), *, tolerance: Decimal = TOLERANCE
    ) -> None:
        self.tolerance = tolerance
        self._rates: dict[tuple[str, str], list[ExchangeRate]] = defaultdict(list)
        for rate in sorted(rates, key=lambda one: one.day):
            self._rates[rate.base, rate.quote].append(rate)

    def of(self, base: str, quote: str, day: date) -> ExchangeRate | None:
        """The newest rate up to a day, also where its inverse was said; None: none is known."""
        direct, inverse = self._newest(base, quote, day), self._newest(quote, base, day)
        if inverse is not None and (direct is None or inverse.day > direct.day):
            return replace(inverse, base=base, quote=quote, rate=1 / inverse.rate)
        return direct

    def _newest(self, base: str, quote: str, day: date) -> ExchangeRate | None:
        known = self._rates.get((base, quote), [])
        place = bisect_right(known, day, key=lambda one: one.day)
        if place == 0 or (day - known[place - 1].day).days > STALE_DAYS:
            return None
        return known[place - 1]
