"""Exports: all transactions of a filter, page by page, each page in a short transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from core.errors import BadInput, Forbidden
from db import exports as stored
from db.exports import Form, Page, Place
from db.transaction_filter import TransactionFilter
from db.transactions import TransactionOrder
from resolvers import transactions
from resolvers.context import Context

PAGE_TIMEOUT_S: Final = 30  # a rare match may lie behind millions of rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """What is still to be exported: rows beyond `after` that were written until `as_of`."""

    wanted: TransactionFilter
    form: Form
    as_of: datetime | None = None  # None: now
    after: Place | None = None


async def page(context: Context, export: Export) -> tuple[Page, Export]:
    """The next page, and the export as it goes on after it.

    Whether the caller is a member is asked in the same snapshot as the page is read: to one who is
    not, an empty page would look like the end. Raises Forbidden and BadInput.
    """
    asked = transactions.asked(export.wanted, TransactionOrder.POSTED_DATE_ASC)
    tenant_id = context.tenant
    async with context.services.database.as_(
        context.scope, read_only=True, timeout_s=PAGE_TIMEOUT_S
    ) as tx:
        now = await stored.moment(tx)
        if now is None:
            raise Forbidden("you are not a member of the tenant")
        as_of = export.as_of or now
        if as_of > now:
            raise BadInput("asOf: give an instant that has passed")
        found = await stored.page(
            tx,
            tenant_id=tenant_id,
            where=asked.where,
            form=export.form,
            as_of=as_of,
            after=export.after,
        )
    return found, replace(export, as_of=as_of, after=found.last)
