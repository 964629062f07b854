"""Documents made from a schema: for each root field one that selects all that can be reached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from graphql import (
    DocumentNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationType,
    Undefined,
    get_named_type,
    is_leaf_type,
    parse,
    validate,
)

# How many things with an id a document selects below one another; a thing in itself ends a path.
DEEP: Final[Mapping[OperationType, int]] = {
    OperationType.QUERY: 2,
    OperationType.MUTATION: 1,  # what is deeper, queries show too
    OperationType.SUBSCRIPTION: 1,
}

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """An argument of a field somewhere in a document, which a variable gives."""

    variable: str
    coordinate: str  # Account.transactions(filter:)
    type: GraphQLInputType
    needed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """A document with one root field, everything below it, and a variable for each argument."""

    type: OperationType
    name: str
    document: DocumentNode
    arguments: tuple[Argument, ...]
    fields: frozenset[str]  # Account.name


def operations(schema: GraphQLSchema) -> list[Operation]:
    """One operation for each root field of a schema."""
    roots = (
        (OperationType.QUERY, schema.query_type),
        (OperationType.MUTATION, schema.mutation_type),
        (OperationType.SUBSCRIPTION, schema.subscription_type),
    )
    return [
        _operation(schema, kind, root, name)
        for kind, root in roots
        if root is not None
        for name in root.fields
    ]


def reachable(schema: GraphQLSchema) -> set[str]:
    """Every field of every type that a root leads to."""
    found: dict[str, Composite] = {}
    roots = (schema.query_type, schema.mutation_type, schema.subscription_type)
    waiting: list[Composite] = [root for root in roots if root is not None]
    while waiting:
        kind = waiting.pop()
        if kind.name not in found:
            found[kind.name] = kind
            waiting += _next(schema, kind)
    return {
        f"{kind.name}.{name}"
        for kind in found.values()
        if isinstance(kind, GraphQLObjectType)
        for name in kind.fields
    }


def field_of(key: str) -> str:
    """The name of the field that is answered under a key."""
    return key.rpartition("_")[2]


def _operation(
    schema: GraphQLSchema, kind: OperationType, root: GraphQLObjectType, name: str
) -> Operation:
    writer = _Writer(schema=schema, deep=DEEP[kind])
    selection = writer.field(root, name, root.fields[name], above=())
    given = ", ".join(f"${a.variable}: {_declared(a)}" for a in writer.arguments.values())
    document = parse(f"{kind.value} {f'({given})' if given else ''} {{ {selection} }}")
    problems = validate(schema, document)
    assert not problems, problems
    return Operation(
        type=kind,
        name=name,
        document=document,
        arguments=tuple(writer.arguments.values()),
        fields=frozenset(writer.fields),
    )


@dataclass(slots=True, kw_only=True)
class _Writer:
    schema: GraphQLSchema
    deep: int
    arguments: dict[str, Argument] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)

    def field(
        self,
        parent: GraphQLObjectType,
        name: str,
        described: GraphQLField,
        above: tuple[str, ...],
        alias: str = "",
    ) -> str:
        """A field with its arguments and all below it."""
        self.fields.add(f"{parent.name}.{name}")
        text = f"{alias}{name}{self._given(parent, name, described)}"
        kind = get_named_type(described.type)
        if isinstance(kind, Composite):
            text += f" {{ {self._selection(kind, above)} }}"
        return text

    def _selection(self, kind: Composite, above: tuple[str, ...]) -> str:
        if isinstance(kind, GraphQLObjectType):
            return " ".join(["__typename", *self._fields(kind, above)])
        parts = (
            # Fields of one name may differ in type, so that each type names its own.
            f"... on {one.name} {{ {' '.join(self._fields(one, above, alias=f'{one.name}_'))} }}"
            for one in self.schema.get_possible_types(kind)
        )
        return " ".join(["__typename", *parts])

    def _fields(
        self, kind: GraphQLObjectType, above: tuple[str, ...], *, alias: str = ""
    ) -> Iterator[str]:
        ends = kind.name in above or len(above) == self.deep
        below = (*above, kind.name) if kind.interfaces else above
        for name, described in kind.fields.items():
            if is_leaf_type(get_named_type(described.type)) or not (ends and kind.interfaces):
                key = f"{alias}{name}: " if alias else ""
                yield self.field(kind, name, described, below, alias=key)

    def _given(self, parent: GraphQLObjectType, name: str, described: GraphQLField) -> str:
        given = []
        for argument_name, argument in described.args.items():
            variable = f"{parent.name}_{name}_{argument_name}"
            self.arguments[variable] = Argument(
                variable=variable,
                coordinate=f"{parent.name}.{name}({argument_name}:)",
                type=argument.type,
                needed=_is_needed(argument),
            )
            given.append(f"{argument_name}: ${variable}")
        return f"({', '.join(given)})" if given else ""


def _is_needed(argument: GraphQLArgument) -> bool:
    return isinstance(argument.type, GraphQLNonNull) and argument.default_value is Undefined


def _declared(argument: Argument) -> str:
    """Without `!` where there is a default: a variable that is not given leaves it in force."""
    text = str(argument.type)
    return text if argument.needed else text.removesuffix("!")


def _next(schema: GraphQLSchema, kind: Composite) -> list[Composite]:
    if not isinstance(kind, GraphQLObjectType):
        return list(schema.get_possible_types(kind))
    types = (get_named_type(one.type) for one in kind.fields.values())
    return [one for one in types if isinstance(one, Composite)]
