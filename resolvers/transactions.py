"""Transactions, as anybody in the tenant may read them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from core.errors import BadInput
from core.models import Transaction
from core.page import Page
from db import transactions as stored
from db.select import Asked
from db.transactions import TransactionFilter, TransactionOrder
from resolvers.context import Context

TEXT_MIN = 2
TEXT_MAX = 100
ACCOUNTS_MAX = 1_000


def asked(wanted: TransactionFilter, order: TransactionOrder) -> Asked:
    """What a list of transactions is asked for. Raises BadInput."""
    _check(wanted)
    return stored.asked(wanted, order)


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, Transaction]:
    """Transactions by id, removed ones too."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context,
    *,
    wanted: TransactionFilter,
    order: TransactionOrder,
    first: int,
    after: str | None,
) -> Page[Transaction]:
    """Transactions in an order. Raises BadInput for a filter out of bounds."""
    _check(wanted)
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, order=order, first=first, after=after
        )


async def of_accounts(
    context: Context,
    ids: Sequence[UUID],
    *,
    wanted: TransactionFilter,
    order: TransactionOrder,
    first: int,
    after: str | None,
) -> Mapping[UUID, Page[Transaction]]:
    """Transactions of each account in an order. Raises BadInput for a filter out of bounds."""
    _check(wanted)
    async with context.read() as tx:
        return await stored.of_accounts(
            tx,
            tenant_id=context.tenant,
            account_ids=ids,
            wanted=wanted,
            order=order,
            first=first,
            after=after,
        )


async def count(context: Context, *, wanted: TransactionFilter) -> int:
    """How many transactions there are. Raises BadInput for a filter out of bounds."""
    _check(wanted)
    async with context.read() as tx:
        return await stored.count(tx, tenant_id=context.tenant, wanted=wanted)


def _check(wanted: TransactionFilter) -> None:
    if wanted.text is not None and not TEXT_MIN <= len(wanted.text.strip()) <= TEXT_MAX:
        raise BadInput(f"filter.text: give {TEXT_MIN} to {TEXT_MAX} characters")
    if wanted.text is not None and "\x00" in wanted.text:
        raise BadInput("filter.text: leave out control characters")
    if wanted.account_ids is not None and len(wanted.account_ids) > ACCOUNTS_MAX:
        raise BadInput(f"filter.accountIds: give {ACCOUNTS_MAX} ids at most")
