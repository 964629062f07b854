"""Which transactions: a filter as users set it, and as conditions of SQL with their indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal
from enum import Enum
from typing import Final
from uuid import UUID

from core.records import TransactionStatus
from db import select
from db.select import Arguments, Condition, Run

# The orders in which the indexes have the rows that a filter is about.
BY_DATE: Final = (select.by_date("t.sort_date"), select.by_id("t"))
BY_AMOUNT: Final = (select.by_number("t.amount_key"), select.by_id("t"))

# What it was for, as its index has it: `coalesce` is not what Postgres takes for leakproof, so that
# the policies would go before the index. Of rows that nobody has looked at, the source's counts.
_CATEGORY: Final = (
    "(case when t.user_category is not null then t.user_category else t.derived_category end)"
    ' collate "C"'
)
_UNJUDGED: Final = (
    "t.user_category is null and t.derived_category is null"
    ' and octet_length(t.source_category) {} and t.source_category collate "C" = {{}}'
)
_INDEXED_MAX: Final = 2_000  # bytes of a name that indexes take
_ANY_NAME: Final = "any({}::text[])"
# Transactions whose parts count: they are still of the amount that was split.
_SPLIT: Final = (
    "select w.id from app.transaction_parts as p join app.transactions as w"
    " on w.tenant_id = p.tenant_id and w.id = p.transaction_id"
    " and w.amount = p.whole and w.currency = p.currency"
)


class Duplicates(Enum):
    """Whether rows are wanted that do not count, because another one is the same booking."""

    EXCLUDE = "exclude"
    INCLUDE = "include"
    ONLY = "only"


@dataclass(frozen=True, slots=True, kw_only=True)
class MerchantName:
    """The other party: to the letter, or in any spelling where that is a cleaned name."""

    text: str
    key: str  # what all of its spellings have in common
    is_clean: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionFilter:
    """Which transactions; None asks nothing. Without a status, removed ones are left out."""

    account_ids: tuple[UUID, ...] | None = None
    connection_id: UUID | None = None
    job_id: UUID | None = None
    recurring_id: UUID | None = None
    posted_from: date | None = None
    posted_to: date | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    status: tuple[TransactionStatus, ...] | None = None
    categories: tuple[str, ...] | None = None
    currency: str | None = None
    merchant: MerchantName | None = None
    text: str | None = None
    reconciled: bool | None = None
    duplicates: Duplicates = Duplicates.EXCLUDE


# What a recurring payment was found in; see `sql/recurring.sql`, series.
_OF_RECURRING: Final = """\
exists (
  select 1
  from app.recurring_items as s
  where s.tenant_id = t.tenant_id
    and s.id = {}
    and s.account_id = t.account_id
    and s.merchant_key = t.merchant_key
    and s.currency = t.currency
    and s.is_income = (t.amount > 0)
    and t.sort_date between s.first_on and s.last_on
    and t.status = 'posted'
)"""
# Rows of a merchant, and those among the ones that nobody has looked at.
_KEYED: Final = 't.merchant_key collate "C" = {}::text'
_UNKEYED: Final = "t.merchant_key is null and t.merchant_name is not null"
_OF_CONNECTION: Final = (
    "t.mapping_id in (select m.id from app.account_mappings as m "
    "where m.tenant_id = t.tenant_id and m.connection_id = {})"
)
# Rows that are so few are looked up and sorted, as a walk over the list might find them last. The
# planner does not know the limit: it would sort all of the tenant's rows instead.
FEW_MAX: Final = 5_000
_MORE_THAN_FEW: Final = f"limit (select {FEW_MAX + 1})"
_ROWS: Final = f"select t.id from app.transactions as t where t.tenant_id = {Arguments.TENANT}"  # noqa: S608
# In the order of the index that begins with the mapping.
_BY_MAPPING: Final = (
    "select x.id from app.account_mappings as m cross join lateral (\n"  # noqa: S608 - constants
    "select x.id from app.transactions as x\n"
    f"where x.tenant_id = {Arguments.TENANT} and x.mapping_id = m.id\n"
    f"order by x.fingerprint, x.occurrence {_MORE_THAN_FEW}\n"
    f") as x\nwhere m.tenant_id = {Arguments.TENANT} and m.connection_id = {{}}"
)

# In each month that has rows, the next of which is looked up after one.
_SUMMED: Final = (
    f"x.tenant_id = {Arguments.TENANT} and x.status <> 'removed' and x.duplicate_of is null"
)
_BY_MONTH: Final = f"""\
with recursive months (day) as (
  (
    select x.sort_month from app.transactions as x where {_SUMMED} order by x.sort_month limit 1
  )
  union all
  select (
    select x.sort_month from app.transactions as x
    where {_SUMMED} and x.sort_month > m.day order by x.sort_month limit 1
  )
  from months as m
  where m.day is not null
)
select r.id
from months as m
cross join lateral (
  select x.id from app.transactions as x
  where {_SUMMED} and x.sort_month = m.day and x.currency = {{}}
  offset 0
) as r"""  # noqa: S608 - constants


def _of_one_run(sql: str) -> Condition:
    """What has a partial index of its own, in the order of days."""
    return Condition(sql, runs=(Run(Condition(sql)),), runs_by=(BY_DATE,))


_SHOWN: Final = frozenset({TransactionStatus.PENDING, TransactionStatus.POSTED})
_REMOVED: Final = _of_one_run("t.status = 'removed'")
_STATES: Final = {
    frozenset(): Condition("false"),
    frozenset({TransactionStatus.PENDING}): _of_one_run("t.status = 'pending'"),
    frozenset({TransactionStatus.POSTED}): Condition("t.status = 'posted'"),
    _SHOWN: Condition("t.status <> 'removed'"),
}
_RECONCILED: Final = {True: _of_one_run("t.reconciled"), False: _of_one_run("not t.reconciled")}


def _few(rows: Sequence[Condition]) -> Condition:
    """The ids of rows, or null where they are too many."""
    each = [f"({one.sql} {_MORE_THAN_FEW})" for one in rows]
    return Condition(
        f"(select case when count(*) <= {FEW_MAX} then"  # noqa: S608 - constants
        " coalesce(array_agg(few.id), array[]::uuid[]) end"
        f" from ({' union all '.join(each)}) as few)",
        tuple(value for one in rows for value in one.values),
    )


# By the index of what they are doubles of. One in the order of lists would be taken by the planner
# to look up the doubles of a row while the table is fresh.
_UNCOUNTED: Final = Condition(
    "t.duplicate_of is not null",
    ids=_few([Condition(f"{_ROWS} and t.duplicate_of is not null order by t.duplicate_of")]),
)
_DUPLICATES: Final = {
    Duplicates.EXCLUDE: [Condition("t.duplicate_of is null")],
    Duplicates.INCLUDE: [],
    Duplicates.ONLY: [_UNCOUNTED],
}


def conditions(wanted: TransactionFilter) -> list[Condition]:
    """What the filter asks of `t`. Pages, counts, summaries and exports share it.

    What partial indexes are made for is in the text, not bound: a value could be another one.
    """
    tests = [
        ("t.account_id = any({}::uuid[])", _list(wanted.account_ids)),
        (_OF_RECURRING, wanted.recurring_id),
        ("t.sort_date >= {}", wanted.posted_from),
        ("t.sort_date <= {}", wanted.posted_to),
    ]
    where = [Condition(sql, (value,)) for sql, value in tests if value is not None]
    where += _text(wanted)
    # The first that has runs is walked by them, and the first other one that has ids is asked for
    # these: what has the fewest rows, mostly.
    where += [*_merchant(wanted), *_categories(wanted), *_connection(wanted), *_job(wanted)]
    where += [*_amounts(wanted), *_currency(wanted)]
    if wanted.reconciled is not None:
        where.append(_RECONCILED[wanted.reconciled])
    return [*where, *_DUPLICATES[wanted.duplicates], _status(wanted)]


def _connection(wanted: TransactionFilter) -> list[Condition]:
    """Over a connection."""
    key = wanted.connection_id
    if key is None:
        return []
    return [Condition(_OF_CONNECTION, (key,), ids=_few([Condition(_BY_MAPPING, (key,))]))]


def _job(wanted: TransactionFilter) -> list[Condition]:
    """That a job wrote last: of some jobs all rows of the tenant, of others a handful."""
    key = wanted.job_id
    if key is None:
        return []
    rows = Condition(f"{_ROWS} and t.job_id = {{}} order by t.raw_id", (key,))
    return [Condition("t.job_id = {}", (key,), ids=_few([rows]))]


def _merchant(wanted: TransactionFilter) -> list[Condition]:
    """Of a merchant: all of its rows, or those among them that are spelled like this."""
    if wanted.merchant is None:
        return []
    text, key = wanted.merchant.text, wanted.merchant.key
    if wanted.merchant.is_clean:
        keyed = Condition(_KEYED, (key,))
        unkeyed = Condition(
            f"{_UNKEYED} and (t.merchant_name = {{}} or lower(t.merchant_name) = {{}})", (text, key)
        )
    else:
        keyed = Condition(f"{_KEYED} and {{}}::text in (t.merchant_name, t.merchant)", (key, text))
        unkeyed = Condition(f"{_UNKEYED} and t.merchant_name = {{}}", (text,))
    rows = [Condition(f"{_ROWS} and {one.sql}", one.values) for one in (keyed, unkeyed)]
    return [
        Condition(
            f"({keyed.sql} or {unkeyed.sql})",
            keyed.values + unkeyed.values,
            ids=_few(rows),
            runs=(Run(keyed), Run(unkeyed)),
            runs_by=(BY_DATE, BY_AMOUNT),
        )
    ]


def _categories(wanted: TransactionFilter) -> list[Condition]:
    """Of the whole, or of a part that counts in its place.

    The parts are read once, whatever the rows are; their policy keeps to the caller's tenant.
    """
    if wanted.categories is None:
        return []
    names = list(dict.fromkeys(wanted.categories))
    is_whole = f"t.id not in ({_SPLIT})"
    parts = f"{_SPLIT} where p.category = {_ANY_NAME}"
    of_parts = f"t.id = any(array({parts}))"
    tests = [f"{_CATEGORY} = {{}}", _UNJUDGED.format(f"<= {_INDEXED_MAX}")]
    each = Condition("unnest({}::text[]) as one (name)", (names,))
    runs = [Run(Condition(f"{one.format('one.name')} and {is_whole}"), each=each) for one in tests]
    if any(len(one.encode()) > _INDEXED_MAX for one in names):
        tests.append(_UNJUDGED.format(f"> {_INDEXED_MAX}"))
        runs.append(Run(Condition(f"{tests[-1].format(_ANY_NAME)} and {is_whole}", (names,))))
    either = [one.format(_ANY_NAME) for one in tests]
    rows = [*(f"{_ROWS} and {one}" for one in either), parts]
    return [
        Condition(
            f"(({' or '.join(either)}) and {is_whole} or {of_parts})",
            (names,) * len(rows),
            ids=_few([Condition(one, (names,)) for one in rows]),
            runs=(*runs, Run(Condition(of_parts, (names,)))),
            runs_by=(BY_DATE, BY_AMOUNT),
        )
    ]


def _status(wanted: TransactionFilter) -> Condition:
    """In one of these states."""
    states = frozenset(wanted.status if wanted.status is not None else _SHOWN)
    others = _STATES[states - {TransactionStatus.REMOVED}]
    if TransactionStatus.REMOVED not in states:
        return others
    if len(states) == 1:
        return _REMOVED
    either, runs = f"({_REMOVED.sql} or {others.sql})", (Run(_REMOVED), Run(others))
    return Condition(either, runs=runs, runs_by=(BY_DATE,))


def _amounts(wanted: TransactionFilter) -> list[Condition]:
    """From one amount to another, both included. The keys say where they are in the index."""
    keys, exact = [], []
    for bound, order in ((wanted.amount_from, ">="), (wanted.amount_to, "<=")):
        if bound is not None:
            keys.append(Condition(f"t.amount_key {order} {{}}", (_amount_key(bound),)))
            exact.append(Condition(f"t.amount {order} {{}}", (bound,)))
    if not keys or wanted.text is not None:  # whose ids are of these amounts alone
        return [*keys, *exact]
    both = " and ".join(one.sql for one in keys)
    values = tuple(value for one in keys for value in one.values)
    rows = Condition(f"{_ROWS} and {both} order by t.amount_key desc, t.id desc", values)
    # In one test with the keys, which a walk asks last: the planner would sort what passes it.
    whole = " and ".join([both, *(one.sql for one in exact)])
    bounds = tuple(value for one in exact for value in one.values)
    return [Condition(whole, values + bounds, ids=_few([rows]), ids_by=(BY_DATE,))]


def _currency(wanted: TransactionFilter) -> list[Condition]:
    """In a currency; of rows that count, which stand by month and currency for sums."""
    if wanted.currency is None:
        return []
    values = (wanted.currency,)
    summed = wanted.duplicates is Duplicates.EXCLUDE and TransactionStatus.REMOVED not in (
        wanted.status or ()
    )
    ids = _few([Condition(_BY_MONTH, values)]) if summed else None
    return [Condition("t.currency = {}", values, ids=ids, ids_by=(BY_DATE, BY_AMOUNT))]


def _text(wanted: TransactionFilter) -> list[Condition]:
    if wanted.text is None:
        return []
    columns = ("t.description", "t.merchant_name", "t.reference", "t.customer_reference")
    either = " or ".join(f"{column} ilike {{}}" for column in columns)
    pattern = select.containing(wanted.text)
    ids = Condition(
        "private.transactions_like({}, {}, {}, {}, {})",
        (
            pattern,
            wanted.posted_from,
            wanted.posted_to,
            None if wanted.amount_from is None else _amount_key(wanted.amount_from),
            None if wanted.amount_to is None else _amount_key(wanted.amount_to),
        ),
    )
    return [Condition(f"({either})", (pattern,) * len(columns), ids=ids)]


def _amount_key(amount: Decimal) -> int:
    """The amount in hundredths, rounded down, as the generated column has it."""
    return int((amount * 100).to_integral_value(rounding=ROUND_FLOOR))


def _list(values: Sequence[object] | None) -> list[object] | None:
    return None if values is None else list(values)
