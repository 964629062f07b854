"""Corrections of transactions, each with both of its documents."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from core import corrections as models
from db.reports import DOCUMENTS
from db.shown_corrections import DELETES, NEW_ROW, OLD_ROW, WAITS
from db.transactions import LISTING as TRANSACTIONS
from resolvers import jobs, transactions
from schema.columns import column, derived, shown
from schema.context import Info
from schema.documents import RawDocument
from schema.fields import resolved
from schema.reads import One
from schema.related import maybe, one

if TYPE_CHECKING:
    from schema.transactions import Transaction


@strawberry.type(
    description="A source replaces or deletes a row that it sent before, and names it by its id."
)
class TransactionCorrection:
    external_id: str = column(
        "c.external_id", description="The source's id of the row that is corrected."
    )
    deletes: bool = column(DELETES, description="Whether nothing takes the place of that row.")
    waits: bool = column(WAITS, description="Whether that row has not come yet.")
    created_at: datetime = column("c.created_at", description="When it was taken in.")
    line: int = derived("c.raw_line", description="Its first line in its document.")
    corrected_line: int | None = derived(
        "c.old_raw_line",
        description="The first line of the corrected version in its document; null: it waits.",
    )
    model: strawberry.Private[models.TransactionCorrection]

    @staticmethod
    def of(correction: models.TransactionCorrection) -> TransactionCorrection:
        """A correction of the tenant's."""
        return shown(
            TransactionCorrection,
            correction,
            line=correction.raw_line,
            corrected_line=correction.old_raw_line,
            model=correction,
        )

    @resolved(
        description="The document that it came with.", reads=One(listing=DOCUMENTS, key="c.raw_id")
    )
    async def raw_document(self, info: Info) -> RawDocument:
        """The document."""
        return await one(info.context, jobs.documents, self.model.raw_id, RawDocument.of)

    @resolved(
        description="The document of the corrected version; null: it waits.",
        reads=One(listing=DOCUMENTS, key="c.old_raw_id"),
    )
    async def corrected_document(self, info: Info) -> RawDocument | None:
        """The document of the corrected version."""
        return await maybe(info.context, jobs.documents, self.model.old_raw_id, RawDocument.of)

    @resolved(
        description="The transaction that takes the place; null: nothing does, or it was corrected "
        "itself.",
        reads=One(listing=TRANSACTIONS, key=NEW_ROW),
    )
    async def transaction(
        self, info: Info
    ) -> Annotated[Transaction, strawberry.lazy("schema.transactions")] | None:
        """What takes the place."""
        from schema.transactions import Transaction

        key = self.model.transaction_id
        return await maybe(info.context, transactions.by_ids, key, Transaction.of)

    @resolved(
        description="The transaction that was corrected; null where it goes on as the other one, "
        "or never stood.",
        reads=One(listing=TRANSACTIONS, key=OLD_ROW),
    )
    async def corrected(
        self, info: Info
    ) -> Annotated[Transaction, strawberry.lazy("schema.transactions")] | None:
        """What was corrected."""
        from schema.transactions import Transaction

        key = self.model.old_transaction_id
        return await maybe(info.context, transactions.by_ids, key, Transaction.of)
