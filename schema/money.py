"""Money: an amount is never shown without its currency."""

from __future__ import annotations

from decimal import Decimal

import strawberry

from schema.scalars import CurrencyCode


@strawberry.type(
    description="An exact amount, signed from the holder's side: money in is positive, owed is "
    "negative."
)
class Money:
    amount: Decimal = strawberry.field(description="How much, exactly as stored.")
    currency: CurrencyCode = strawberry.field(description="Of which currency.")
