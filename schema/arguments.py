"""Arguments of a field as its resolver gets them: how they are read is worked out once.

graphql-core coerces arguments and Strawberry converts them; both walk the types at each request.
Here the types are walked when a field is compiled: constants are coerced then, and variables, which
were coerced with their operation, are looked up. What is rare is left to the two, and what comes
out is always what they make of it: a test demands that of random arguments.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING
from typing import Any, Final, TypeAlias, cast

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLError,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    ListValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    get_nullable_type,
    is_non_null_type,
)
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal
from strawberry import UNSET, Schema
from strawberry.scalars import is_scalar
from strawberry.types.arguments import convert_argument
from strawberry.types.base import (
    StrawberryList,
    StrawberryMaybe,
    StrawberryObjectDefinition,
    StrawberryOptional,
    has_object_definition,
)
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition

# `Undefined` where nothing is given. Raises GraphQLError for what cannot be used; executing the
# field raises the same, and says where.
Read: TypeAlias = Callable[[VariableValues], Any]
Convert: TypeAlias = Callable[[Any], Any]
ReadAll: TypeAlias = Callable[[VariableValues], dict[str, Any]]

DEFINITION: Final = "strawberry-definition"  # where Strawberry leaves its own field


class ArgumentReaders:
    """Makes what reads the arguments of fields of one schema."""

    def __init__(self, schema: Schema) -> None:
        self._config = schema.config
        self._scalars = schema.schema_converter.scalar_registry
        self._inputs: dict[type, Convert] = {}

    def of(self, definition: GraphQLField, node: FieldNode) -> ReadAll:
        """What reads the arguments of one field of a valid document."""
        nodes = {one.name.value: one.value for one in node.arguments or ()}
        found: list[tuple[str, Read, Convert]] = []
        for argument in definition.extensions[DEFINITION].arguments:
            name = self._config.name_converter.from_argument(argument)
            read = _reading(nodes.get(name), definition.args[name])
            found.append((argument.python_name, read, self._converting(argument.type)))

        def read_all(variables: VariableValues) -> dict[str, Any]:
            arguments = {}
            for name, read, convert in found:
                value = read(variables)
                if value is not Undefined:
                    arguments[name] = convert(value)
            return arguments

        return read_all

    def _converting(self, type_: Any) -> Convert:
        """Converts coerced values of a type as Strawberry does."""
        if isinstance(type_, StrawberryOptional) and not isinstance(type_, StrawberryMaybe):
            return self._converting(type_.of_type)
        if self._is_leaf(type_):
            return _as_it_is
        if isinstance(type_, StrawberryList):
            item = type_.of_type
            if self._is_leaf(item.of_type if isinstance(item, StrawberryOptional) else item):
                return _copied
        if has_object_definition(type_) and _is_plain_input(type_.__strawberry_definition__):
            return self._inputs.get(type_) or self._converting_input(type_)
        return lambda value: convert_argument(value, type_, self._scalars, self._config)

    def _converting_input(self, type_: Any) -> Convert:
        own = type_.__strawberry_definition__
        blank = {
            field.python_name: None
            for field in own.fields
            if field.default_value is MISSING and field.default_factory is MISSING
        }
        fields: dict[str, tuple[str, Convert]] = {}

        def convert(value: Any) -> Any:
            if value is None or value is UNSET:
                return value
            given = blank.copy()
            for name, of_field in value.items():
                python_name, converted = fields[name]
                given[python_name] = converted(of_field)
            return type_(**given)

        self._inputs[type_] = convert  # before its fields: one of them may hold another of its kind
        for field in own.fields:
            name = self._config.name_converter.from_field(field)
            converted = self._converting(field.resolve_type(type_definition=own))
            fields[name] = (field.python_name, converted)
        return convert

    def _is_leaf(self, type_: Any) -> bool:
        """Whether what graphql-core coerces to is what a resolver gets."""
        return (
            is_scalar(type_, self._scalars)
            or isinstance(type_, StrawberryEnumDefinition)
            or has_enum_definition(type_)
        )


def has_variables(value: ValueNode) -> bool:
    """Whether a value holds a variable, however deep."""
    match value:
        case VariableNode():
            return True
        case ListValueNode():
            return any(map(has_variables, value.values))
        case ObjectValueNode():
            return any(has_variables(one.value) for one in value.fields)
    return False


def _reading(node: ValueNode | None, declared: GraphQLArgument | GraphQLInputField) -> Read:
    """Reads the value of an argument, or of a field of an input, as graphql-core coerces it."""
    type_ = get_nullable_type(declared.type)
    if isinstance(node, VariableNode):
        return _reading_variable(node.name.value, declared)
    is_plain = isinstance(type_, GraphQLInputObjectType) and not type_.is_one_of
    if isinstance(node, ObjectValueNode) and is_plain and has_variables(node):
        return _reading_object(node, cast("GraphQLInputObjectType", type_))

    def read(variables: VariableValues | None) -> Any:
        if node is None:
            value = coerce_default_value(declared)
            refused = value is Undefined and is_non_null_type(declared.type)
        else:
            value = coerce_input_literal(node, declared.type, variables)
            refused = value is Undefined
        if refused:
            raise GraphQLError("an argument that cannot be used", node)
        return value

    if node is not None and has_variables(node):
        return read
    constant = read(None)
    return lambda _: constant


def _reading_variable(name: str, declared: GraphQLArgument | GraphQLInputField) -> Read:
    default = coerce_default_value(declared)
    is_required = is_non_null_type(declared.type)

    def read(variables: VariableValues) -> Any:
        value = variables.coerced.get(name, default)
        if is_required and (value is None or value is Undefined):
            raise GraphQLError(f"${name} is null")
        return value

    return read


def _reading_object(node: ObjectValueNode, type_: GraphQLInputObjectType) -> Read:
    nodes = {one.name.value: one.value for one in node.fields}
    reads = [(name, _reading(nodes.get(name), field)) for name, field in type_.fields.items()]

    def read_fields(variables: VariableValues) -> dict[str, Any]:
        fields = {}
        for name, read in reads:
            value = read(variables)
            if value is not Undefined:
                fields[name] = value
        return fields

    return read_fields


def _is_plain_input(definition: StrawberryObjectDefinition) -> bool:
    return definition.is_input and definition.from_input is None


def _as_it_is(value: Any) -> Any:
    return value


def _copied(value: Any) -> Any:
    """A list of its own: a default is the same object for all requests."""
    return value if value is None or value is UNSET else list(value)
