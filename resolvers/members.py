"""Members of the tenant: who may do what, and who was invited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.models import Invitation, Member, Role
from core.page import Page
from db import audit
from db import members as stored
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import conflict, missing, refusable, require


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Member]:
    """Members by their user's id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(context: Context, *, first: int, after: str | None) -> Page[Member]:
    """Members, oldest first."""
    async with context.read() as tx:
        return await stored.page(tx, tenant_id=context.tenant, first=first, after=after)


async def invitations(context: Context, *, first: int, after: str | None) -> Page[Invitation]:
    """Open invitations, newest first; empty for anybody but owners."""
    async with context.read() as tx:
        return await stored.invitations(tx, tenant_id=context.tenant, first=first, after=after)


@refusable
async def invite(context: Context, *, email: str, role: Role) -> Invitation:
    """An invitation of an address; says nothing about whether anybody has it."""
    address = text.email(email, "email")
    async with context.write() as tx:
        await require(tx, context, Role.OWNER)
        if await stored.has_email(tx, tenant_id=context.tenant, email=address):
            raise conflict("Somebody with this address is a member already.", "email")
        invitation = await stored.invite(
            tx, tenant_id=context.tenant, email=address, role=role, invited_by=context.user_id
        )
        await audit.record(
            tx, "member.invited", data={"invitationId": str(invitation.id), "role": role.value}
        )
    return invitation


@refusable
async def revoke(context: Context, *, invitation_id: UUID) -> UUID:
    """Takes an open invitation back."""
    async with context.write() as tx:
        await require(tx, context, Role.OWNER)
        if not await stored.revoke(tx, tenant_id=context.tenant, invitation_id=invitation_id):
            raise missing("invitation", "id")
        await audit.record(tx, "invitation.revoked", data={"invitationId": str(invitation_id)})
    return invitation_id


@refusable
async def set_role(context: Context, *, user_id: UUID, role: Role) -> Member:
    """The member with another role; the last owner keeps theirs."""
    async with context.write() as tx:
        await require(tx, context, Role.OWNER)
        member = await stored.set_role(tx, tenant_id=context.tenant, user_id=user_id, role=role)
        if member is None:
            raise missing("member", "id")
        await audit.record(tx, "member.role_set", data={"userId": str(user_id), "role": role.value})
    return member


@refusable
async def remove(context: Context, *, user_id: UUID) -> UUID:
    """Takes a member out at once; anybody may leave, and the last owner may not."""
    itself = user_id == context.user_id
    async with context.write() as tx:
        await require(tx, context, Role.VIEWER if itself else Role.OWNER)
        # Before the deed: who has left signs nothing any more.
        await audit.record(tx, "member.removed", data={"userId": str(user_id)})
        if not await stored.remove(tx, tenant_id=context.tenant, user_id=user_id):
            raise missing("member", "id")
    return user_id
