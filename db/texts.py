"""The index of texts that a search asks. It follows the rows; what is behind is on record."""

from __future__ import annotations

from uuid import UUID

from db.queries import load
from db.session import Tx

_SQL = load("texts")


async def unindexed_tenants(tx: Tx, *, most: int) -> list[UUID]:
    """Tenants with texts to index and no job that should go before, longest waiting first."""
    rows = await tx.rows(_SQL["unindexed_tenants"], most)
    return [row["tenant_id"] for row in rows]


async def index_part(tx: Tx, *, tenant_id: UUID) -> int:
    """Indexes the texts of one merge of a tenant; of how many rows.

    0 where all are indexed, or where another transaction is at it.
    """
    if not await tx.value(_SQL["lock"], tenant_id):
        return 0
    # A statement of its own: it sees whatever the holder of the lock before has committed.
    size = await tx.value(_SQL["index_part"], tenant_id)
    return 0 if size is None else int(size)


async def settle(tx: Tx) -> None:
    """Makes searches quick again after texts were indexed; without it, vacuum does so later."""
    await tx.run(_SQL["settle"])
