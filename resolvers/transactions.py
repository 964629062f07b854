"""Transactions, as anybody in the tenant may read them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from categories import merchant
from core.errors import BadInput
from core.models import Transaction
from core.page import Page
from db import summaries
from db import transactions as stored
from db.select import Arguments, Asked
from db.summaries import Group, TransactionGrouping
from db.transaction_filter import MerchantName, TransactionFilter
from db.transactions import TransactionOrder
from pipeline.judging import NAME_MAX
from resolvers.context import Context

TEXT_MIN = 2
TEXT_MAX = 100
LIST_MAX = 1_000
GROUPS_MAX = 1_000


def merchant_name(text: str) -> MerchantName:
    """The other party of this name; of a cleaned one, in whichever spelling."""
    key = merchant.key(text)[:NAME_MAX]
    return MerchantName(text=text, key=key, is_clean=merchant.clean(text) == text)


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


async def summary(
    context: Context, *, wanted: TransactionFilter, by: Collection[TransactionGrouping]
) -> Sequence[Group]:
    """Transactions in groups of one currency each. Raises BadInput for more than 1,000 groups."""
    _check(wanted)
    async with context.read() as tx:
        groups = await summaries.groups(
            tx, tenant_id=context.tenant, wanted=wanted, by=by, most=GROUPS_MAX + 1
        )
    if len(groups) > GROUPS_MAX:
        raise BadInput(
            f"groupBy: these would be more than {GROUPS_MAX} groups; narrow the filter, such as "
            "by postedFrom and postedTo, or group by less"
        )
    return groups


def summary_statement(
    arguments: Arguments, *, wanted: TransactionFilter, by: Collection[TransactionGrouping]
) -> str:
    """The statement of a summary: one group more than there may be. Raises BadInput."""
    _check(wanted)
    return summaries.statement(arguments, wanted=wanted, by=by, most=GROUPS_MAX + 1)


def _check(wanted: TransactionFilter) -> None:
    text, merchant_text = wanted.text, wanted.merchant.text if wanted.merchant else None
    if text is not None and (len(text) > TEXT_MAX or len(text.strip()) < TEXT_MIN):
        raise BadInput(f"filter.text: give {TEXT_MIN} to {TEXT_MAX} characters")
    for name, value in (("text", text), ("merchantName", merchant_text)):
        if value is not None and "\x00" in value:
            raise BadInput(f"filter.{name}: leave out control characters")
    for category in wanted.categories or ():
        if "\x00" in category:
            raise BadInput("filter.category: leave out control characters")
    lists = (
        ("accountIds", wanted.account_ids),
        ("category", wanted.categories),
        ("status", wanted.status),
    )
    for name, values in lists:
        if values is not None and len(values) > LIST_MAX:
            raise BadInput(f"filter.{name}: give {LIST_MAX} at most")
