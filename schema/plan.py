"""Plans: what a compiled query is, and how the arguments of a request become its statement.

A plan is text with gaps. Everything that all requests of one structure share is text already; a gap
writes what arguments decide: which rows, in which order, after what.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import groupby
from typing import Any, Final, TypeAlias
from uuid import UUID

import orjson
from graphql import FieldNode, OperationDefinitionNode, SelectionSetNode
from graphql.execution.values import VariableValues

from db.select import Arguments, Asked
from schema import json_sql
from schema.json_sql import NotInSql


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a list is asked for."""

    asked: Asked
    first: int
    after: str | None


@dataclass(slots=True)  # not frozen: one a request, and to freeze it takes longer than the rest
class Binding:
    """One request: its variables, the values of its statement, and the lists' arguments."""

    variables: VariableValues
    arguments: Arguments
    questions: dict[int, Question] = field(default_factory=dict)


TEXTS_MAX: Final = 4  # of one plan: which filters are given makes few

Gap: TypeAlias = Callable[[Binding], str]


@dataclass(frozen=True, slots=True)
class Always:
    """The question of a list whose arguments are the same in every request."""

    question: Question

    def __call__(self, _: Binding) -> Question:
        """As the question of a list whose arguments a request decides."""
        return self.question


Questions: TypeAlias = Always | Callable[[Binding], Question]


@dataclass(frozen=True, slots=True)
class Json:
    """JSON that is the same for every row and request."""

    text: str


@dataclass(frozen=True, slots=True)
class Sql:
    """An expression of text that is JSON and never null."""

    parts: tuple[str | Gap, ...]


Pieces: TypeAlias = list[Json | Sql]


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A root field under its name in the answer; `sql` is None where its resolver answers."""

    key: str
    nodes: Sequence[FieldNode]
    sql: Sql | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A compiled query. Its statement answers with one row: a text for each root field."""

    roots: Sequence[Root]
    # By what the gaps were filled with. The same text again is the same object, which knows its
    # hash: who keeps statements by their text need not read it.
    _texts: dict[tuple[str, ...], str] = field(default_factory=dict)

    @cached_property
    def _parts(self) -> Sequence[str | Gap]:
        parts: list[str | Gap] = ["select "]
        for root in self.roots:
            if root.sql is not None:
                parts += [*root.sql.parts, ",\n"]
        return tuple(_merged(parts[:-1]))

    @cached_property
    def _gaps(self) -> Sequence[Gap]:
        return [part for part in self._parts if not isinstance(part, str)]

    @cached_property
    def complete(self) -> bool:
        """Whether resolvers have nothing to do."""
        return all(root.sql is not None for root in self.roots)

    def rest(self, operation: OperationDefinitionNode) -> OperationDefinitionNode:
        """The operation with only those root fields that resolvers answer."""
        nodes = tuple(node for root in self.roots if root.sql is None for node in root.nodes)
        return OperationDefinitionNode(
            operation=operation.operation,
            name=operation.name,
            variable_definitions=operation.variable_definitions,
            selection_set=SelectionSetNode(selections=nodes),
            loc=operation.loc,
        )

    def data(self, row: Iterable[str], others: Mapping[str, Any]) -> dict[str, Any]:
        """The answer, in its order: of the statement's row, and of what resolvers gave."""
        texts = list(row)
        if None in texts:
            raise NotInSql("more than the statement may answer")
        left = iter(texts)
        return {
            root.key: others[root.key] if root.sql is None else orjson.Fragment(next(left))
            for root in self.roots
        }

    def statement(self, tenant_id: UUID, variables: VariableValues) -> tuple[str, list[Any]]:
        """The statement and its values.

        Raises BankfeedsError or GraphQLError for arguments that cannot be used; resolvers raise the
        same and know where.
        """
        binding = Binding(variables, Arguments(tenant_id))
        filled = tuple([gap(binding) for gap in self._gaps])
        text = self._texts.get(filled)
        if text is None:
            gaps = iter(filled)
            text = "".join([part if isinstance(part, str) else next(gaps) for part in self._parts])
            if len(self._texts) >= TEXTS_MAX:
                self._texts.clear()
            self._texts[filled] = text
        return text, binding.arguments.values


def joined(pieces: Iterable[Json | Sql]) -> Sql:
    """One expression: what is constant between two gaps becomes one literal."""
    texts: list[Sequence[str | Gap]] = []
    for constant, group in groupby(pieces, key=lambda piece: isinstance(piece, Json)):
        if constant:
            text = "".join(piece.text for piece in group if isinstance(piece, Json))
            texts.append((json_sql.literal(text),))
        else:
            texts += [piece.parts for piece in group if isinstance(piece, Sql)]
    return Sql(tuple(_merged(_concatenated(texts))))


def _concatenated(texts: Sequence[Sequence[str | Gap]]) -> Sequence[str | Gap]:
    """Halves of halves: from left to right, the text so far would be copied for each that comes."""
    if len(texts) == 1:
        return texts[0]
    middle = (len(texts) + 1) // 2
    left, right = _concatenated(texts[:middle]), _concatenated(texts[middle:])
    if len(texts) - middle == 1:
        return [*left, " || ", *right]
    return [*left, " || (", *right, ")"]


def _merged(parts: Iterable[str | Gap]) -> Iterator[str | Gap]:
    """The same text in fewer parts."""
    for constant, group in groupby(parts, key=lambda part: isinstance(part, str)):
        if constant:
            yield "".join(part for part in group if isinstance(part, str))
        else:
            yield from group
