"""Statements of accounts: what sources state around rows, and whether that adds up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.page import Page
from core.statements import Statement
from db import statements as stored
from db.statements import StatementFilter
from resolvers.context import Context


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Statement]:
    """Statements by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: StatementFilter, first: int, after: str | None
) -> Page[Statement]:
    """Statements, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def of_accounts(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[Statement]]:
    """The statements of each account, newest first."""
    async with context.read() as tx:
        return await stored.of_accounts(
            tx, tenant_id=context.tenant, account_ids=ids, first=first, after=after
        )


async def of_jobs(
    context: Context, ids: Sequence[UUID], *, first: int, after: str | None
) -> Mapping[UUID, Page[Statement]]:
    """The statements that each job brought, in the order of its document."""
    async with context.read() as tx:
        return await stored.of_jobs(
            tx, tenant_id=context.tenant, job_ids=ids, first=first, after=after
        )
