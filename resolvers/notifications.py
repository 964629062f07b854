"""Notifications, as members read them; each member has read what they have read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from core.models import Role
from core.notifications import Notification
from core.page import Page
from db import notifications as stored
from db.notifications import NotificationFilter
from resolvers.context import Context
from resolvers.refusing import invalid, limit, refusable, require

IDS_MAX: Final = 100  # a page of them


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Notification]:
    """Notifications by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: NotificationFilter, first: int, after: str | None
) -> Page[Notification]:
    """Notifications, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def count(context: Context, *, wanted: NotificationFilter) -> int:
    """How many there are."""
    async with context.read() as tx:
        return await stored.count(tx, tenant_id=context.tenant, wanted=wanted)


@refusable
async def mark_read(context: Context, *, ids: Sequence[UUID] | None, everything: bool) -> int:
    """How many the caller had not read until now; ids of nothing are passed over."""
    if (ids is None) == (not everything):
        raise invalid("Give either ids or all: true.", "ids")
    if ids is not None and len(ids) > IDS_MAX:
        raise limit(f"Give {IDS_MAX} ids at most, or all: true.", "ids")
    async with context.write() as tx:
        await require(tx, context, Role.VIEWER)
        tenant, user = context.tenant, context.user_id
        if ids is None:
            return await stored.mark_all_read(tx, tenant_id=tenant, user_id=user)
        return await stored.mark_read(tx, tenant_id=tenant, user_id=user, ids=ids)
