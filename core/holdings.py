"""Holdings as the rest of the code sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What an external account holds of a security."""

    id: UUID
    account_id: UUID
    mapping_id: UUID
    raw_id: UUID  # the document that says so
    raw_line: int
    security: str  # the source's id of it
    name: str | None
    ticker: str | None
    type: str | None
    quantity: Decimal
    price: Decimal | None
    value: Decimal | None
    cost_basis: Decimal | None
    currency: str
    as_of: date
    removed_on: date | None  # None: it is held
    created_at: datetime
    updated_at: datetime
