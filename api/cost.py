"""What an operation costs: about how many things of the domain it reads.

A connection costs the `first` that is asked for, times what each of its items asks in turn.
Every other field of a thing with an id costs 1; values within a thing are free. A list without
`first` counts as `LIST_ITEMS`, also one of values where it takes arguments, for it is computed.
A number of all that a filter finds costs `COUNTED`: each of them is looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)

from core.page import FIRST_DEFAULT, FIRST_MAX

COST_MAX: Final = 10_000
LIST_ITEMS: Final = 20  # what can have more is a connection
COUNTED: Final = 100

_SATURATED: Final = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """`decided_by`: the variables that it depends on, in order."""

    requested: int
    decided_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Price:
    own: int
    items: int  # how often its children are read; 0: `first` decides
    default: int | None  # the schema's own `first`


class Prices:
    """What the fields of one schema cost."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._known: dict[tuple[str, str], _Price | None] = {}  # memo: a schema never changes

    def cost(
        self,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> Cost:
        """The cost of a valid operation. Raises GraphQLError for a `first` out of its range."""
        root = self._schema.get_root_type(operation.operation)
        assert root is not None
        count = _Count(self, fragments, variables)
        requested = max(count.of(operation.selection_set, root), 1)
        return Cost(requested=requested, decided_by=tuple(sorted(count.decided_by)))

    def type_named(self, name: str) -> Any:
        """A type of the schema."""
        return self._schema.get_type(name)

    def price(self, parent: Any, name: str) -> _Price | None:
        """The price of a field; None where nothing below it costs anything."""
        place = (parent.name, name)
        if place not in self._known:
            self._known[place] = self._priced(parent, name)
        return self._known[place]

    def field(self, parent: Any, name: str) -> GraphQLField | None:
        """A field's definition."""
        return self._schema.get_field(parent, name)

    def _priced(self, parent: Any, name: str) -> _Price | None:
        definition = self.field(parent, name)
        if definition is None or name.startswith("__"):
            return None
        type_ = get_named_type(definition.type)
        if is_leaf_type(type_):
            is_count = "filter" in definition.args
            return _Price(own=COUNTED, items=1, default=None) if is_count else None
        if "first" in definition.args:
            default = definition.args["first"].default_value
            return _Price(own=0, items=0, default=default if isinstance(default, int) else None)
        if _is_edge(type_):  # counted where `first` was
            return _Price(own=0, items=1, default=None)
        if _is_edge(parent):
            return _Price(own=1, items=1, default=None)
        listed = _is_list(definition.type)
        costs = _is_node(type_) or (listed and bool(definition.args))
        return _Price(own=int(costs), items=LIST_ITEMS if listed else 1, default=None)


class _Count:
    """One count: remembers each fragment, so that it takes time linear in the document."""

    def __init__(
        self,
        prices: Prices,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self.decided_by: set[str] = set()
        self._prices = prices
        self._fragments = fragments
        self._variables = variables
        self._known: dict[str, int] = {}

    def of(self, selection_set: SelectionSetNode, parent: Any) -> int:
        """The cost of a selection. A valid document nests no deeper than its limits allow."""
        total = 0
        for selection in selection_set.selections:
            match selection:
                case FieldNode():
                    total += self._field(selection, parent)
                case FragmentSpreadNode():
                    total += self._spread(selection.name.value)
                case InlineFragmentNode():
                    condition = selection.type_condition
                    inner = self._prices.type_named(condition.name.value) if condition else parent
                    total += self.of(selection.selection_set, inner)
        return min(total, _SATURATED)

    def _field(self, node: FieldNode, parent: Any) -> int:
        price = self._prices.price(parent, node.name.value)
        if price is None:
            return 0
        if node.selection_set is None:
            return price.own
        definition = self._prices.field(parent, node.name.value)
        assert definition is not None
        inner = self.of(node.selection_set, get_named_type(definition.type))
        if price.items:
            return min(price.items * (price.own + inner), _SATURATED)
        return min(self._first(node, price.default) * max(inner, 1), _SATURATED)

    def _spread(self, name: str) -> int:
        if name not in self._known:
            fragment = self._fragments[name]
            condition = self._prices.type_named(fragment.type_condition.name.value)
            self._known[name] = self.of(fragment.selection_set, condition)
        return self._known[name]

    def _first(self, node: FieldNode, default: int | None) -> int:
        value: Any = default
        for argument in node.arguments or ():
            if argument.name.value != "first":
                continue
            if isinstance(argument.value, VariableNode):
                self.decided_by.add(argument.value.name.value)
                value = self._variables.get(argument.value.name.value, default)
            elif isinstance(argument.value, IntValueNode):
                value = int(argument.value.value)
        if value is None:
            value = FIRST_DEFAULT
        if not 1 <= value <= FIRST_MAX:
            raise GraphQLError(
                f"`first` of `{node.name.value}` must be 1 to {FIRST_MAX}",
                node,
                extensions={"code": "BAD_INPUT"},
            )
        return int(value)


def _is_list(type_: GraphQLOutputType) -> bool:
    return is_list_type(get_nullable_type(type_))


def _is_node(type_: Any) -> bool:
    if isinstance(type_, GraphQLInterfaceType) and type_.name == "Node":
        return True
    interfaces = getattr(type_, "interfaces", ())
    return any(interface.name == "Node" for interface in interfaces)


def _is_edge(type_: Any) -> bool:
    return isinstance(type_, GraphQLObjectType) and type_.fields.keys() >= {"node", "cursor"}
