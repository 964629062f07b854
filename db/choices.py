"""What members say that transactions were for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("choices")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenRow:
    """A row as it is before somebody chooses; no key: it was never looked at."""

    merchant_name: str | None
    description: str
    merchant_key: str | None
    user_category: str | None


async def lock(tx: Tx, *, tenant_id: UUID, transaction_id: UUID) -> ChosenRow | None:
    """The row, kept from other choices until this database transaction ends."""
    row = await tx.row(_SQL["row"], tenant_id, transaction_id)
    return None if row is None else read(ChosenRow, row)


async def choose(
    tx: Tx,
    *,
    tenant_id: UUID,
    transaction_id: UUID,
    category: str | None,
    user_id: UUID,
    merchant: str | None,
    merchant_key: str | None,
) -> bool:
    """Whether there was such a transaction to say this of; None takes back what was said."""
    touched = await tx.run(
        _SQL["choose"], tenant_id, transaction_id, category, user_id, merchant, merchant_key
    )
    return touched > 0


async def choose_for_merchant(
    tx: Tx, *, tenant_id: UUID, merchant_key: str, category: str, user_id: UUID, most: int
) -> int:
    """Says it of all rows of the merchant for which nobody has chosen; how many, `most` at most."""
    return await tx.run(
        _SQL["choose_for_merchant"], tenant_id, merchant_key, category, user_id, most
    )


async def take_back_for_merchant(
    tx: Tx, *, tenant_id: UUID, merchant_key: str, category: str, at: datetime | None = None
) -> int:
    """Takes a choice back wherever it was made for the merchant, or only where it was made at that
    instant; how many rows."""
    return await tx.run(_SQL["take_back_for_merchant"], tenant_id, merchant_key, category, at)
