"""Members of a tenant, and the invitations that its owners wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from core.models import Invitation, Member, Role
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Condition, Key, Listing, Order
from db.session import Tx

_SQL = load("members")

LISTING: Final = Listing(source="app.tenant_members as m", alias="m")
OLDEST: Final = Order(
    name="members",
    keys=(
        select.by_instant("m.created_at"),
        Key(sql="m.user_id", type="uuid", parse=UUID),
    ),
    descending=False,
)
INVITATIONS: Final = Listing(
    source="app.tenant_invitations as i", alias="i", overrides={"tenant_name": "null::text"}
)
INVITATIONS_NEWEST: Final = Order(
    name="invitations", keys=(select.by_instant("i.created_at"), select.by_id("i"))
)


async def page(tx: Tx, *, tenant_id: UUID, first: int, after: str | None) -> Page[Member]:
    """Members, those who came first, first."""
    return await select.page(
        tx,
        Member,
        listing=LISTING,
        tenant_id=tenant_id,
        where=(),
        order=OLDEST,
        first=first,
        after=after,
    )


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, Member]:
    """Members by their user's id."""
    found = await select.page(
        tx,
        Member,
        listing=LISTING,
        tenant_id=tenant_id,
        where=[Condition("m.user_id = any({}::uuid[])", (list(ids),))],
        order=OLDEST,
        first=len(ids),
        after=None,
    )
    return {member.user_id: member for member in found.items}


async def set_role(tx: Tx, *, tenant_id: UUID, user_id: UUID, role: Role) -> Member | None:
    """The member with another role; None where there is none. Raises Invalid for a last owner."""
    row = await tx.row(_SQL["set_role"], tenant_id, user_id, role)
    return None if row is None else read(Member, row)


async def remove(tx: Tx, *, tenant_id: UUID, user_id: UUID) -> bool:
    """Whether there was such a member. Raises Invalid for a last owner."""
    return await tx.run(_SQL["remove"], tenant_id, user_id) > 0


async def has_email(tx: Tx, *, tenant_id: UUID, email: str) -> bool:
    """Whether a member has this address, given in lower case."""
    return bool(await tx.value(_SQL["has_email"], tenant_id, email))


async def invitations(
    tx: Tx, *, tenant_id: UUID, first: int, after: str | None
) -> Page[Invitation]:
    """Invitations that nobody accepted yet, newest first; row-level security hides them from all
    but owners."""
    return await select.page(
        tx,
        Invitation,
        listing=INVITATIONS,
        tenant_id=tenant_id,
        where=[Condition("i.accepted_at is null")],
        order=INVITATIONS_NEWEST,
        first=first,
        after=after,
    )


async def invite(
    tx: Tx, *, tenant_id: UUID, email: str, role: Role, invited_by: UUID
) -> Invitation:
    """An invitation of an address, given in lower case; replaces an earlier one."""
    row = await tx.row(_SQL["invite"], tenant_id, email, role, invited_by)
    assert row is not None
    return Invitation(
        id=row["id"],
        email=row["email"],
        role=Role(row["role"]),
        expires_at=row["expires_at"],
        tenant_id=row["tenant_id"],
    )


async def revoke(tx: Tx, *, tenant_id: UUID, invitation_id: UUID) -> bool:
    """Whether there was such an open invitation."""
    return await tx.run(_SQL["revoke"], tenant_id, invitation_id) > 0
