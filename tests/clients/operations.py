"""The operations of the TypeScript client, as graphql-core reads them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    OperationType,
    Visitor,
    build_schema,
    concat_ast,
    parse,
    print_ast,
    visit,
)

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "clients" / "typescript" / "src" / "operations"


@cache
def schema() -> GraphQLSchema:
    """The published schema."""
    text = (ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8")
    return build_schema(text)


@cache
def document() -> DocumentNode:
    """All operations and fragments."""
    return concat_ast(
        [parse(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.graphql"))]
    )


def operations(*types: OperationType) -> Iterator[OperationDefinitionNode]:
    """Those of these types; of all, where none is named."""
    for definition in document().definitions:
        if isinstance(definition, OperationDefinitionNode) and (
            not types or definition.operation in types
        ):
            yield definition


def name_of(operation: OperationDefinitionNode) -> str:
    """The name that every operation of ours has."""
    assert operation.name is not None
    return operation.name.value


def text_of(operation: OperationDefinitionNode) -> str:
    """A document of the operation and the fragments that it uses, as clients send it."""
    fragments = {
        definition.name.value: definition
        for definition in document().definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    needed: dict[str, None] = {}
    waiting = _spread(operation)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed[name] = None
            waiting += _spread(fragments[name])
    definitions = (operation, *(fragments[name] for name in needed))
    return print_ast(DocumentNode(definitions=definitions))


class _Spreads(Visitor):
    """Collects the names of fragments."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: object) -> None:
        self.names.append(node.name.value)


def _spread(node: Node) -> list[str]:
    spreads = _Spreads()
    visit(node, spreads)
    return spreads.names
