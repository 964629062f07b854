"""What people do with tenants, members and invitations."""

from __future__ import annotations

from typing import Annotated

import strawberry

from core import models
from resolvers import members, tenants
from resolvers.refusal import Refused
from schema.context import Info
from schema.fields import mutation
from schema.ids import encode, key_of
from schema.payload import Payload, user_errors
from schema.tenants import Invitation, Member, Tenant

MemberId = Annotated[strawberry.ID, strawberry.argument(description="The member.")]
InvitationId = Annotated[strawberry.ID, strawberry.argument(description="The invitation.")]


@strawberry.input(description="A new tenant.")
class TenantCreateInput:
    name: str = strawberry.field(description="What its owners will call it, 1 to 200 characters.")


@strawberry.input(description="A change of the chosen tenant.")
class TenantUpdateInput:
    name: str = strawberry.field(description="What its owners will call it, 1 to 200 characters.")


@strawberry.input(description="Whom to invite.")
class MemberInviteInput:
    email: str = strawberry.field(description="The address; whoever has it confirmed may accept.")
    role: models.Role = strawberry.field(
        default=models.Role.MEMBER, description="The role that is offered."
    )


@strawberry.input(description="Another role.")
class MemberSetRoleInput:
    role: models.Role = strawberry.field(description="The role.")


@strawberry.type(description="What tenantCreate answers.")
class TenantCreatePayload(Payload):
    tenant: Tenant | None = strawberry.field(
        description="The tenant, the caller its owner; null where it was refused."
    )


@strawberry.type(description="What tenantUpdate answers.")
class TenantUpdatePayload(Payload):
    tenant: Tenant | None = strawberry.field(
        description="The tenant as it is now; null where it was refused."
    )


@strawberry.type(description="What memberInvite answers.")
class MemberInvitePayload(Payload):
    invitation: Invitation | None = strawberry.field(
        description="The invitation; null where it was refused."
    )


@strawberry.type(description="What memberSetRole answers.")
class MemberSetRolePayload(Payload):
    member: Member | None = strawberry.field(
        description="The member as they are now; null where it was refused."
    )


@strawberry.type(description="What memberRemove answers.")
class MemberRemovePayload(Payload):
    removed_id: strawberry.ID | None = strawberry.field(
        description="The id of the member who is gone; null where it was refused."
    )


@strawberry.type(description="What invitationAccept answers.")
class InvitationAcceptPayload(Payload):
    tenant: Tenant | None = strawberry.field(
        description="The tenant that the caller joined; null where it was refused."
    )


@strawberry.type(description="What invitationRevoke answers.")
class InvitationRevokePayload(Payload):
    revoked_id: strawberry.ID | None = strawberry.field(
        description="The id that is gone; null where it was refused."
    )


@strawberry.type(description="What people do with tenants, members and invitations.")
class TenantMutations:
    @mutation(description="Makes a tenant that the caller owns; for everybody.")
    async def tenant_create(
        self,
        info: Info,
        input: Annotated[TenantCreateInput, strawberry.argument(description="What to make.")],
    ) -> TenantCreatePayload | None:
        """Makes a tenant."""
        answer = await tenants.create(info.context, name=input.name)
        return TenantCreatePayload(tenant=_tenant(answer), user_errors=user_errors(answer))

    @mutation(description="Changes the chosen tenant; for admins.")
    async def tenant_update(
        self,
        info: Info,
        input: Annotated[TenantUpdateInput, strawberry.argument(description="What to change.")],
    ) -> TenantUpdatePayload | None:
        """Changes the chosen tenant."""
        answer = await tenants.update(info.context, name=input.name)
        return TenantUpdatePayload(tenant=_tenant(answer), user_errors=user_errors(answer))

    @mutation(description="Invites an address, or renews its invitation; for owners.")
    async def member_invite(
        self,
        info: Info,
        input: Annotated[MemberInviteInput, strawberry.argument(description="Whom.")],
    ) -> MemberInvitePayload | None:
        """Invites an address."""
        answer = await members.invite(info.context, email=input.email, role=input.role)
        return MemberInvitePayload(
            invitation=None if isinstance(answer, Refused) else Invitation.of(answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Gives a member another role; for owners.")
    async def member_set_role(
        self,
        info: Info,
        id: MemberId,
        input: Annotated[MemberSetRoleInput, strawberry.argument(description="The role.")],
    ) -> MemberSetRolePayload | None:
        """Gives a member another role."""
        answer = await members.set_role(info.context, user_id=key_of("Member", id), role=input.role)
        return MemberSetRolePayload(
            member=None if isinstance(answer, Refused) else Member.of(answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Takes a member out at once; for owners, and for everybody to leave.")
    async def member_remove(
        self,
        info: Info,
        id: MemberId,
    ) -> MemberRemovePayload | None:
        """Takes a member out."""
        answer = await members.remove(info.context, user_id=key_of("Member", id))
        return MemberRemovePayload(
            removed_id=None if isinstance(answer, Refused) else encode("Member", answer),
            user_errors=user_errors(answer),
        )

    @mutation(description="Joins the tenant of an invitation; for whom it invites.")
    async def invitation_accept(
        self,
        info: Info,
        id: InvitationId,
    ) -> InvitationAcceptPayload | None:
        """Joins the tenant of an invitation."""
        answer = await tenants.accept_invitation(
            info.context, invitation_id=key_of("Invitation", id)
        )
        return InvitationAcceptPayload(tenant=_tenant(answer), user_errors=user_errors(answer))

    @mutation(description="Takes an open invitation back; for owners.")
    async def invitation_revoke(
        self,
        info: Info,
        id: InvitationId,
    ) -> InvitationRevokePayload | None:
        """Takes an open invitation back."""
        answer = await members.revoke(info.context, invitation_id=key_of("Invitation", id))
        return InvitationRevokePayload(
            revoked_id=None if isinstance(answer, Refused) else encode("Invitation", answer),
            user_errors=user_errors(answer),
        )


def _tenant(answer: models.Tenant | Refused) -> Tenant | None:
    return None if isinstance(answer, Refused) else Tenant.of(answer)
