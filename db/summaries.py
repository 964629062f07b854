"""Summaries of transactions: counts and exact sums, by what the caller chooses and by currency."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Final
from uuid import UUID

from db import select
from db.rows import read
from db.select import Arguments, Condition
from db.session import Tx
from db.transaction_filter import TransactionFilter, conditions
from db.transactions import CATEGORY, LISTING, MERCHANT


class TransactionGrouping(Enum):
    """What transactions are put together by."""

    MONTH = "month"
    CATEGORY = "category"
    ACCOUNT = "account_id"
    MERCHANT = "merchant_name"
    CURRENCY = "currency"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Transactions of one currency; what they were not grouped by is None.

    A category or merchant of None is also that of the transactions for which nobody said.
    """

    month: date | None  # its first day
    category: str | None
    account_id: UUID | None
    merchant_name: str | None
    currency: str
    count: int
    income: Decimal  # sum of money in
    expenses: Decimal  # sum of money out: negative, or zero
    net: Decimal


# In the order in which groups are sorted. Text goes by bytes: the same on every server.
_KEYS: Final[Mapping[TransactionGrouping, str]] = {
    TransactionGrouping.MONTH: "t.sort_month",
    TransactionGrouping.CATEGORY: f'{CATEGORY} collate "C"',
    TransactionGrouping.ACCOUNT: "t.account_id",
    # Of several spellings the first by bytes, in whichever order rows come.
    TransactionGrouping.MERCHANT: 'min(coalesce(t.merchant, t.merchant_name) collate "C")',
    TransactionGrouping.CURRENCY: "t.currency",
}
_MERCHANT: Final = f'{MERCHANT} collate "C"'
_UNASKED: Final[Mapping[TransactionGrouping, str]] = {
    TransactionGrouping.MONTH: "null::date",
    TransactionGrouping.CATEGORY: "null::text",
    TransactionGrouping.ACCOUNT: "null::uuid",
    TransactionGrouping.MERCHANT: "null::text",
}
_SUMS: Final = (
    "count(*) as count",
    "coalesce(sum(t.amount) filter (where t.amount > 0), 0) as income",
    "coalesce(sum(t.amount) filter (where t.amount < 0), 0) as expenses",
    "sum(t.amount) as net",
)
# Parts in place of a transaction that is still of the amount that was split: what is of one
# category is one part, so that no transaction counts twice.
_PARTS: Final = """\
left join (
  select s.tenant_id, s.transaction_id, s.whole, s.currency, s.category, sum(s.amount) as amount
  from app.transaction_parts as s
  group by s.tenant_id, s.transaction_id, s.whole, s.currency, s.category
) as p
  on p.tenant_id = t.tenant_id
    and p.transaction_id = t.id
    and p.whole = t.amount
    and p.currency = t.currency"""
_PARTED: Final = (
    "t.tenant_id, t.id, t.sort_month, t.account_id, t.merchant_name, t.merchant,"
    " t.merchant_key, t.currency, t.amount, t.user_category, t.derived_category, t.source_category"
)
_PART_CATEGORY: Final = f"coalesce(p.category, {CATEGORY})"
_PART_SUMS: Final = (
    "count(*) as count",
    "coalesce(sum(coalesce(p.amount, t.amount)) filter (where t.amount > 0), 0) as income",
    "coalesce(sum(coalesce(p.amount, t.amount)) filter (where t.amount < 0), 0) as expenses",
    "sum(coalesce(p.amount, t.amount)) as net",
)


async def groups(
    tx: Tx,
    *,
    tenant_id: UUID,
    wanted: TransactionFilter,
    by: Collection[TransactionGrouping],
    most: int,
) -> Sequence[Group]:
    """The first `most` groups, by month, category, account, merchant and currency, nulls last.

    Amounts of different currencies are never added. Raises TimedOut where the filter leaves too
    many transactions to add up.
    """
    arguments = Arguments(tenant_id)
    sql = statement(arguments, wanted=wanted, by=by, most=most)
    return [read(Group, row) for row in await tx.rows(sql, *arguments.values)]


def statement(
    arguments: Arguments,
    *,
    wanted: TransactionFilter,
    by: Collection[TransactionGrouping],
    most: int,
) -> str:
    """The statement of the first `most` groups; see `groups`."""
    asked = {*by, TransactionGrouping.CURRENCY}
    places = {one: str(place) for place, one in enumerate(_KEYS, start=1) if one in asked}
    sorted_by = [*places.values()]
    if TransactionGrouping.MERCHANT in asked:
        places[TransactionGrouping.MERCHANT] = _MERCHANT
        sorted_by.append(_MERCHANT)
    grouped_by = ", ".join(places.values())
    if TransactionGrouping.CATEGORY not in asked and wanted.categories is None:
        shown = ", ".join([*_columns(asked, _KEYS), *_SUMS])
        whole = select.whole_of(arguments, shown, listing=LISTING, where=_where(wanted))
        end = f"order by {', '.join(sorted_by)}\nlimit {most:d}"
        return f"{whole}\ngroup by {grouped_by}\n{end}"
    # Categories are those of parts, so the filter asks parts for theirs, too.
    keys = {**_KEYS, TransactionGrouping.CATEGORY: f'{_PART_CATEGORY} collate "C"'}
    columns = [*_columns(asked, keys), *_PART_SUMS]
    sorted_by = [one.value for one in _KEYS if one in asked]
    if TransactionGrouping.MERCHANT in asked:
        columns.append(f"{_MERCHANT} as merchant_key")
        sorted_by.append("merchant_key")
    rows = select.whole_of(
        arguments, _PARTED, listing=LISTING, where=_where(replace(wanted, categories=None))
    )
    tests = ""
    if wanted.categories is not None:
        names = arguments.bind(list(wanted.categories))
        tests = f"\nwhere {_PART_CATEGORY} = any({names}::text[])"
    # Apart from the limit, which would have all rows sorted: a few groups come sooner that way.
    return (
        f"with g as materialized (\nselect {', '.join(columns)}\nfrom (\n{rows}\n) as t\n"
        f"{_PARTS}{tests}\ngroup by {grouped_by}\n)\n"
        f"select {', '.join(Group.__dataclass_fields__)}\nfrom g\n"
        f"order by {', '.join(sorted_by)}\nlimit {most:d}"
    )


def _where(wanted: TransactionFilter) -> list[Condition]:
    """The filter, with the months of its days ahead: the index of summaries begins with them."""
    bounds = (("t.sort_month >= {}", wanted.posted_from), ("t.sort_month <= {}", wanted.posted_to))
    months = [Condition(sql, (_month(day),)) for sql, day in bounds if day is not None]
    return [*months, *conditions(wanted)]


def _month(day: date) -> date:
    # The last day is Postgres' infinity, whose month is infinite, too.
    return day if day == date.max else day.replace(day=1)


def _columns(
    asked: Collection[TransactionGrouping], keys: Mapping[TransactionGrouping, str]
) -> list[str]:
    return [f"{key if one in asked else _UNASKED[one]} as {one.value}" for one, key in keys.items()]
