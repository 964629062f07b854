"""Links: begun by a person, used once by the same person, forgotten."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from core.vault import Aad
from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("links")

PURPOSE: Final = "connection.link"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A link as it is begun; `sealed` is what is kept until the person is back."""

    id: UUID
    user_id: UUID
    provider: str
    connection_id: UUID | None  # of a connection that is linked again
    state_hash: bytes
    sealed: bytes = field(repr=False)
    callback_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class UsedLink:
    """A link that its person has come back with."""

    id: UUID
    provider: str
    connection_id: UUID | None
    sealed: bytes = field(repr=False)
    callback_url: str


def aad(tenant_id: UUID, link_id: UUID) -> Aad:
    """What a link's secrets are bound to."""
    return Aad(tenant_id=tenant_id, purpose=PURPOSE, record_id=link_id)


async def put(tx: Tx, *, tenant_id: UUID, new: NewLink, now: datetime) -> None:
    """Keeps a link, and forgets those whose time is over."""
    await tx.run(_SQL["forget_old"], tenant_id, now)
    await tx.run(
        _SQL["put"],
        tenant_id,
        new.id,
        new.user_id,
        new.provider,
        new.connection_id,
        new.state_hash,
        new.sealed,
        new.callback_url,
        new.expires_at,
    )


async def use(
    tx: Tx, *, tenant_id: UUID, link_id: UUID, user_id: UUID, state_hash: bytes, now: datetime
) -> UsedLink | None:
    """The link, used now; None where it is not this person's, not this state's, used or over."""
    row = await tx.row(_SQL["use"], tenant_id, link_id, user_id, state_hash, now)
    return None if row is None else read(UsedLink, row)


async def linked(tx: Tx, *, tenant_id: UUID, provider: str, external_id: str) -> UUID | None:
    """The connection that the provider calls so; None: it is linked for the first time."""
    found = await tx.value(_SQL["linked"], tenant_id, provider, external_id)
    return found if isinstance(found, UUID) else None


async def open_connection(
    tx: Tx,
    *,
    tenant_id: UUID,
    connection_id: UUID,
    external_id: str,
    consent_expires_at: datetime | None,
    now: datetime,
) -> bool:
    """Lets a linked connection deliver from now on; False: it is closed for good."""
    touched = await tx.run(
        _SQL["open"], tenant_id, connection_id, external_id, consent_expires_at, now
    )
    return touched > 0


async def meet_institution(
    tx: Tx, *, tenant_id: UUID, connection_id: UUID, external_id: str, name: str
) -> None:
    """Notes the institution of a connection that has none yet."""
    await tx.run(_SQL["meet_institution"], tenant_id, connection_id, name[:200], external_id[:200])
