"""Arguments are read as graphql-core coerces and Strawberry converts them, whatever they are."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    Undefined,
    get_named_type,
    get_nullable_type,
    get_variable_values,
    parse,
)
from graphql.execution.values import VariableValues, get_argument_values
from graphql.utilities.coerce_input_value import coerce_default_value
from hypothesis import given, settings
from hypothesis import strategies as st
from strawberry.types.arguments import convert_arguments

from schema.arguments import DEFINITION, ArgumentReaders
from schema.build import schema

_READERS: Final = ArgumentReaders(schema)
_FIELDS: Final = [
    (name, definition)
    for type_ in schema._schema.type_map.values()
    if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
    for name, definition in type_.fields.items()
    if definition.args
]
_SCALARS: Final[dict[str, list[Any]]] = {
    "ID": ["a", "b"],
    "String": ["", "x"],
    "Int": [0, 7],
    "Float": [0.5],
    "Boolean": [True, False],
    "Decimal": ["-1.50"],
    "Date": ["2026-11-30"],
    "DateTime": ["2026-11-30T12:00:00Z"],
    "CurrencyCode": ["EUR"],
    "JSON": ["x", {"a": 1}],
}


@dataclass
class Asked:
    """One field's arguments, some of them in variables."""

    draw: Any
    declared: list[str] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)

    def chance(self, tenths: int) -> bool:
        return bool(self.draw(st.integers(0, 9)) < tenths)

    def fields(self, definitions: Any) -> list[tuple[str, Any]]:
        """Those that must be given, and some of the others."""
        return [
            (name, one)
            for name, one in definitions.items()
            if (isinstance(one.type, GraphQLNonNull) and not _has_default(one)) or self.chance(5)
        ]

    def texts(self, definitions: Any) -> str:
        """Some of these fields or arguments, as a document holds them."""
        found = []
        for name, one in self.fields(definitions):
            lax = _has_default(one) and self.chance(3)  # then a variable may be null
            found.append(f"{name}: {self.text(get_nullable_type(one.type) if lax else one.type)}")
        return " ".join(found)

    def text(self, type_: Any) -> str:
        """A value as a document holds it, or a variable."""
        if self.chance(4):
            return self.variable(type_)
        if isinstance(type_, GraphQLNonNull):
            return self.text_of_some(type_.of_type)
        return "null" if self.chance(1) else self.text_of_some(type_)

    def text_of_some(self, type_: Any) -> str:
        if isinstance(type_, GraphQLList):
            if self.chance(2):
                return self.text_of_some(get_named_type(type_))  # one stands for a list of one
            return f"[{' '.join(self.text(type_.of_type) for _ in range(self.number()))}]"
        if isinstance(type_, GraphQLInputObjectType):
            return f"{{{self.texts(type_.fields)}}}"
        value = self.some(type_)
        if isinstance(type_, GraphQLEnumType):
            return str(value)
        return "{a: 1}" if isinstance(value, dict) else json.dumps(value)

    def variable(self, type_: Any) -> str:
        name = f"v{len(self.declared)}"
        self.declared.append(f"${name}: {type_}")
        if isinstance(type_, GraphQLNonNull) or not self.chance(3):  # else it is not given
            self.variables[name] = self.value(type_)
        return f"${name}"

    def value(self, type_: Any) -> Any:
        """A value as the variables hold it."""
        if isinstance(type_, GraphQLNonNull):
            return self.some(type_.of_type)
        return None if self.chance(2) else self.some(type_)

    def some(self, type_: Any) -> Any:
        if isinstance(type_, GraphQLList):
            return [self.value(type_.of_type) for _ in range(self.number())]
        if isinstance(type_, GraphQLInputObjectType):
            return {name: self.value(one.type) for name, one in self.fields(type_.fields)}
        known = type_.values if isinstance(type_, GraphQLEnumType) else _SCALARS[type_.name]
        return self.draw(st.sampled_from(list(known)))

    def number(self) -> int:
        return int(self.draw(st.integers(0, 2)))


def _has_default(one: Any) -> bool:
    return coerce_default_value(one) is not Undefined


def _theirs(definition: GraphQLField, node: FieldNode, variables: VariableValues) -> Any:
    return convert_arguments(
        get_argument_values(definition, node, variables),
        definition.extensions[DEFINITION].arguments,
        scalar_registry=schema.schema_converter.scalar_registry,
        config=schema.config,
    )


def _ours(definition: GraphQLField, node: FieldNode, variables: VariableValues) -> Any:
    read = _READERS.of(definition, node)
    first = read(variables)
    for value in first.values():
        if isinstance(value, list):
            value.append("of one request alone")
    return read(variables)


def _or_refused(way: Any, *args: Any) -> Any:
    try:
        return way(*args)
    except GraphQLError:
        return "refused"


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_random_arguments_of_all_fields_are_read_as_they_are_by_both(data: st.DataObject) -> None:
    name, definition = data.draw(st.sampled_from(_FIELDS))
    asked = Asked(data.draw)
    arguments = asked.texts(definition.args)
    head = f"query Q({', '.join(asked.declared)})" if asked.declared else "query"
    document = parse(f"{head} {{ {name}{f'({arguments})' if arguments else ''} }}")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    node = operation.selection_set.selections[0]
    assert isinstance(node, FieldNode)
    variables = get_variable_values(
        schema._schema, operation.variable_definitions or (), asked.variables
    )
    assert not isinstance(variables, list), variables

    expected = _or_refused(_theirs, definition, node, variables)

    assert _or_refused(_ours, definition, node, variables) == expected
