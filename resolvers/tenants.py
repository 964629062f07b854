"""The caller: who they are, their tenants, their role, and the invitations that wait for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.models import Invitation, Role, Tenant
from core.scope import UserScope
from db import audit
from db import tenants as stored
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import missing, refusable, require


async def current(context: Context) -> Tenant | None:
    """The chosen tenant with the caller's role; None where they chose none or are no member."""
    if context.tenant_id is None:
        return None
    async with context.read() as tx:
        return await stored.find(tx, tenant_id=context.tenant_id, user_id=context.user_id)


async def mine(context: Context) -> Sequence[Tenant]:
    """The caller's tenants, by name."""
    async with context.read() as tx:
        return await stored.mine(tx)


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Tenant]:
    """Those of these tenants that the caller is a member of."""
    return {tenant.id: tenant for tenant in await mine(context) if tenant.id in ids}


async def my_invitations(context: Context) -> Sequence[Invitation]:
    """Open invitations to the caller's address."""
    async with context.read() as tx:
        return await stored.my_invitations(tx, email=context.email or "")


@refusable
async def create(context: Context, *, name: str) -> Tenant:
    """A new tenant that the caller owns."""
    name = text.name(name, "name")
    async with context.write() as tx:
        tenant_id = await stored.create(tx, name=name)
    await _record(context, tenant_id, "tenant.created")
    return Tenant(id=tenant_id, name=name, role=Role.OWNER)


@refusable
async def update(context: Context, *, name: str) -> Tenant:
    """The chosen tenant under another name."""
    name = text.name(name, "name")
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        await stored.rename(tx, tenant_id=context.tenant, name=name)
        await audit.record(tx, "tenant.updated", data={"fields": ["name"]})
        found = await stored.find(tx, tenant_id=context.tenant, user_id=context.user_id)
    assert found is not None
    return found


@refusable
async def accept_invitation(context: Context, *, invitation_id: UUID) -> Tenant:
    """The tenant that the caller has joined."""
    async with context.write() as tx:
        tenant_id = await stored.accept(tx, invitation_id=invitation_id)
        joined = {tenant.id: tenant for tenant in await stored.mine(tx)}
    if tenant_id is None:
        raise missing("invitation", "id")
    await _record(context, tenant_id, "invitation.accepted", str(invitation_id))
    return joined[tenant_id]


async def _record(
    context: Context, tenant_id: UUID, event: str, invitation_id: str | None = None
) -> None:
    """Audits in the name of the tenant that came about, which the caller has not chosen yet."""
    scope = UserScope(user_id=context.user_id, tenant_id=tenant_id)
    data = {} if invitation_id is None else {"invitationId": invitation_id}
    async with context.services.database.as_(scope) as tx:
        await audit.record(tx, event, data=data)
