"""Corrections as users read them, of transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.corrections import TransactionCorrection
from db import select
from db.queries import load
from db.select import Listing
from db.session import Tx

_SQL = load("shown_corrections")
_ROW: Final = (
    "(select n.id from app.transactions as n where n.tenant_id = c.tenant_id"
    " and n.mapping_id = c.mapping_id and n.fingerprint = c.{0}_print"
    " and n.occurrence = c.{0}_occurrence)"
)
NEW_ROW: Final = _ROW.format("new")
OLD_ROW: Final = _ROW.format("old")
DELETES: Final = "(length(c.new_print) = 0)"
WAITS: Final = "(c.state = 'open')"
LISTING: Final = Listing(
    source="app.corrections as c",
    alias="c",
    overrides={
        "deletes": DELETES,
        "waits": WAITS,
        "transaction_id": NEW_ROW,
        "old_transaction_id": OLD_ROW,
    },
)


class Side(StrEnum):
    """Which version of a correction a transaction is."""

    NEW = "new"
    OLD = "old"


async def of_transactions(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID], side: Side
) -> Mapping[UUID, TransactionCorrection]:
    """The last correction of which each of these rows is that version; of none, it is left out."""
    rows = await tx.rows(_SQL[f"of_{side}"], tenant_id, list(ids))
    known = {row["transaction_id"]: row["id"] for row in rows}
    found = await select.by_ids(
        tx, TransactionCorrection, listing=LISTING, tenant_id=tenant_id, ids=list(known.values())
    )
    return {row: found[one] for row, one in known.items()}
