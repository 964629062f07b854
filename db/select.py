"""Builds SELECT statements of keyset pages from constant fragments; values are always bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from core.errors import InvalidCursor
from core.page import Page, decode_cursor, encode_cursor
from db.rows import columns, read
from db.session import Tx

Model = TypeVar("Model")


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One column of an order: its SQL, its type, and how the text of a cursor becomes a value."""

    sql: str
    type: str
    parse: Callable[[str], Any]


def by_id(alias: str) -> Key:
    """The key that makes any order total."""
    return Key(sql=f"{alias}.id", type="uuid", parse=UUID)


def by_instant(sql: str) -> Key:
    """A timestamp key. Cursors keep microseconds, as Postgres does."""
    return Key(sql=sql, type="timestamptz", parse=datetime.fromisoformat)


def by_date(sql: str) -> Key:
    """A calendar date key."""
    return Key(sql=sql, type="date", parse=_day)


def by_number(sql: str) -> Key:
    """A whole number key."""
    return Key(sql=sql, type="bigint", parse=int)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A total order: the last key is unique within the tenant."""

    name: str
    keys: tuple[Key, ...]
    descending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A table as a list: where it lies, how it is aliased, and what each column of a model is."""

    source: str  # "app.accounts as a"
    alias: str
    # model column → SQL, where it is not alias.column
    overrides: Mapping[str, str] = field(default_factory=dict)

    def select(self, model: type[Any]) -> str:
        """The select list of a model."""
        return ", ".join(
            f"{self.overrides.get(name, f'{self.alias}.{name}')} as {name}"
            for name in columns(model)
        )


@dataclass(frozen=True, slots=True)
class Condition:
    """A fragment with `{}` for each bound value: `Condition("a.status = {}", ("active",))`.

    `ids` is for a test that no index helps with behind the policies: an expression that gives the
    ids of all rows of the list that may pass, or null where they are too many.
    """

    sql: str
    values: tuple[Any, ...] = ()
    ids: Condition | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which rows of a list, and in which order."""

    where: Sequence[Condition] = ()
    order: Order


class Arguments:
    """Numbers bound values as they come. The first is the tenant, in every statement."""

    TENANT: Final = "$1"

    def __init__(self, tenant_id: UUID) -> None:
        self.values: list[Any] = [tenant_id]

    def bind(self, value: Any) -> str:
        """The value's name in the statement."""
        self.values.append(value)
        return f"${len(self.values)}"

    def fill(self, condition: Condition) -> str:
        """The condition with its values bound."""
        if not condition.values:
            return condition.sql
        return condition.sql.format(*(self.bind(value) for value in condition.values))


async def page(
    tx: Tx,
    model: type[Model],
    *,
    listing: Listing,
    tenant_id: UUID,
    where: Sequence[Condition],
    order: Order,
    first: int,
    after: str | None,
) -> Page[Model]:
    """One page. Reads one row more than asked, to know whether another page follows."""
    arguments = Arguments(tenant_id)
    sql = rows(
        arguments,
        f"{listing.select(model)}, {_cursor_columns(order)}",
        listing=listing,
        asked=Asked(where=where, order=order),
        after=after,
        limit=first + 1,
    )
    found = await tx.rows(sql, *arguments.values)
    return _page(found, model, order=order, first=first, has_previous=after is not None)


async def pages(
    tx: Tx,
    model: type[Model],
    *,
    listing: Listing,
    tenant_id: UUID,
    parent: str,
    parent_ids: Sequence[UUID],
    where: Sequence[Condition],
    order: Order,
    first: int,
    after: str | None,
) -> dict[UUID, Page[Model]]:
    """The same page of each parent's children, in one statement whatever their number."""
    arguments = Arguments(tenant_id)
    ids = arguments.bind(list(parent_ids))
    child = rows(
        arguments,
        f"{listing.select(model)}, {_cursor_columns(order)}",
        listing=listing,
        asked=Asked(where=[Condition(f"{parent} = parent.id"), *where], order=order),
        after=after,
        limit=first + 1,
    )
    sql = (
        "select parent.id as parent_id, child.*\n"
        f"from unnest({ids}::uuid[]) as parent (id)\n"
        f"cross join lateral (\n{child}\n) as child"
    )
    groups: dict[UUID, list[Any]] = {parent_id: [] for parent_id in parent_ids}
    for row in await tx.rows(sql, *arguments.values):
        groups[row["parent_id"]].append(row)
    return {
        parent_id: _page(group, model, order=order, first=first, has_previous=after is not None)
        for parent_id, group in groups.items()
    }


async def count(tx: Tx, *, listing: Listing, tenant_id: UUID, where: Sequence[Condition]) -> int:
    """How many rows there are; the statement's timeout is the limit."""
    arguments = Arguments(tenant_id)
    sql = count_of(arguments, listing=listing, where=where)
    return int(await tx.value(sql, *arguments.values))


async def by_ids(
    tx: Tx, model: type[Model], *, listing: Listing, tenant_id: UUID, ids: Sequence[UUID]
) -> dict[UUID, Model]:
    """The rows of these ids that the scope may see, by id."""
    sql = (
        f"select {listing.select(model)}\n"
        f"from {listing.source}\n"
        f"where {listing.alias}.tenant_id = $1 and {listing.alias}.id = any($2::uuid[])"
    )
    rows = await tx.rows(sql, tenant_id, list(ids))
    return {row["id"]: read(model, row) for row in rows}


