"""Holdings: what an investment account holds of a security."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import strawberry

from core import holdings
from db.reports import DOCUMENTS
from resolvers import jobs
from schema.columns import column, derived, money, shown
from schema.context import Info
from schema.documents import RawDocument
from schema.fields import resolved
from schema.ids import encode
from schema.json_sql import whole_id
from schema.money import Money
from schema.reads import One
from schema.related import one


@strawberry.type(description="What an account holds of a security, as its source said last.")
class Holding:
    id: strawberry.ID = derived(whole_id("Holding", "h.id"), description="Opaque and lasting.")
    security: str = column("h.security", description="The source's id of the security.")
    name: str | None = column(
        "h.name", description="What the security is called; null where the source does not say."
    )
    ticker: str | None = column(
        "h.ticker", description="Its symbol at an exchange; null where the source names none."
    )
    type: str | None = column(
        "h.type", description="The source's own kind of security; null where it names none."
    )
    quantity: Decimal = column(
        "h.quantity", description="How many units; 0 once it is held no more."
    )
    price: Money | None = money(
        "h.price", currency="h.currency", description="Of one unit; null where none was stated."
    )
    value: Money | None = money(
        "h.value", currency="h.currency", description="Of all units; null where none was stated."
    )
    cost_basis: Money | None = money(
        "h.cost_basis",
        currency="h.currency",
        description="What was paid for all units; null where none was stated.",
    )
    as_of: date = column("h.as_of", description="The day that the source stated it of.")
    removed_on: date | None = column(
        "h.removed_on",
        description="The day from which the source has it no more; null while it is held.",
    )
    created_at: datetime = column("h.created_at", description="When it was first imported.")
    updated_at: datetime = column("h.updated_at", description="When it was last changed.")
    line: int = derived(
        "h.raw_line", description="The line of its document, or the element of a page, from 1."
    )
    model: strawberry.Private[holdings.Holding]

    @staticmethod
    def of(holding: holdings.Holding) -> Holding:
        """A holding of an account."""
        return shown(
            Holding,
            holding,
            id=encode("Holding", holding.id),
            line=holding.raw_line,
            model=holding,
        )

    @resolved(
        description="The document that states it.", reads=One(listing=DOCUMENTS, key="h.raw_id")
    )
    async def raw_document(self, info: Info) -> RawDocument:
        """The document."""
        return await one(info.context, jobs.documents, self.model.raw_id, RawDocument.of)
