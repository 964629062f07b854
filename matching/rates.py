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
from matching.scoring import RULE_VERSION

TOLERANCE_PERCENT: Final = Decimal(2)  # of a tenant that has said nothing else
STALE_DAYS: Final = 7  # weekends and holidays have no rate; what is older says nothing


class Rates:
    """What is known of rates, and how far in percent that of a bank may be from that of the day."""

    def __init__(
        self,
        rates: Iterable[ExchangeRate] = (),
        *,
        tolerance_percent: Decimal = TOLERANCE_PERCENT,
    ) -> None:
        self.tolerance_percent = tolerance_percent
        self.tolerance = tolerance_percent / 100
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


def rule_version(tolerance_percent: Decimal) -> str:
    """The rules under which rows of a tenant are compared: everybody's, and its tolerance if that
    is another one."""
    if tolerance_percent == TOLERANCE_PERCENT:
        return RULE_VERSION
    return f"{RULE_VERSION}, rates within {tolerance_percent.normalize():f} %"
