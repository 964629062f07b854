"""A page of a list in a compiled query: one aggregate over its rows."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeAlias
from uuid import UUID

from db import select
from db.select import Arguments, Asked, Condition, Order
from schema import json_sql
from schema.json_sql import Form
from schema.plan import Always, Binding, Gap, Json, Pieces, Question, Questions, Sql, joined
from schema.reads import Many

Writes: TypeAlias = Callable[[Question], str]


class CompiledPage:
    """Writes the parts of a page.

    Where `hasNextPage` is asked, one row more is read, and its edge is cut off the array again. The
    rows come sorted from the statement within, and an aggregate takes them as they come.
    """

    def __init__(self, many: Many, parent: str, question: Questions) -> None:
        self.alias = many.listing.alias
        self._many = many
        self._parent = parent  # the alias of the row that the list belongs to
        self._question = question
        self._looks_ahead = False
        self._named: frozenset[str] = frozenset()  # columns of a row, as its parts name them
        self._kept: dict[str, str] = {}  # by the name of the order
        self._writes: dict[Gap, Writes] = {}  # of the gaps that the question alone decides

    def edges(self, edge: Pieces) -> Pieces:
        """The array of the rows' edges."""
        before, after = self._gap(self._before_edges), self._gap(self._after_edges)
        items = (before, *joined(edge).parts, after)
        return [Json("["), Sql(("coalesce(", *items, ", '')")), Json("]")]

    def cursor(self) -> Pieces:
        """The cursor of a row."""
        cursor = self._gap(lambda question: _cursor(question.asked.order, "{}"))
        return [Json('"'), Sql((cursor,)), Json('"')]

    def has_next(self) -> Sql:
        """Whether rows follow."""
        self._looks_ahead = True
        return Sql((self._gap(lambda question: f"(count(*) > {question.first})::text"),))

    def has_previous(self) -> Sql:
        """Whether the page began after a cursor."""
        return Sql((self._gap(lambda asks: "'false'" if asks.after is None else "'true'"),))

    def start_cursor(self) -> Sql:
        """The first row's cursor, or null."""
        return Sql((self._gap(lambda question: _at(question.asked.order, "1")),))

    def end_cursor(self) -> Sql:
        """The last row's cursor, or null."""
        return Sql((self._gap(lambda question: _at(question.asked.order, self._last(question))),))

    def of(self, pieces: Pieces) -> Sql:
        """The page: its JSON, over its rows.

        `having` makes one row of them also where no part of the page is an aggregate.
        """
        parts = joined(pieces).parts
        text = " ".join(part for part in parts if isinstance(part, str))
        self._named = frozenset(re.findall(rf"\b{self.alias}\.\w+", text))
        rows: str | Gap = self._rows
        if isinstance(self._question, Always):
            question = self._question.question
            parts = tuple(self._written(part, question) for part in parts)
            rows = self._constant_rows(question) or rows
        return Sql(("(select ", *parts, "\nfrom ", rows, "\nhaving true)"))

    def _gap(self, writes: Writes) -> Gap:
        def gap(binding: Binding) -> str:
            return writes(self._question(binding))

        self._writes[gap] = writes
        return gap

    def _written(self, part: str | Gap, question: Question) -> str | Gap:
        """Text instead of a gap that would write the same in every request."""
        writes = None if isinstance(part, str) else self._writes.get(part)
        return part if writes is None else writes(question)

    def _constant_rows(self, question: Question) -> str | None:
        """The rows where no request gives them a value; None where one does."""
        arguments = Arguments(UUID(int=0))
        if question.after is not None:
            return None
        rows = self._rows_of(arguments, question)
        return rows if len(arguments.values) == 1 else None

    def _rows(self, binding: Binding) -> str:
        return self._rows_of(binding.arguments, self._question(binding))

    def _rows_of(self, arguments: Arguments, question: Question) -> str:
        where = list(question.asked.where)
        if self._many.parent is not None:
            where.insert(0, Condition(f"{self._many.parent} = {self._parent}.id"))
        inner = select.rows(
            arguments,
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

    def _before_edges(self, _: Question) -> str:
        # An edge of which only the type is asked is a literal, and has no type of its own.
        return "array_to_string((array_agg((" if self._looks_ahead else "string_agg("

    def _after_edges(self, question: Question) -> str:
        # An array that is cut costs less than a window that numbers the rows.
        if not self._looks_ahead:
            return ", ',')"
        return f")::text))[:{question.first}], ',')"

    def _last(self, question: Question) -> str:
        if not self._looks_ahead:
            return "count(*)"
        return f"least(count(*), {question.first})"


def _at(order: Order, place: str) -> str:
    """The cursor of the row at a place, or null."""
    key = f"(array_agg({{}}))[{place}]"
    return json_sql.nullable(Form(_cursor(order, key), quoted=True))


def _cursor(order: Order, key: str) -> str:
    """A cursor as `core.page.encode_cursor` writes it; `key` wraps each of its keys."""
    texts = " || '\",\"' || ".join(f"({key.format(one.sql)})::text" for one in order.keys)
    body = f"'[\"{order.name}\",\"' || {texts} || '\"]'"
    return f"translate(encode(convert_to({body}, 'UTF8'), 'base64'), E'+/=\\n', '-_')"
