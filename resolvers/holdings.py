"""Holdings: what investment accounts hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.holdings import Holding
from core.page import Page
from db import holdings as stored
from resolvers.context import Context


async def of_accounts(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[Holding]]:
    """What each account holds or held, the newest position first."""
    async with context.read() as tx:
        return await stored.of_accounts(
            tx, tenant_id=context.tenant, account_ids=ids, first=first, after=after
        )
