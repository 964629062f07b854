"""The caller, tenants, members and invitations."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import strawberry

from core import models
from resolvers import tenants
from schema.columns import column, shown
from schema.context import Info
from schema.fields import resolved
from schema.ids import encode
from schema.node import Node


@strawberry.type(description="Somebody who signs in.")
class User:
    id: strawberry.ID = strawberry.field(description="Opaque and lasting.")
    email: str | None = strawberry.field(
        description="Their address; null for a user whom the caller's tenant does not know."
    )

    @staticmethod
    def of(user_id: UUID, email: str | None) -> User:
        """A user as the caller may see them."""
        return User(id=encode("User", user_id), email=email)


@strawberry.type(description="A business or app whose data nobody else may see.")
class Tenant(Node):
    name: str = column("t.name", description="What its owners call it.")
    role: models.Role | None = column("m.role", description="The caller's role in it.")
    created_at: datetime | None = column(
        "t.created_at", description="When it was made; null where only its membership was asked."
    )

    @staticmethod
    def of(tenant: models.Tenant) -> Tenant:
        """A tenant of the caller's."""
        return shown(Tenant, tenant, id=encode("Tenant", tenant.id), key=tenant.id)


@strawberry.type(description="A user's membership in a tenant.")
class Member(Node):
    user: User = strawberry.field(description="Who it is.")
    role: models.Role = column("m.role", description="What they may do.")
    created_at: datetime = column("m.created_at", description="When they joined.")

    @staticmethod
    def of(member: models.Member) -> Member:
        """A member of the caller's tenant."""
        return shown(
            Member,
            member,
            id=encode("Member", member.user_id),
            key=member.user_id,
            user=User.of(member.user_id, member.email),
        )


@strawberry.type(description="An offer of membership to whoever has an address.")
class Invitation:
    id: strawberry.ID = strawberry.field(description="Opaque; what accepts or revokes it.")
    email: str = strawberry.field(description="The address that was invited.")
    role: models.Role = strawberry.field(description="The role that is offered.")
    tenant_name: str | None = strawberry.field(
        description="The name of the inviting tenant; null in that tenant's own list."
    )
    expires_at: datetime = strawberry.field(description="Until when it can be accepted.")

    @staticmethod
    def of(invitation: models.Invitation) -> Invitation:
        """An invitation by or of the caller."""
        return Invitation(
            id=encode("Invitation", invitation.id),
            email=invitation.email,
            role=invitation.role,
            tenant_name=invitation.tenant_name,
            expires_at=invitation.expires_at,
        )


@strawberry.type(description="The caller.")
class Viewer:
    user: User = strawberry.field(description="Who they are.")
    current: strawberry.Private[models.Tenant | None]

    @staticmethod
    async def of(info: Info) -> Viewer:
        """The caller, with the tenant that they chose."""
        context = info.context
        return Viewer(
            user=User.of(context.user_id, context.email), current=await tenants.current(context)
        )

    @resolved(description="The chosen tenant; null where none is chosen.")
    def tenant(self) -> Tenant | None:
        """The chosen tenant."""
        return None if self.current is None else Tenant.of(self.current)

    @resolved(description="The caller's role in the chosen tenant; null without one.")
    def role(self) -> models.Role | None:
        """The role in it."""
        return None if self.current is None else self.current.role

    @resolved(description="All tenants that the caller is a member of, by name.")
    async def tenants(self, info: Info) -> list[Tenant]:
        """All tenants."""
        return [Tenant.of(tenant) for tenant in await tenants.mine(info.context)]

    @resolved(description="Open invitations to the caller's address.")
    async def invitations(self, info: Info) -> list[Invitation]:
        """Open invitations."""
        return [Invitation.of(one) for one in await tenants.my_invitations(info.context)]
