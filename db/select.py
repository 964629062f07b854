"""Builds SELECT statements of keyset pages from constant fragments; values are always bound."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
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
    ids of all rows of the list that may pass, or null where they are too many. `ids_by`: only for
    pages in the order of any of these keys; for another one, or for sums, an index helps.

    `runs` are for a test whose rows stand in several places of an index, in each of them in order
    of the keys of any of `runs_by`, either way: what passes the test is in exactly one of them.
    """

    sql: str
    values: tuple[Any, ...] = ()
    ids: Condition | None = None
    ids_by: tuple[tuple[Key, ...], ...] = ()
    runs: tuple[Run, ...] = ()
    runs_by: tuple[tuple[Key, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that stand together in an index.

    With `each`, such as `unnest({}::text[]) as one (name)`, there is one run for each of its rows,
    which `test` names.
    """

    test: Condition
    each: Condition | None = None


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
    keys = asked.order.keys
    spread = _first(asked.where, lambda one: bool(one.runs) and keys in one.runs_by)
    rest = [one for one in asked.where if one is not spread]
    sought = _first(rest, lambda o: o.ids is not None and (not o.ids_by or keys in o.ids_by))
    others = [one for one in rest if one is not sought]
    tests = [own(listing), *map(arguments.fill, others)]
    if after is not None:
        tests.append(_beyond(arguments, order=asked.order, after=after))
    # The limit is in the text: it makes the plan.
    page = _Page(listing=listing, order=_order_by(asked.order), limit=f"limit {limit:d}")
    if sought is None and spread is None:
        return page.of(columns, tests)
    kept = kept or f"{listing.alias}.*"
    # In a run the planner is not told the limit. Where it thinks that rows are few, it would rather
    # sort them all than read them in order; a value of many rows may be thought one of few.
    many = page if spread is None else replace(page, limit=f"limit (select {limit:d})")
    found, few, read = "", [], many.of
    if sought is not None:
        # Few rows are read by their ids and sorted. Where there are many, the next page of them is
        # near: the list, or each run of it, is walked in its order.
        found, test = f"with {_found(arguments, sought)}\n", arguments.fill(sought)
        whole = [] if spread is None else [arguments.fill(spread)]
        few = [page.of(kept, [*tests, _IN_FOUND.format(listing.alias), test, *whole])]
        read = partial(many.walked, test=test)
    branches = [*few, *_branches(arguments, spread, lambda more: read(kept, [*tests, *more]))]
    union = "\nunion all\n".join(f"({branch})" for branch in branches)
    return f"{found}select {columns}\nfrom (\n{union}\n) as {listing.alias}\n{page.end}"


def count_of(arguments: Arguments, *, listing: Listing, where: Sequence[Condition]) -> str:
    """The statement of how many rows there are."""
    return whole_of(arguments, "count(*)", listing=listing, where=where)


def whole_of(
    arguments: Arguments, columns: str, *, listing: Listing, where: Sequence[Condition]
) -> str:
    """The statement of all rows of a list, or of an aggregate over them."""
    tests = " and ".join([own(listing), *map(arguments.fill, where)])
    sought = _first(where, lambda one: one.ids is not None and not one.ids_by)
    if sought is None:
        return f"select {columns}\nfrom {listing.source}\nwhere {tests}"
    whole = f"select {listing.alias}.*\nfrom {listing.source}\nwhere {tests}"
    return (
        f"with {_found(arguments, sought)}\n"
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
    return f"found as materialized (select {arguments.fill(sought.ids)} as ids)"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """Writes the statements of one page's rows."""

    listing: Listing
    order: str
    limit: str

    @property
    def end(self) -> str:
        return f"order by {self.order}\n{self.limit}"

    def of(self, columns: str, tests: Sequence[str]) -> str:
        """The first rows that pass."""
        where = " and ".join(tests)
        return f"select {columns}\nfrom {self.listing.source}\nwhere {where}\n{self.end}"

    def walked(self, columns: str, tests: Sequence[str], *, test: str) -> str:
        """The same where rows are many: `offset 0`, or the planner would sort all of them."""
        where = " and ".join([*tests, _TOO_MANY])
        return (
            f"select {columns}\nfrom (\nselect {self.listing.alias}.*\nfrom {self.listing.source}\n"
            f"where {where}\norder by {self.order}\noffset 0\n"
            f") as {self.listing.alias}\nwhere {test}\n{self.limit}"
        )


def _branches(
    arguments: Arguments, spread: Condition | None, page: Callable[[Sequence[str]], str]
) -> list[str]:
    """The page of the list, or that of each run of it."""
    if spread is None:
        return [page([])]
    branches = []
    for run in spread.runs:
        branch = page([arguments.fill(run.test)])
        if run.each is not None:
            each = arguments.fill(run.each)
            branch = f"select run.*\nfrom {each}\ncross join lateral (\n{branch}\n) as run"
        branches.append(branch)
    return branches


def _first(where: Sequence[Condition], test: Callable[[Condition], bool]) -> Condition | None:
    return next(filter(test, where), None)


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
