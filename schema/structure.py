"""Structures: which variables decide what a query's plan looks like.

Two requests of one document share a plan unless a directive or the type of a `node` differs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    VariableNode,
    Visitor,
    visit,
)

from schema.ids import decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """The variables of a document that decide its structure."""

    conditions: tuple[str, ...]  # of directives
    nodes: tuple[str, ...]  # ids whose types decide

    @staticmethod
    def of(document: DocumentNode) -> Structure:
        """The structure of a document; takes time linear in it."""
        found = _Deciding()
        visit(document, found)
        return Structure(
            conditions=tuple(sorted(found.conditions)), nodes=tuple(sorted(found.nodes))
        )

    @property
    def is_fixed(self) -> bool:
        """Whether all requests for an operation of the document share a plan."""
        return not self.conditions and not self.nodes

    def key(self, coerced: dict[str, Any]) -> tuple[object, ...]:
        """Equal for requests that share a plan."""
        return (
            *(coerced.get(name) for name in self.conditions),
            *(_type(coerced.get(name)) for name in self.nodes),
        )


class _Deciding(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.conditions: set[str] = set()
        self.nodes: set[str] = set()

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        self.conditions.update(_variables(node.arguments))

    def enter_field(self, node: FieldNode, *_: object) -> None:
        if node.name.value == "node":
            self.nodes.update(_variables(node.arguments))


def _variables(arguments: Iterable[ArgumentNode] | None) -> Iterator[str]:
    for argument in arguments or ():
        if isinstance(argument.value, VariableNode):
            yield argument.value.name.value


def _type(text: object) -> str | None:
    found = decode(text) if isinstance(text, str) else None
    return None if found is None else found.type
