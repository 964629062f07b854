"""What a provider's events change of a connection."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from db.queries import load
from db.session import Tx

_SQL = load("reactions")


async def stop(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, code: str, message: str, next_step: str
) -> bool:
    """Whether the connection waits for a person from now on; one that is closed or paused stays."""
    touched = await tx.run(_SQL["stop"], tenant_id, connection_id, code, message, next_step)
    return touched > 0


async def is_of(tx: Tx, *, tenant_id: UUID, connection_id: UUID, external_id: str | None) -> bool:
    """Whether the provider calls the connection so; None: any."""
    if external_id is None:
        return True
    return bool(await tx.value(_SQL["is_of"], tenant_id, connection_id, external_id))


async def heal(tx: Tx, *, tenant_id: UUID, connection_id: UUID) -> bool:
    """Whether something was wrong with the connection, and is not any more."""
    return await tx.run(_SQL["heal"], tenant_id, connection_id) > 0


async def ends(tx: Tx, *, tenant_id: UUID, connection_id: UUID, at: datetime) -> None:
    """Notes when the consent ends."""
    await tx.run(_SQL["ends"], tenant_id, connection_id, at)
