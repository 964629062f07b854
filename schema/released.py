"""The schema of the last release, kept beside the code: clients rely on it, so it is not broken.

A member may go once it was released as deprecated with `Removed after <date>.` and the date has
passed. A release keeps its own schema: `python -m schema.released`.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any, Final

from graphql import (
    REMOVE,
    DirectiveNode,
    DocumentNode,
    EnumValueDefinitionNode,
    FieldDefinitionNode,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InputValueDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    Visitor,
    build_ast_schema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
    get_named_type,
    parse,
    visit,
)
from graphql.utilities import DangerousChangeType

from schema import export

PATH: Final = Path(__file__).with_name("released.graphql")
_DEADLINE: Final = re.compile(r"Removed after (\d{4}-\d{2}-\d{2})\.")


def main() -> None:
    """Writes the file, at a release."""
    PATH.write_text(export.text(), encoding="utf-8")


def breaks(released: str, current: str, *, today: date) -> list[str]:
    """What a client of the released schema can no longer rely on; each in a sentence."""
    old, new = _without_expired(released, today), build_schema(current)
    found = [change.description for change in find_breaking_changes(old, new)]
    # The other dangerous changes are additions. This one changes what old documents mean.
    found += [
        change.description
        for change in find_dangerous_changes(old, new)
        if change.type is DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE
    ]
    return sorted(found)


def _without_expired(text: str, today: date) -> GraphQLSchema:
    """What of a schema is promised still: neither what has expired, nor what led to that alone."""
    promised: DocumentNode = visit(parse(text), _Expired(today))
    wanted = _reachable(build_ast_schema(promised, assume_valid=True))
    definitions = tuple(
        one
        for one in promised.definitions
        if not isinstance(one, TypeDefinitionNode) or one.name.value in wanted
    )
    return build_ast_schema(DocumentNode(definitions=definitions), assume_valid=True)


class _Expired(Visitor):
    """Removes members whose time has come."""

    def __init__(self, today: date) -> None:
        super().__init__()
        self._today = today

    def enter_field_definition(self, node: FieldDefinitionNode, *_: Any) -> Any:
        return self._kept(node)

    def enter_input_value_definition(self, node: InputValueDefinitionNode, *_: Any) -> Any:
        return self._kept(node)

    def enter_enum_value_definition(self, node: EnumValueDefinitionNode, *_: Any) -> Any:
        return self._kept(node)

    def _kept(
        self, node: FieldDefinitionNode | InputValueDefinitionNode | EnumValueDefinitionNode
    ) -> Any:
        for directive in node.directives or ():
            deadline = _DEADLINE.search(_reason(directive))
            if deadline and date.fromisoformat(deadline[1]) < self._today:
                return REMOVE
        return None


def _reason(directive: DirectiveNode) -> str:
    if directive.name.value != "deprecated":
        return ""
    values = [argument.value for argument in directive.arguments or ()]
    return next((one.value for one in values if isinstance(one, StringValueNode)), "")


def _reachable(schema: GraphQLSchema) -> set[str]:
    """The names of the types that a document can reach."""
    waiting: list[GraphQLNamedType | None] = [
        schema.query_type,
        schema.mutation_type,
        schema.subscription_type,
    ]
    found: set[str] = set()
    while waiting:
        kind = waiting.pop()
        if kind is None or kind.name in found:
            continue
        found.add(kind.name)
        waiting += _next(kind, schema)
    return found


def _next(kind: GraphQLNamedType, schema: GraphQLSchema) -> list[GraphQLNamedType]:
    match kind:
        case GraphQLObjectType() | GraphQLInterfaceType():
            fields = kind.fields.values()
            taken = [argument.type for field in fields for argument in field.args.values()]
            given = [field.type for field in fields]
            nearby: list[GraphQLNamedType] = [get_named_type(one) for one in (*taken, *given)]
            if isinstance(kind, GraphQLInterfaceType):
                nearby += schema.get_possible_types(kind)
            return [*nearby, *kind.interfaces]
        case GraphQLUnionType():
            return list(kind.types)
        case GraphQLInputObjectType():
            return [get_named_type(field.type) for field in kind.fields.values()]
        case _:
            return []


if __name__ == "__main__":
    main()
