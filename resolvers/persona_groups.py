"""Groups of personas: admins make them and say who belongs to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.models import Role
from core.page import Page
from core.personas import PersonaGroup, PersonaStatus
from db import audit
from db import persona_groups as stored
from db.session import Tx
from resolvers import personas, text
from resolvers.context import Context
from resolvers.refusing import conflict, missing, refusable, require

DESCRIPTION_MAX = 2_000


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, PersonaGroup]:
    """Groups by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(context: Context, *, first: int, after: str | None) -> Page[PersonaGroup]:
    """Groups, newest first."""
    async with context.read() as tx:
        return await stored.page(tx, tenant_id=context.tenant, first=first, after=after)


async def of_personas(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[PersonaGroup]]:
    """The groups of each persona, newest first."""
    async with context.read() as tx:
        return await stored.of_personas(
            tx, tenant_id=context.tenant, persona_ids=ids, first=first, after=after
        )


@refusable
async def create(context: Context, *, name: str, description: str | None) -> PersonaGroup:
    """A new group, to which nobody belongs yet."""
    name = text.name(name, "name")
    description = text.optional_name(description, "description", most=DESCRIPTION_MAX)
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        group = await stored.create(
            tx,
            tenant_id=context.tenant,
            name=name,
            description=description,
            created_by=context.user_id,
        )
        await audit.record(tx, "persona_group.created", data={"groupId": str(group.id)})
    return group


@refusable
async def update(
    context: Context,
    *,
    group_id: UUID,
    name: str | None,
    description: tuple[str | None] | None,
    status: PersonaStatus | None,
) -> PersonaGroup:
    """The changed group. None leaves a value as it is; a tuple holds the new one."""
    name = text.optional_name(name, "name")
    if description is not None:
        description = (text.optional_name(description[0], "description", most=DESCRIPTION_MAX),)
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        group = await stored.update(
            tx,
            tenant_id=context.tenant,
            group_id=group_id,
            name=name,
            description=description,
            status=status,
        )
        if group is None:
            raise missing("group", "id")
        given = {"name": name, "description": description, "status": status}
        fields = [field for field, value in given.items() if value is not None]
        data = {"groupId": str(group_id), "fields": fields}
        await audit.record(tx, "persona_group.updated", data=data)
    return group


@refusable
async def add_member(context: Context, *, group_id: UUID, persona_id: UUID) -> PersonaGroup:
    """The group with the persona in it; again changes nothing."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        group = await in_use(tx, context, group_id, "id")
        await personas.in_use(tx, context, [persona_id], "personaId")
        if await stored.add(tx, tenant_id=context.tenant, group_id=group_id, persona_id=persona_id):
            await _record(tx, "persona_group.member_added", group_id, persona_id)
    return group


@refusable
async def remove_member(context: Context, *, group_id: UUID, persona_id: UUID) -> PersonaGroup:
    """The group without the persona. What either owns stays as it is."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[group_id])
        if group_id not in found:
            raise missing("group", "id")
        if not await stored.remove(
            tx, tenant_id=context.tenant, group_id=group_id, persona_id=persona_id
        ):
            raise missing("persona in the group", "personaId")
        await _record(tx, "persona_group.member_removed", group_id, persona_id)
    return found[group_id]


async def in_use(tx: Tx, context: Context, group_id: UUID, *path: str) -> PersonaGroup:
    """A group that may get something new. Raises Refusal for one that is missing or archived."""
    found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[group_id])
    if group_id not in found:
        raise missing("group", *path)
    if found[group_id].status is not PersonaStatus.ACTIVE:
        raise conflict("The group is archived. Take it back into use first.", *path)
    return found[group_id]


async def _record(tx: Tx, event: str, group_id: UUID, persona_id: UUID) -> None:
    data = {"groupId": str(group_id), "personaId": str(persona_id)}
    await audit.record(tx, event, data=data)
