"""Arguments: what random documents give to fields and directives, in their text or in variables."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    Undefined,
    get_named_type,
    is_non_null_type,
    is_required_input_field,
)
from hypothesis import strategies as st

from core.page import FIRST_DEFAULT, FIRST_MAX
from tests.compiler.material import Material

Item = TypeVar("Item")

ROWS_MAX: Final = 300  # the product of the pages on a path
_DIRECTIVES: Final = 20


class _Enum(str):
    """A value that is written without quotes."""


@dataclass(frozen=True, slots=True)
class Dice:
    """Decides; a smaller throw is the simpler choice."""

    draw: Callable[[st.SearchStrategy[Any]], Any]

    def chance(self, tenths: int) -> bool:
        """Yes in so many tenths of all cases."""
        return self.number(0, 9) >= 10 - tenths

    def rare(self) -> bool:
        """Yes in one of twenty."""
        return self.number(0, 19) == 19

    def number(self, least: int, most: int) -> int:
        """A number; both ends belong to it."""
        return int(self.draw(st.integers(least, most)))

    def one(self, values: Sequence[Item]) -> Item:
        """One of them."""
        return values[self.number(0, len(values) - 1)]


@dataclass(slots=True)
class Arguments:
    """The arguments of one document, some of them in variables."""

    material: Material
    dice: Dice
    variables: dict[str, Any] = field(default_factory=dict)  # as they are given
    declared: dict[str, str] = field(default_factory=dict)
    used: dict[tuple[str, str], list[str]] = field(default_factory=dict)  # texts by field
    directives: int = 0

    def of(self, parent: Any, name: str, definition: GraphQLField, rows: int) -> tuple[str, int]:
        """The arguments as text, and how many rows they ask for."""
        place = (parent.name, name)
        pages = "first" in definition.args
        if self.dice.chance(2):
            for known in self.used.get(place, [])[:1]:
                return known, max(1, ROWS_MAX // rows) if pages else 1
        texts, first = [], FIRST_DEFAULT if pages else 1
        for argument, its in definition.args.items():
            if argument == "first":
                if rows * FIRST_DEFAULT <= ROWS_MAX and self.dice.chance(2):
                    continue
                first = self._first(rows)
                texts.append(f"first: {self._placed('first', its, first)}")
            elif _is_needed(its) or self.dice.chance(3):
                value = self._argument(parent.name, name, argument, its, definition)
                texts.append(f"{argument}: {self._placed(argument, its, value)}")
        text = f"({', '.join(texts)})" if texts else ""
        self.used.setdefault(place, []).append(text)
        return text, first

    def _first(self, rows: int) -> int:
        most = min(FIRST_MAX, max(1, ROWS_MAX // rows))
        return self.dice.one([one for one in (1, 2, 3, 5, 20, 99, 100) if one <= most])

    def _argument(
        self, parent: str, name: str, argument: str, its: GraphQLArgument, field_: GraphQLField
    ) -> Any:
        if argument == "after":
            return self.dice.one(self.material.of_cursor(f"{parent}.{name}"))
        return self._value(argument, its.type, get_named_type(field_.type).name)

    def _value(
        self, name: str, kind: GraphQLInputType, parent: str | None = None, needed: bool = False
    ) -> Any:
        """A value of a type."""
        if isinstance(kind, GraphQLNonNull):
            return self._value(name, kind.of_type, parent, needed=True)
        if not needed and self.dice.rare():
            return None
        match kind:
            case GraphQLList(of_type=inner):
                values = [self._value(name, inner, parent) for _ in range(self.dice.number(0, 3))]
                return [one for one in values if one is not None]
            case GraphQLInputObjectType():
                wanted = [
                    (one, its)
                    for one, its in kind.fields.items()
                    if self.dice.chance(2) or is_required_input_field(its)
                ]
                return {one: self._value(one, its.type) for one, its in wanted}
            case GraphQLEnumType():
                return _Enum(self.dice.one(list(kind.values)))
            case _:
                return self.dice.one(self._scalars(name, str(kind), parent))

    def _scalars(self, name: str, kind: str, parent: str | None) -> Sequence[Any]:
        if kind == "ID":
            return self.material.of_id(name, parent)
        return self.material.of_text(name) if kind == "String" else self.material.scalars[kind]

    def _placed(self, name: str, its: GraphQLArgument, value: Any) -> str:
        """A value in the text, or in a variable."""
        if not self.dice.chance(4):
            return _written(value)
        variable = f"v{len(self.declared)}"
        kind = str(its.type).removesuffix("!")
        needed = is_non_null_type(its.type)
        match self.dice.number(0, 5 if name != "first" else 2):
            case 0 | 1:
                self.declared[variable] = f"{kind}!" if needed or value is not None else kind
                self.variables[variable] = value
            case 2:  # the default is taken, or given again
                self.declared[variable] = f"{kind} = {_written(value)}"
                if self.dice.chance(5):
                    self.variables[variable] = value
            case 3 if not needed:
                self.declared[variable] = kind  # missing
            case 4 if not needed or self.dice.rare():
                self.declared[variable] = f"{kind} = {_written(value)}"
                self.variables[variable] = None
            case _:
                self.declared[variable] = f"{kind}!" if needed else kind
                self.variables[variable] = value
        return f"${variable}"

    def directive(self) -> str:
        """A directive, or mostly nothing."""
        if not self.dice.chance(1) or self.directives >= _DIRECTIVES:
            return ""
        self.directives += 1
        name = self.dice.one(["skip", "include"])
        # Mostly such that the field stays.
        condition = (name == "include") == self.dice.chance(7)
        text = json.dumps(condition)
        if self.dice.chance(5):
            text = f"$v{len(self.declared)}"
            default = self.dice.chance(3)
            if not default or self.dice.chance(5):
                self.variables[text[1:]] = None if default and self.dice.rare() else condition
            self.declared[text[1:]] = (
                f"Boolean = {json.dumps(condition)}" if default else "Boolean!"
            )
        return f" @{name}(if: {text})"


def _is_needed(argument: GraphQLArgument) -> bool:
    return is_non_null_type(argument.type) and argument.default_value is Undefined


def _written(value: Any) -> str:
    """A value as a document has it."""
    match value:
        case _Enum():
            return str(value)
        case list():
            return "[" + ", ".join(map(_written, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{name}: {_written(one)}" for name, one in value.items()) + "}"
        case _:
            return json.dumps(value)
