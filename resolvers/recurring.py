"""Recurring payments, as workers found them; members say which are none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.categories import RecurringItem
from core.models import Role
from core.page import Page
from db import audit
from db import recurring as stored
from db.recurring import RecurringFilter
from resolvers.context import Context
from resolvers.refusing import missing, refusable, require


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, RecurringItem]:
    """Recurring payments by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: RecurringFilter, first: int, after: str | None
) -> Page[RecurringItem]:
    """Recurring payments, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


@refusable
async def dismiss(context: Context, *, item_id: UUID, dismissed: bool) -> RecurringItem:
    """The payment, dismissed or not; it stays so, whatever comes later."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if not await stored.dismiss(
            tx,
            tenant_id=context.tenant,
            item_id=item_id,
            dismissed=dismissed,
            user_id=context.user_id,
        ):
            raise missing("recurring payment", "id")
        event = "recurring.dismissed" if dismissed else "recurring.restored"
        await audit.record(tx, event, data={"recurringId": str(item_id)})
        found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[item_id])
    return found[item_id]
