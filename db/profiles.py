"""Statement profiles: how files of one source are read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.models import StatementProfile
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("profiles")

LISTING: Final = Listing(source="app.statement_profiles as p", alias="p")
NEWEST: Final = Order(name="profiles", keys=(select.by_instant("p.created_at"), select.by_id("p")))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileFilter:
    """Which profiles; None asks nothing."""

    formats: tuple[str, ...] | None = None
    text: str | None = None


def asked(wanted: ProfileFilter) -> Asked:
    """Profiles, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, StatementProfile]:
    """Profiles by id."""
    return await select.by_ids(tx, StatementProfile, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: ProfileFilter, first: int, after: str | None
) -> Page[StatementProfile]:
    """Profiles, newest first."""
    return await select.page(
        tx,
        StatementProfile,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def create(
    tx: Tx, *, tenant_id: UUID, name: str, format: str, definition: dict[str, Any], created_by: UUID
) -> StatementProfile:
    """A new profile. Raises Conflict where the tenant has one of that name."""
    row = await tx.row(_SQL["create"], tenant_id, name, format, definition, created_by)
    assert row is not None
    return read(StatementProfile, row)


async def update(
    tx: Tx,
    *,
    tenant_id: UUID,
    profile_id: UUID,
    name: str | None,
    definition: dict[str, Any] | None,
) -> StatementProfile | None:
    """The changed profile, None where there is none; None leaves a value as it is."""
    row = await tx.row(_SQL["update"], tenant_id, profile_id, name, definition)
    return None if row is None else read(StatementProfile, row)


async def delete(tx: Tx, *, tenant_id: UUID, profile_id: UUID) -> bool:
    """Whether there was one. Raises Forbidden where a connection or a job uses it."""
    return await tx.run(_SQL["delete"], tenant_id, profile_id) > 0


def _where(wanted: ProfileFilter) -> list[Condition]:
    where = []
    if wanted.formats is not None:
        where.append(Condition("p.format = any({}::text[])", (list(wanted.formats),)))
    if wanted.text is not None:
        where.append(Condition("p.name ilike {}", (select.containing(wanted.text),)))
    return where
