"""Whose the accounts of a connection are."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("owned_accounts")


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedAccount:
    """An account that is to be an asset of a persona."""

    account_id: UUID
    persona_id: UUID
    institution: str | None
    name: str


async def without_asset(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> list[OwnedAccount]:
    """The connection's accounts that are no assets of it yet; none where it is nobody's."""
    rows = await tx.rows(_SQL["without_asset"], tenant_id, connection_id)
    return [read(OwnedAccount, row) for row in rows]


async def persona_of(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> UUID | None:
    """Whose the connection's accounts are; None: nobody's in particular."""
    found = await tx.value(_SQL["of_connection"], tenant_id, connection_id)
    return found if isinstance(found, UUID) else None


async def assign(tx: Tx, *, tenant_id: UUID, connection_id: UUID, persona_id: UUID) -> None:
    """Says whose the connection's accounts are. Raises Forbidden for another tenant's persona."""
    await tx.run(_SQL["assign"], tenant_id, connection_id, persona_id)
