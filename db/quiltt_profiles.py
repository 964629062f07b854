"""Profiles of personas at Quiltt."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("quiltt_profiles")


@dataclass(frozen=True, slots=True, kw_only=True)
class QuilttProfile:
    """A persona's profile in one environment."""

    id: UUID
    external_id: str | None  # None: Quiltt has not answered yet
    external_environment: str | None


async def take(tx: Tx, *, tenant_id: UUID, persona_id: UUID, environment: str) -> QuilttProfile:
    """The persona's profile, noted where there was none; nobody else has it until the transaction
    ends."""
    await tx.run(_SQL["meet"], tenant_id, persona_id, environment)
    row = await tx.row(_SQL["take"], tenant_id, persona_id, environment)
    assert row is not None
    return read(QuilttProfile, row)


async def answered(
    tx: Tx, *, tenant_id: UUID, profile_id: UUID, external_id: str, external_environment: str
) -> None:
    """Keeps what Quiltt calls the profile. Raises Conflict where it is another persona's."""
    await tx.run(_SQL["answered"], tenant_id, profile_id, external_id, external_environment)
