"""Corrections: what sources say of rows that they sent before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from db import shown_corrections as stored
from db.shown_corrections import Corrections
from resolvers.context import Context


async def of_transactions(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Corrections]:
    """By which correction each of these rows is what it is, and by which it is past."""
    async with context.read() as tx:
        return await stored.of_transactions(tx, tenant_id=context.tenant, ids=ids)
