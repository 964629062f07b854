"""Personas: members keep their own and those they entered, admins all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from core.models import Role
from core.page import Page
from core.personas import Persona, PersonaKind, PersonaStatus
from db import audit, members
from db import personas as stored
from db.personas import Names, PersonaFilter
from db.session import Tx
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import conflict, invalid, missing, refusable, require


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPersona:
    """A persona that somebody wants entered."""

    kind: PersonaKind
    name: str | None
    given_name: str | None
    family_name: str | None
    email: str | None
    user_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonaChange:
    """None leaves a value as it is; a tuple holds the new one."""

    name: tuple[str | None] | None = None
    given_name: tuple[str | None] | None = None
    family_name: tuple[str | None] | None = None
    email: tuple[str | None] | None = None
    status: PersonaStatus | None = None
    user_id: UUID | None = None

    @property
    def fields(self) -> list[str]:
        """What it changes, as the schema calls it."""
        given = {
            "name": self.name,
            "givenName": self.given_name,
            "familyName": self.family_name,
            "email": self.email,
            "status": self.status,
            "userId": self.user_id,
        }
        return [field for field, value in given.items() if value is not None]


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Persona]:
    """Personas by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: PersonaFilter, first: int, after: str | None
) -> Page[Persona]:
    """Personas, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def of_groups(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[Persona]]:
    """The personas of each group, newest first."""
    async with context.read() as tx:
        return await stored.of_groups(
            tx, tenant_id=context.tenant, group_ids=ids, first=first, after=after
        )


@refusable
async def create(context: Context, *, new: NewPersona) -> Persona:
    """A new persona. The first of a user is their primary one."""
    names = _checked(new.kind, new.name, new.given_name, new.family_name)
    email = None if new.email is None else text.email(new.email, "email")
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        is_primary = False
        if new.user_id is not None:
            await _check_user(tx, context, new.user_id)
            is_primary = not await stored.has_primary(
                tx, tenant_id=context.tenant, user_id=new.user_id
            )
        persona = await stored.create(
            tx,
            tenant_id=context.tenant,
            user_id=new.user_id,
            kind=new.kind,
            names=names,
            email=email,
            is_primary=is_primary,
            created_by=context.user_id,
        )
        await audit.record(tx, "persona.created", data={"personaId": str(persona.id)})
    return persona


@refusable
async def update(context: Context, *, persona_id: UUID, change: PersonaChange) -> Persona:
    """The changed persona."""
    email = change.email
    if email is not None and email[0] is not None:
        email = (text.email(email[0], "email"),)
    async with context.write() as tx:
        before = await _locked(tx, context, persona_id)
        if change.status is PersonaStatus.ARCHIVED and before.is_primary:
            raise conflict("It is the primary persona. Make another one the primary first.", "id")
        status = change.status or before.status
        is_primary = before.is_primary
        if change.user_id is not None and change.user_id != before.user_id:
            is_primary = await _tied(tx, context, before, change.user_id, status)
        names = _checked(
            before.kind,
            before.name if change.name is None else change.name[0],
            before.given_name if change.given_name is None else change.given_name[0],
            before.family_name if change.family_name is None else change.family_name[0],
        )
        after = replace(
            before,
            name=names.name,
            given_name=names.given_name,
            family_name=names.family_name,
            email=before.email if email is None else email[0],
            status=status,
            user_id=change.user_id or before.user_id,
            is_primary=is_primary,
        )
        persona = await stored.update(tx, after, tenant_id=context.tenant)
        data = {"personaId": str(persona_id), "fields": change.fields}
        await audit.record(tx, "persona.updated", data=data)
    return persona


@refusable
async def make_primary(context: Context, *, persona_id: UUID) -> Persona:
    """The persona, which is its user's primary one from now on. What is connected stays where it
    is; connections that are made later belong to this one."""
    async with context.write() as tx:
        before = await _locked(tx, context, persona_id)
        if before.user_id is None:
            raise conflict("It is nobody's who signs in, so it cannot be the primary one.", "id")
        if before.status is not PersonaStatus.ACTIVE:
            raise conflict("It is archived. Take it back into use first.", "id")
        if before.is_primary:
            return before
        persona = await stored.make_primary(
            tx, tenant_id=context.tenant, persona_id=persona_id, user_id=before.user_id
        )
        await audit.record(tx, "persona.made_primary", data={"personaId": str(persona_id)})
    return persona


async def in_use(
    tx: Tx, context: Context, ids: Sequence[UUID], *path: str
) -> Mapping[UUID, Persona]:
    """Personas that may get something new. Raises Refusal for one that is missing or archived."""
    found = await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)
    if found.keys() != set(ids):
        raise missing("persona", *path)
    for persona in found.values():
        if persona.status is not PersonaStatus.ACTIVE:
            raise conflict("The persona is archived. Take it back into use first.", *path)
    return found


def _checked(
    kind: PersonaKind, name: str | None, given_name: str | None, family_name: str | None
) -> Names:
    """Names that fit the kind. Raises Refusal."""
    names = Names(
        name=text.optional_name(name, "name"),
        given_name=text.optional_name(given_name, "givenName"),
        family_name=text.optional_name(family_name, "familyName"),
    )
    if kind is PersonaKind.BUSINESS:
        if names.name is None:
            raise invalid("Give the name of the business.", "name")
        if names.given_name is not None or names.family_name is not None:
            raise invalid("A business has a name alone.", "name")
        return names
    if names.name is not None:
        raise invalid("A person has a givenName and a familyName; leave out the name.", "name")
    if names.given_name is None and names.family_name is None:
        raise invalid("Give a givenName, a familyName or both.", "givenName")
    return names


async def _check_user(tx: Tx, context: Context, user_id: UUID) -> None:
    if user_id == context.user_id:
        return
    await require(tx, context, Role.ADMIN)
    if not await members.by_ids(tx, tenant_id=context.tenant, ids=[user_id]):
        raise missing("member", "userId")


async def _tied(
    tx: Tx, context: Context, before: Persona, user_id: UUID, status: PersonaStatus
) -> bool:
    """Whether the persona becomes the primary one of the user who it is from now on.

    Raises Refusal: an admin says so, of a member, and once; what is connected hangs on it.
    """
    await require(tx, context, Role.ADMIN)
    if before.user_id is not None:
        raise conflict("It is another member's for good. Enter a persona for this one.", "userId")
    if not await members.by_ids(tx, tenant_id=context.tenant, ids=[user_id]):
        raise missing("member", "userId")
    return status is PersonaStatus.ACTIVE and not await stored.has_primary(
        tx, tenant_id=context.tenant, user_id=user_id
    )


async def _locked(tx: Tx, context: Context, persona_id: UUID) -> Persona:
    """The persona, where the caller may change it."""
    await require(tx, context, Role.MEMBER)
    found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[persona_id])
    if persona_id not in found:
        raise missing("persona", "id")
    if not _is_own(context, found[persona_id]):
        await require(tx, context, Role.ADMIN)
    locked = await stored.lock(tx, tenant_id=context.tenant, persona_id=persona_id)
    if locked is None:
        raise missing("persona", "id")
    return locked


def _is_own(context: Context, persona: Persona) -> bool:
    """Theirs; or of nobody who signs in, and entered by them. The policies say the same."""
    owner = persona.created_by if persona.user_id is None else persona.user_id
    return owner == context.user_id
