"""Exchange rates: the tenant's own data, by which transfers between currencies are found."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated

import strawberry

from core import links
from db.exchange_rates import RateFilter
from resolvers import exchange_rates
from resolvers.refusal import Refused
from schema.context import Info
from schema.fields import mutation, resolved
from schema.payload import Payload, user_errors
from schema.scalars import CurrencyCode


@strawberry.type(description="What one unit of a currency was worth in another one on a day.")
class ExchangeRate:
    base: CurrencyCode = strawberry.field(description="The currency of the unit.")
    quote: CurrencyCode = strawberry.field(description="The currency in which it is worth that.")
    day: date = strawberry.field(description="The day.")
    rate: Decimal = strawberry.field(description="How much it was worth.")
    source: str = strawberry.field(description="Who says so.")

    @staticmethod
    def of(rate: links.ExchangeRate) -> ExchangeRate:
        """A rate of the tenant's."""
        return ExchangeRate(
            base=CurrencyCode(rate.base),
            quote=CurrencyCode(rate.quote),
            day=rate.day,
            rate=rate.rate,
            source=rate.source,
        )


@strawberry.input(description="What one unit of a currency was worth in another one on a day.")
class ExchangeRateInput:
    base: CurrencyCode = strawberry.field(description="The currency of the unit.")
    quote: CurrencyCode = strawberry.field(description="The currency in which it is worth that.")
    day: date = strawberry.field(description="The day.")
    rate: Decimal = strawberry.field(description="How much it was worth; greater than zero.")
    source: str = strawberry.field(description="Who says so, such as ECB; 200 characters at most.")

    def said(self) -> links.ExchangeRate:
        """The rate."""
        return links.ExchangeRate(
            base=self.base, quote=self.quote, day=self.day, rate=self.rate, source=self.source
        )


@strawberry.input(description="Which rates; what is left out or null asks nothing.")
class ExchangeRateFilter:
    base: CurrencyCode | None = strawberry.field(default=None, description="Of this currency.")
    quote: CurrencyCode | None = strawberry.field(default=None, description="In this currency.")
    day_from: date | None = strawberry.field(default=None, description="Of this day or later.")
    day_to: date | None = strawberry.field(default=None, description="Of this day or earlier.")

    def wanted(self) -> RateFilter:
        """The filter as reads take it."""
        return RateFilter(
            base=self.base, quote=self.quote, day_from=self.day_from, day_to=self.day_to
        )


@strawberry.type(description="What exchangeRatesPut answers.")
class ExchangeRatesPutPayload(Payload):
    rates: list[ExchangeRate] | None = strawberry.field(
        description="The rates as they are kept; null where they were refused."
    )


@strawberry.type(description="What exchangeRateToleranceSet answers.")
class ExchangeRateToleranceSetPayload(Payload):
    percent: Decimal | None = strawberry.field(
        description="The tolerance as it is now; null where it was refused."
    )


@strawberry.type(description="What can be asked of exchange rates.")
class ExchangeRateQueries:
    @resolved(
        description="How far, in percent of what the rate says, the two sides of a transfer "
        "between currencies may be apart; 2 unless the tenant said otherwise."
    )
    async def exchange_rate_tolerance(self, info: Info) -> Decimal:
        """The tolerance of transfers between currencies."""
        return await exchange_rates.tolerance_percent(info.context)

    @resolved(
        description="What the tenant says of exchange rates, the newest first, 1,000 at most."
    )
    async def exchange_rates(
        self,
        info: Info,
        filter: Annotated[
            ExchangeRateFilter | None, strawberry.argument(description="Which of them; null: all.")
        ] = None,
    ) -> list[ExchangeRate]:
        """What the tenant says of exchange rates."""
        wanted = RateFilter() if filter is None else filter.wanted()
        found = await exchange_rates.every(info.context, wanted=wanted)
        return [ExchangeRate.of(rate) for rate in found]


@strawberry.type(description="What members say of exchange rates.")
class ExchangeRateMutations:
    @mutation(
        description="Says what currencies were worth, over what was said of the same days: by "
        "these rates alone are transfers between currencies found. For members."
    )
    async def exchange_rates_put(
        self,
        info: Info,
        rates: Annotated[
            list[ExchangeRateInput],
            strawberry.argument(description="The rates, 1,000 at most."),
        ],
    ) -> ExchangeRatesPutPayload | None:
        """Says what currencies were worth."""
        answer = await exchange_rates.put(info.context, rates=[rate.said() for rate in rates])
        return ExchangeRatesPutPayload(
            rates=None
            if isinstance(answer, Refused)
            else [ExchangeRate.of(rate) for rate in answer],
            user_errors=user_errors(answer),
        )

    @mutation(
        description="Says how far transfers between currencies may be from the rate of their day, "
        "for what is compared from now on. For admins."
    )
    async def exchange_rate_tolerance_set(
        self,
        info: Info,
        percent: Annotated[
            Decimal,
            strawberry.argument(description="0.1 to 10, with four decimal places at most."),
        ],
    ) -> ExchangeRateToleranceSetPayload | None:
        """Says how far transfers may be from rates."""
        answer = await exchange_rates.tolerate(info.context, percent=percent)
        return ExchangeRateToleranceSetPayload(
            percent=None if isinstance(answer, Refused) else answer,
            user_errors=user_errors(answer),
        )
