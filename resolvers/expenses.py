"""Expenses, and what members say that transactions were for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from core.models import Role, Tenant, Transaction
from core.page import Page
from db import audit, tenants, transactions
from db import expenses as stored
from db.expenses import Expense, ExpenseFilter, ExpenseSource
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import missing, refusable, require

CATEGORY_MAX: Final = 200


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
async def categorize(
    context: Context, *, transaction_id: UUID, category: str | None
) -> Transaction:
    """The transaction with the caller's category, or with the source's again for None."""
    category = text.optional_name(category, "category", most=CATEGORY_MAX)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if not await stored.categorize(
            tx,
            tenant_id=context.tenant,
            transaction_id=transaction_id,
            category=category,
            user_id=context.user_id,
        ):
            raise missing("transaction", "id")
        await audit.record(
            tx, "transaction.categorized", data={"transactionId": str(transaction_id)}
        )
        found = await transactions.by_ids(tx, tenant_id=context.tenant, ids=[transaction_id])
    return found[transaction_id]


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
