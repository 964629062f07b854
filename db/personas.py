"""Personas: whoever can own something, whether they sign in or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.errors import Forbidden
from core.page import Page
from core.personas import Persona, PersonaKind, PersonaStatus
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("personas")

LISTING: Final = Listing(source="app.personas as p", alias="p")
OF_GROUPS: Final = Listing(
    source="app.persona_group_members as l "
    "join app.personas as p on p.tenant_id = l.tenant_id and p.id = l.persona_id",
    alias="p",
)
NEWEST: Final = Order(name="personas", keys=(select.by_instant("p.created_at"), select.by_id("p")))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaFilter:
    """Which personas; None asks nothing."""

    kind: tuple[PersonaKind, ...] | None = None
    status: tuple[PersonaStatus, ...] | None = None
    user_id: UUID | None = None
    group_id: UUID | None = None
    is_primary: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a persona is called: a business by `name`, a person by the others."""

    name: str | None
    given_name: str | None
    family_name: str | None


def asked(wanted: PersonaFilter) -> Asked:
    """Personas, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Persona]:
    """Personas by id."""
    return await select.by_ids(tx, Persona, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: PersonaFilter, first: int, after: str | None
) -> Page[Persona]:
    """Personas, newest first."""
    return await select.page(
        tx,
        Persona,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def of_groups(
    tx: Tx, *, tenant_id: UUID, group_ids: Sequence[UUID], first: int, after: str | None
) -> Mapping[UUID, Page[Persona]]:
    """The personas of each group, newest first."""
    return await select.pages(
        tx,
        Persona,
        listing=OF_GROUPS,
        tenant_id=tenant_id,
        parent="l.group_id",
        parent_ids=group_ids,
        where=(),
        order=NEWEST,
        first=first,
        after=after,
    )


async def primary_of(tx: Tx, *, tenant_id: UUID, user_id: UUID) -> UUID:
    """The user's primary persona in the scope's tenant, made of their address on first use.

    For a worker any member's, for a user their own. Raises Forbidden where there is no such member.
    """
    assert tx.scope.tenant_id == tenant_id
    persona_id = await tx.value(_SQL["primary"], user_id)
    if not isinstance(persona_id, UUID):
        raise Forbidden("not found")
    return persona_id


async def has_primary(tx: Tx, *, tenant_id: UUID, user_id: UUID) -> bool:
    """Whether the user has a primary persona."""
    return bool(await tx.value(_SQL["has_primary"], tenant_id, user_id))


async def create(
    tx: Tx,
    *,
    tenant_id: UUID,
    user_id: UUID | None,
    kind: PersonaKind,
    names: Names,
    email: str | None,
    is_primary: bool,
    created_by: UUID,
) -> Persona:
    """A new persona. Raises Forbidden for a user who is no member, Conflict for a second primary
    one."""
    row = await tx.row(
        _SQL["create"],
        tenant_id,
        user_id,
        kind,
        names.name,
        names.given_name,
        names.family_name,
        email,
        is_primary,
        created_by,
    )
    assert row is not None
    return read(Persona, row)


async def lock(tx: Tx, *, tenant_id: UUID, persona_id: UUID) -> Persona | None:
    """The persona, kept from other changes; None where the user may not change it."""
    row = await tx.row(_SQL["lock"], tenant_id, persona_id)
    return None if row is None else read(Persona, row)


async def update(tx: Tx, persona: Persona, *, tenant_id: UUID) -> Persona:
    """The persona with these names, this address, this status and this user. Raises Conflict for a
    second primary one."""
    row = await tx.row(
        _SQL["update"],
        tenant_id,
        persona.id,
        persona.name,
        persona.given_name,
        persona.family_name,
        persona.email,
        persona.status,
        persona.user_id,
        persona.is_primary,
    )
    assert row is not None
    return read(Persona, row)


async def make_primary(tx: Tx, *, tenant_id: UUID, persona_id: UUID, user_id: UUID) -> Persona:
    """The persona, which is the user's primary one from now on, in place of another."""
    await tx.run(_SQL["clear_primary"], tenant_id, user_id)
    row = await tx.row(_SQL["make_primary"], tenant_id, persona_id)
    assert row is not None
    return read(Persona, row)


def _where(wanted: PersonaFilter) -> list[Condition]:
    where = []
    if wanted.kind is not None:
        where.append(Condition("p.kind = any({}::text[])", (list(wanted.kind),)))
    if wanted.status is not None:
        where.append(Condition("p.status = any({}::text[])", (list(wanted.status),)))
    if wanted.user_id is not None:
        where.append(Condition("p.user_id = {}", (wanted.user_id,)))
    if wanted.group_id is not None:
        where.append(
            Condition(
                "exists (select from app.persona_group_members as w "
                "where w.tenant_id = p.tenant_id and w.persona_id = p.id and w.group_id = {})",
                (wanted.group_id,),
            )
        )
    if wanted.is_primary is not None:
        where.append(Condition("p.is_primary = {}::boolean", (wanted.is_primary,)))
    return where
