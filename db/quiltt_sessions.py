"""Sessions of personas' browsers at Quiltt: one open at a time, ended ones kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from core.scope import WorkerScope
from core.vault import Aad
from db.queries import load
from db.rows import read
from db.session import Database, Tx

_SQL = load("quiltt_sessions")

PURPOSE: Final = "quiltt.session"


class SessionState(StrEnum):
    """How a session stands."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"  # its time was over, or another took its place
    FAILED = "failed"  # Quiltt gave none


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSession:
    """A session that a browser may have; `sealed` is None while it is being made."""

    id: UUID
    user_id: UUID
    sealed: bytes | None = field(repr=False)
    issued_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndedSession:
    """A session that has ended here and not at Quiltt."""

    id: UUID
    sealed: bytes = field(repr=False)
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCounts:
    """Sessions of a profile that count against Quiltt's limits."""

    of_hour: int
    of_day: int


def aad(tenant_id: UUID, session_id: UUID) -> Aad:
    """What a token is bound to."""
    return Aad(tenant_id=tenant_id, purpose=PURPOSE, record_id=session_id)


async def opened(tx: Tx, *, tenant_id: UUID, persona_id: UUID, now: datetime) -> OpenSession | None:
    """The persona's open session; one whose time is over is open no more."""
    await tx.run(_SQL["expire"], tenant_id, persona_id, now)
    row = await tx.row(_SQL["open"], tenant_id, persona_id)
    return None if row is None else read(OpenSession, row)


async def counts(tx: Tx, *, tenant_id: UUID, profile_id: UUID, now: datetime) -> SessionCounts:
    """How many sessions count against Quiltt's limits."""
    row = await tx.row(_SQL["counts"], tenant_id, profile_id, now)
    assert row is not None
    return read(SessionCounts, row)


async def put(
    tx: Tx,
    *,
    tenant_id: UUID,
    persona_id: UUID,
    profile_id: UUID,
    user_id: UUID,
    issued_at: datetime,
    expires_at: datetime,
) -> UUID:
    """A session that is being made. Raises Conflict where the persona has an open one."""
    session_id = await tx.value(
        _SQL["put"], tenant_id, persona_id, profile_id, user_id, issued_at, expires_at
    )
    assert isinstance(session_id, UUID)
    return session_id


async def answered(
    tx: Tx, *, tenant_id: UUID, session_id: UUID, sealed: bytes, expires_at: datetime
) -> bool:
    """Keeps the token; False where the session has ended meanwhile."""
    return await tx.run(_SQL["answered"], tenant_id, session_id, sealed, expires_at) > 0


async def end(
    tx: Tx, *, tenant_id: UUID, session_id: UUID, state: SessionState, now: datetime
) -> bool:
    """Whether an open session has ended so."""
    return await tx.run(_SQL["end"], tenant_id, session_id, state, now) > 0


async def ended(tx: Tx, *, tenant_id: UUID, persona_id: UUID) -> list[EndedSession]:
    """Sessions that Quiltt still takes for open."""
    rows = await tx.rows(_SQL["ended"], tenant_id, persona_id)
    return [read(EndedSession, row) for row in rows]


async def over(database: Database, *, before: datetime, most: int) -> list[tuple[UUID, UUID]]:
    """Tenant and persona ids of sessions that have ended and are not closed at Quiltt."""
    async with database.as_(WorkerScope(tenant_id=None), read_only=True) as tx:
        rows = await tx.rows(_SQL["over"], before, most)
    return [(row["tenant_id"], row["persona_id"]) for row in rows]


async def close(tx: Tx, *, tenant_id: UUID, session_id: UUID, now: datetime) -> None:
    """Notes that Quiltt knows of the end; the token is forgotten."""
    await tx.run(_SQL["close"], tenant_id, session_id, now)
