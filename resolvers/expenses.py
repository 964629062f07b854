"""Expenses, and what makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.models import Role, Tenant
from core.page import Page
from db import audit, tenants
from db import expenses as stored
from db.expenses import Expense, ExpenseFilter, ExpenseSource
from resolvers.context import Context
from resolvers.refusing import refusable, require


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Expense]:
    """Expenses by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: ExpenseFilter, first: int, after: str | None
) -> Page[Expense]:
    """Expenses, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


@refusable
async def choose_source(context: Context, *, source: ExpenseSource) -> Tenant:
    """The tenant, whose transactions make expenses from now on, or do not."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        await stored.set_source(tx, tenant_id=context.tenant, source=source)
        await audit.record(tx, "tenant.updated", data={"fields": ["expensesFrom"]})
        found = await tenants.find(tx, tenant_id=context.tenant, user_id=context.user_id)
    assert found is not None
    return found
