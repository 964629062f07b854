"""Sealed credentials of connections: found, put, renewed by one worker at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from core.scope import WorkerScope
from core.vault import Aad
from db.queries import load
from db.session import Database, Tx

_SQL = load("credentials")

PURPOSE: Final = "connection.credentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCredentials:
    """Sealed credentials; `version` grows with each renewal, `expires_at` is the access token's."""

    sealed: bytes = field(repr=False)
    version: int
    expires_at: datetime | None


def aad(tenant_id: UUID, connection_id: UUID) -> Aad:
    """What the credentials of a connection are bound to."""
    return Aad(tenant_id=tenant_id, purpose=PURPOSE, record_id=connection_id)


async def find(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> StoredCredentials | None:
    """The credentials of a connection; None: it has none."""
    row = await tx.row(_SQL["find"], tenant_id, connection_id)
    if row is None:
        return None
    return StoredCredentials(
        sealed=row["sealed"], version=row["version"], expires_at=row["expires_at"]
    )


async def put(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, sealed: bytes, expires_at: datetime | None
) -> None:
    """Keeps credentials, in place of those that were there."""
    await tx.run(_SQL["put"], tenant_id, connection_id, sealed, expires_at)


async def replace(
    tx: Tx,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    version: int,
    sealed: bytes,
    expires_at: datetime | None,
) -> bool:
    """Whether the credentials were still of that version, and are the new ones now."""
    touched = await tx.run(_SQL["replace"], tenant_id, connection_id, version, sealed, expires_at)
    return touched > 0


async def forget(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> None:
    """Deletes the credentials of a connection."""
    await tx.run(_SQL["forget"], tenant_id, connection_id)


async def lock(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> None:
    """Waits until nobody else renews these credentials; until the transaction ends, nobody does."""
    await tx.run(_SQL["lock"], tenant_id, connection_id)


async def ending(database: Database, *, before: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """Tenant and connection ids of access tokens that end before an instant."""
    async with database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        rows = await tx.rows(_SQL["ending"], before, most)
    return [(row["tenant_id"], row["connection_id"]) for row in rows]


async def ended(tx: Tx, *, tenant_id: UUID, before: datetime, most: int) -> list[UUID]:
    """Ids of the tenant's connections whose access tokens end before an instant, oldest first."""
    rows = await tx.rows(_SQL["ended"], tenant_id, before, most)
    return [row["connection_id"] for row in rows]
