"""A page of a list in a compiled query: one aggregate over its rows."""

from __future__ import annotations

import re
from collections.abc import Callable

from db import select
from db.select import Asked, Condition, Order
from schema import json_sql
from schema.json_sql import Form
from schema.plan import Binding, Gap, Json, Pieces, Question, Sql, joined
from schema.reads import Many


class CompiledPage:
    """Writes the parts of a page.

    Where `hasNextPage` is asked, one row more is read, and its edge is cut off the array again. The
    rows come sorted from the statement within, and an aggregate takes them as they come.
    """

    def __init__(self, many: Many, parent: str, question: Callable[[Binding], Question]) -> None:
        self.alias = many.listing.alias
        self._many = many
        self._parent = parent  # the alias of the row that the list belongs to
        self._question = question
        self._looks_ahead = False
        self._named: frozenset[str] = frozenset()  # columns of a row, as its parts name them
        self._kept: dict[str, str] = {}  # by the name of the order

    def edges(self, edge: Pieces) -> Pieces:
        """The array of the rows' edges."""
        items = (self._before_edges, *joined(edge).parts, self._after_edges)
        return [Json("["), Sql(("coalesce(", *items, ", '')")), Json("]")]

    def cursor(self) -> Pieces:
        """The cursor of a row."""
        cursor = Sql((lambda binding: _cursor(self._order(binding), "{}"),))
        return [Json('"'), cursor, Json('"')]

    def has_next(self) -> Sql:
        """Whether rows follow."""
        self._looks_ahead = True
        return Sql((lambda binding: f"(count(*) > {self._question(binding).first})::text",))

    def has_previous(self) -> Sql:
        """Whether the page began after a cursor."""
        return Sql((lambda b: "'false'" if self._question(b).after is None else "'true'",))

    def start_cursor(self) -> Sql:
        """The first row's cursor, or null."""
        return Sql((self._at("1"),))

    def end_cursor(self) -> Sql:
        """The last row's cursor, or null."""
        return Sql((lambda binding: self._at(self._last(binding))(binding),))

    def of(self, pieces: Pieces) -> Sql:
        """The page: its JSON, over its rows.

        `having` makes one row of them also where no part of the page is an aggregate.
        """
        parts = joined(pieces).parts
        text = " ".join(part for part in parts if isinstance(part, str))
        self._named = frozenset(re.findall(rf"\b{self.alias}\.\w+", text))
        return Sql(("(select ", *parts, "\nfrom ", self._rows, "\nhaving true)"))

    def _rows(self, binding: Binding) -> str:
        question = self._question(binding)
        where = list(question.asked.where)
        if self._many.parent is not None:
            where.insert(0, Condition(f"{self._many.parent} = {self._parent}.id"))
        inner = select.rows(
            binding.arguments,
            f"{self.alias}.*",
            listing=self._many.listing,
            asked=Asked(where=where, order=question.asked.order),
            after=question.after,
            limit=question.first + self._looks_ahead,
            kept=self._columns(question.asked.order),
        )
        return f"(\n{inner}\n) as {self.alias}"

    def _columns(self, order: Order) -> str:
        """The row's columns that are used. Arguments write only ids and the order's keys."""
        if order.name not in self._kept:
            keys = [key.sql for key in order.keys]
            self._kept[order.name] = ", ".join(sorted({*self._named, *keys, f"{self.alias}.id"}))
        return self._kept[order.name]

    def _before_edges(self, _: Binding) -> str:
        # An edge of which only the type is asked is a literal, and has no type of its own.
        return "array_to_string((array_agg((" if self._looks_ahead else "string_agg("

    def _after_edges(self, binding: Binding) -> str:
        # An array that is cut costs less than a window that numbers the rows.
        if not self._looks_ahead:
            return ", ',')"
        return f")::text))[:{self._question(binding).first}], ',')"

    def _last(self, binding: Binding) -> str:
        if not self._looks_ahead:
            return "count(*)"
        return f"least(count(*), {self._question(binding).first})"

    def _at(self, place: str) -> Gap:
        key = f"(array_agg({{}}))[{place}]"
        return lambda binding: json_sql.nullable(
            Form(_cursor(self._order(binding), key), quoted=True)
        )

    def _order(self, binding: Binding) -> Order:
        return self._question(binding).asked.order


def _cursor(order: Order, key: str) -> str:
    """A cursor as `core.page.encode_cursor` writes it; `key` wraps each of its keys."""
    texts = " || '\",\"' || ".join(f"({key.format(one.sql)})::text" for one in order.keys)
    body = f"'[\"{order.name}\",\"' || {texts} || '\"]'"
    return f"translate(encode(convert_to({body}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"
