"""Groups of personas, such as a family circle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from core.page import Page
from core.personas import PersonaGroup, PersonaStatus
from db import select
from db.queries import load
from db.rows import read
from db.select import Listing, Order
from db.session import Tx

_SQL = load("persona_groups")

LISTING: Final = Listing(source="app.persona_groups as g", alias="g")
OF_PERSONAS: Final = Listing(
    source="app.persona_group_members as l "
    "join app.persona_groups as g on g.tenant_id = l.tenant_id and g.id = l.group_id",
    alias="g",
)
NEWEST: Final = Order(
    name="persona_groups", keys=(select.by_instant("g.created_at"), select.by_id("g"))
)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, PersonaGroup]:
    """Groups by id."""
    return await select.by_ids(tx, PersonaGroup, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(tx: Tx, *, tenant_id: UUID, first: int, after: str | None) -> Page[PersonaGroup]:
    """Groups, newest first."""
    return await select.page(
        tx,
        PersonaGroup,
        listing=LISTING,
        tenant_id=tenant_id,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def of_personas(
    tx: Tx, *, tenant_id: UUID, persona_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[PersonaGroup]]:
    """The groups of each persona, newest first."""
    return await select.pages(
        tx,
        PersonaGroup,
        listing=OF_PERSONAS,
        tenant_id=tenant_id,
        parent="l.persona_id",
        parent_ids=persona_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def create(
    tx: Tx, *, tenant_id: UUID, name: str, description: str | None, created_by: UUID
) -> PersonaGroup:
    """A new group, to which nobody belongs yet."""
    row = await tx.row(_SQL["create"], tenant_id, name, description, created_by)
    assert row is not None
    return read(PersonaGroup, row)


async def update(
    tx: Tx,
    *,
    tenant_id: UUID,
    group_id: UUID,
    name: str | None,
    description: tuple[str | None] | None,
    status: PersonaStatus | None,
) -> PersonaGroup | None:
    """The changed group, None where there is none; None leaves a value as it is."""
    row = await tx.row(
        _SQL["update"],
        tenant_id,
        group_id,
        name,
        description is not None,
        None if description is None else description[0],
        status,
    )
    return None if row is None else read(PersonaGroup, row)


async def add(tx: Tx, *, tenant_id: UUID, group_id: UUID, persona_id: UUID) -> bool:
    """Whether the persona did not belong to the group before."""
    return await tx.run(_SQL["add"], tenant_id, group_id, persona_id) > 0


async def remove(tx: Tx, *, tenant_id: UUID, group_id: UUID, persona_id: UUID) -> bool:
    """Whether the persona belonged to the group before."""
    return await tx.run(_SQL["remove"], tenant_id, group_id, persona_id) > 0
