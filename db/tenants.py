"""Tenants as their members see them, and the invitations of the signed-in user."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from core.models import Invitation, Role, Tenant
from db.queries import load
from db.session import Tx

_SQL = load("tenants")


async def mine(tx: Tx) -> Sequence[Tenant]:
    """The tenants of the signed-in user, by name; 1,000 at most."""
    rows = await tx.rows(_SQL["mine"])
    return [Tenant(id=row["id"], name=row["name"], role=Role(row["role"])) for row in rows]


async def find(tx: Tx, *, tenant_id: UUID, user_id: UUID) -> Tenant | None:
    """The tenant of the scope with the user's role in it; None for anybody else's."""
    row = await tx.row(_SQL["find"], tenant_id, user_id)
    if row is None:
        return None
    return Tenant(
        id=row["id"], name=row["name"], role=Role(row["role"]), created_at=row["created_at"]
    )


async def role(tx: Tx, *, tenant_id: UUID, user_id: UUID) -> Role | None:
    """The user's role; None for a user who is no member."""
    name = await tx.value(_SQL["role"], tenant_id, user_id)
    return None if name is None else Role(name)


async def create(tx: Tx, *, name: str) -> UUID:
    """A new tenant that the signed-in user owns. Raises Invalid past 100 of them."""
    tenant_id = await tx.value(_SQL["create"], name)
    assert isinstance(tenant_id, UUID)
    return tenant_id


async def rename(tx: Tx, *, tenant_id: UUID, name: str) -> None:
    """Gives the tenant another name."""
    await tx.run(_SQL["rename"], tenant_id, name)


async def my_invitations(tx: Tx, *, email: str) -> Sequence[Invitation]:
    """Open invitations to the signed-in user's confirmed address; 100 at most."""
    rows = await tx.rows(_SQL["my_invitations"])
    return [
        Invitation(
            id=row["id"],
            email=email,
            role=Role(row["role"]),
            expires_at=row["expires_at"],
            tenant_id=row["tenant_id"],
            tenant_name=row["tenant_name"],
        )
        for row in rows
    ]


async def accept(tx: Tx, *, invitation_id: UUID) -> UUID | None:
    """Joins the tenant of an invitation and returns its id; None where there is none to accept."""
    tenant_id = await tx.value(_SQL["accept"], invitation_id)
    return tenant_id if isinstance(tenant_id, UUID) else None
