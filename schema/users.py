"""Users whom rows name: known where they are members of the caller's tenant."""

from __future__ import annotations

from uuid import UUID

from resolvers import members
from schema.context import RequestContext
from schema.tenants import User


async def user(context: RequestContext, user_id: UUID | None) -> User | None:
    """The user of an id; without an address where they have left the tenant."""
    if user_id is None:
        return None
    member = await context.loaders.load(context, members.by_ids, user_id)
    return User.of(user_id, None if member is None else member.email)
