"""Corrections as users read them, of transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
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


class Corrections(NamedTuple):
    """The last correction by which a row is what it is, and the last by which it is past."""

    corrects: TransactionCorrection | None = None
    corrected_by: TransactionCorrection | None = None


async def of_transactions(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, Corrections]:
    """The corrections of each of these rows; a row without any is left out."""
    rows = await tx.rows(_SQL["of_transactions"], tenant_id, list(ids))
    if not rows:
        return {}
    keys = list({row["id"] for row in rows})
    found = await select.by_ids(
        tx, TransactionCorrection, listing=LISTING, tenant_id=tenant_id, ids=keys
    )
    sides = {(row["row_id"], row["is_new"]): found[row["id"]] for row in rows}
    return {row: Corrections(sides.get((row, True)), sides.get((row, False))) for row, _ in sides}