def rows(
    arguments: Arguments,
    columns: str,
    *,
    listing: Listing,
    asked: Asked,
    after: str | None,
    limit: int,
    kept: str | None = None,
) -> str:
    """The statement of a list's rows after a cursor. Raises InvalidCursor.

    `kept` are those of the listing's columns that `columns`, or who reads them, and the order need;
    None for all. Where rows come from two places, each place costs by its columns.
    """
    tests = [own(listing), *map(arguments.fill, asked.where)]
    if after is not None:
        tests.append(_beyond(arguments, order=asked.order, after=after))
    end = f"order by {_order_by(asked.order)}\nlimit {limit:d}"  # in the text: it makes the plan
    sought = next((condition for condition in asked.where if condition.ids is not None), None)
    if sought is None:
        return f"select {columns}\nfrom {listing.source}\nwhere {' and '.join(tests)}\n{end}"
    test = tests[1 + list(asked.where).index(sought)]
    others = " and ".join(one for one in tests if one is not test)
    every = f"{listing.alias}.*"
    source = f"from {listing.source}\nwhere {others}"
    # Few rows are read by their ids and sorted. Where there are many, the next page of them is
    # near: the list is walked in its order (`offset 0`, or the planner would sort all of it).
    return (
        f"with found as materialized ({_found(arguments, sought)})\n"
        f"select {columns}\nfrom (\n"
        f"(select {kept or every}\n{source} and {_IN_FOUND.format(listing.alias)} and {test}\n"
        f"{end})\nunion all\n"
        f"(select {kept or every}\nfrom (\nselect {every}\n{source} and {_TOO_MANY}\n"
        f"order by {_order_by(asked.order)}\noffset 0\n) as {listing.alias}\n"
        f"where {test}\nlimit {limit:d})\n"
        f") as {listing.alias}\n{end}"
    )


def count_of(arguments: Arguments, *, listing: Listing, where: Sequence[Condition]) -> str:
    """The statement of how many rows there are."""
    return whole_of(arguments, "count(*)", listing=listing, where=where)


def whole_of(
    arguments: Arguments, columns: str, *, listing: Listing, where: Sequence[Condition]
) -> str:
    """The statement of all rows of a list, or of an aggregate over them."""
    tests = " and ".join([own(listing), *map(arguments.fill, where)])
    sought = next((condition for condition in where if condition.ids is not None), None)
    if sought is None:
        return f"select {columns}\nfrom {listing.source}\nwhere {tests}"
    whole = f"select {listing.alias}.*\nfrom {listing.source}\nwhere {tests}"
    return (
        f"with found as materialized ({_found(arguments, sought)})\n"
        f"select {columns}\nfrom (\n{whole} and {_IN_FOUND.format(listing.alias)}\n"
        f"union all\n{whole} and {_TOO_MANY}\n) as {listing.alias}"
    )


def containing(text: str) -> str:
    """The pattern of what has this in it, for `ilike`."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def own(listing: Listing) -> str:
    """That a row is the tenant's. The policies ask too; the planner's index is for both."""
    return f"{listing.alias}.tenant_id = {Arguments.TENANT}"


# asyncpg writes and reads the first and the last day as infinities.
_INFINITE: Final[Mapping[str, date]] = {"-infinity": date.min, "infinity": date.max}


def _day(text: str) -> date:
    return _INFINITE.get(text) or date.fromisoformat(text)


# Of the statement `found`: one row, an array of ids or null.
_IN_FOUND: Final = "{}.id = any((select f.ids from found as f)::uuid[])"
_TOO_MANY: Final = "(select f.ids from found as f) is null"


def _found(arguments: Arguments, sought: Condition) -> str:
    assert sought.ids is not None
    return f"select {arguments.fill(sought.ids)} as ids"


def _beyond(arguments: Arguments, *, order: Order, after: str) -> str:
    texts = decode_cursor(after, order=order.name, size=len(order.keys))
    try:
        values = [key.parse(text) for key, text in zip(order.keys, texts, strict=True)]
    except ValueError as error:
        raise InvalidCursor("the cursor is not one of this list") from error
    left = ", ".join(key.sql for key in order.keys)
    right = ", ".join(
        f"{arguments.bind(value)}::{key.type}"
        for key, value in zip(order.keys, values, strict=True)
    )
    return f"({left}) {'<' if order.descending else '>'} ({right})"


def _order_by(order: Order) -> str:
    direction = "desc" if order.descending else "asc"
    return ", ".join(f"{key.sql} {direction}" for key in order.keys)


def _cursor_columns(order: Order) -> str:
    return ", ".join(
        f"({key.sql})::text as cursor_{number}" for number, key in enumerate(order.keys)
    )


def _page(
    rows: Sequence[Any], model: type[Model], *, order: Order, first: int, has_previous: bool
) -> Page[Model]:
    shown = rows[:first]
    return Page(
        items=tuple(read(model, row) for row in shown),
        cursors=tuple(
            encode_cursor(
                order.name, [row[f"cursor_{number}"] for number in range(len(order.keys))]
            )
            for row in shown
        ),
        has_next=len(rows) > first,
        has_previous=has_previous,
    )
