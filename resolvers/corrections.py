"""Corrections: what sources say of rows that they sent before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.corrections import TransactionCorrection
from db import shown_corrections as stored
from db.shown_corrections import Side
from resolvers.context import Context


async def by_new(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, TransactionCorrection]:
    """By which correction each of these rows is what it is."""
    async with context.read() as tx:
        return await stored.of_transactions(tx, tenant_id=context.tenant, ids=ids, side=Side.NEW)


async def by_old(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, TransactionCorrection]:
    """By which correction each of these rows is past."""
    async with context.read() as tx:
        return await stored.of_transactions(tx, tenant_id=context.tenant, ids=ids, side=Side.OLD)
