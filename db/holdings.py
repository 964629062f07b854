"""Holdings: what investment accounts hold of each security, as their sources said last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from core.holdings import Holding
from core.models import RawDocument
from core.page import Page
from core.records import HoldingRecord
from db import select
from db.queries import load
from db.select import Listing, Order
from db.session import Tx

_SQL = load("holdings")

LISTING: Final = Listing(source="app.holdings as h", alias="h")
NEWEST: Final = Order(name="holdings", keys=(select.by_instant("h.created_at"), select.by_id("h")))


async def of_accounts(
    tx: Tx, *, tenant_id: UUID, account_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[Holding]]:
    """What each account holds or held, the newest position first."""
    return await select.pages(
        tx,
        Holding,
        listing=LISTING,
        tenant_id=tenant_id,
        parent="h.account_id",
        parent_ids=account_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def put(
    tx: Tx,
    *,
    document: RawDocument,
    tenant_id: UUID,
    holdings: Sequence[tuple[HoldingRecord, UUID, UUID]],
) -> None:
    """Keeps what a document says; (record, mapping, account) each, a security of a mapping once."""
    if not holdings:
        return
    records = [record for record, _, _ in holdings]
    await tx.run(
        _SQL["put"],
        tenant_id,
        document.job_id,
        document.id,
        [mapping for _, mapping, _ in holdings],
        [account for _, _, account in holdings],
        [record.line for record in records],
        [record.security for record in records],
        [record.name for record in records],
        [record.ticker for record in records],
        [record.type for record in records],
        [record.quantity for record in records],
        [record.price for record in records],
        [record.value for record in records],
        [record.cost_basis for record in records],
        [record.currency for record in records],
        [record.as_of for record in records],
        document.received_at,
    )


async def end_others(
    tx: Tx,
    *,
    document: RawDocument,
    tenant_id: UUID,
    complete: Sequence[tuple[UUID, date, int]],
) -> None:
    """Ends what the document does not name; (mapping, day, line) of each list that is complete."""
    if not complete:
        return
    await tx.run(
        _SQL["end_others"],
        tenant_id,
        document.job_id,
        document.id,
        [mapping for mapping, _, _ in complete],
        [day for _, day, _ in complete],
        [line for _, _, line in complete],
        document.received_at,
    )


async def place(tx: Tx, *, tenant_id: UUID, mapping_id: UUID, account_id: UUID | None) -> None:
    """Brings the holdings of a mapping into its account, or drops them where it has none."""
    if account_id is None:
        await tx.run(_SQL["drop"], tenant_id, mapping_id)
    else:
        await tx.run(_SQL["place"], tenant_id, mapping_id, account_id)
