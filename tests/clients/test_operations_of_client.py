"""The client's operations use the whole schema: every field of its roots, and every argument."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    OperationType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    validate,
    visit,
)

from tests.clients.operations import document, operations, schema

ADD = "add to clients/typescript/src/operations, and to the walk in clients/typescript/walk"


class _Used(Visitor):
    """Collects fields and arguments by their coordinates."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types
        self.coordinates: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        parent = self._types.get_parent_type()
        assert parent is not None
        field = f"{parent.name}.{node.name.value}"
        self.coordinates.add(field)
        self.coordinates.update(f"{field}({one.name.value}:)" for one in node.arguments or ())


def _used() -> set[str]:
    types = TypeInfo(schema())
    used = _Used(types)
    visit(document(), TypeInfoVisitor(types, used))
    return used.coordinates


def test_every_document_is_valid() -> None:
    assert [error.message for error in validate(schema(), document())] == []


def test_every_query_mutation_and_subscription_is_an_operation() -> None:
    missing = sorted(set(_of_roots()) - _used())

    assert not missing, f"{ADD}: {', '.join(missing)}"


def test_every_argument_is_given_once() -> None:
    missing = sorted(set(_arguments()) - _used())

    assert not missing, f"{ADD}: {', '.join(missing)}"


def test_there_are_operations_of_each_kind() -> None:
    for kind in OperationType:
        assert list(operations(kind)), f"there is no {kind.value}"


def _of_roots() -> Iterator[str]:
    for root in (schema().query_type, schema().mutation_type, schema().subscription_type):
        assert root is not None
        yield from (f"{root.name}.{field}" for field in root.fields)


def _arguments() -> Iterator[str]:
    for type_ in schema().type_map.values():
        if type_.name.startswith("__"):
            continue
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for name, field in type_.fields.items():
            yield from (f"{type_.name}.{name}({argument}:)" for argument in field.args)
