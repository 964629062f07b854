"""Documents: random valid queries of a schema, whatever fields it gains.

At one place of the answer a key stands for one field with one set of arguments, so that all
selections merge.
"""

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
    GraphQLObjectType,
    GraphQLSchema,
    Undefined,
    get_named_type,
    is_leaf_type,
    is_non_null_type,
)
from hypothesis import strategies as st

from schema.ids import decode
from tests.compiler.both_ways import Document
from tests.compiler.material import Material

Item = TypeVar("Item")

# Within the limits of the API (`api.limits`), so that hardly a document is refused.
_DEPTH: Final = 10
_ALIASES: Final = 14
_DIRECTIVES: Final = 20
_FIELDS: Final = 40
_ROWS: Final = 300  # the product of the pages on a path
_DEFINITION: Final = "strawberry-definition"  # where Strawberry leaves its own field
_FIRST_DEFAULT: Final = 50
_FIRST_MAX: Final = 100
# What needs more than the world has: a document's bytes, an upload.
_LEFT_OUT: Final = frozenset({"statementProfileProposal", "lines"})


class Enum(str):
    """A value that is written without quotes."""


Path = tuple[str, ...]
What = tuple[str, str, str]  # a field, its arguments as text, its type


@dataclass(frozen=True, slots=True)
class _Fragment:
    name: str
    text: str
    height: int
    rows: int  # how many rows it was written for
    fields: int
    keys: Sequence[tuple[Path, str, What]]  # by the path within it


@dataclass(slots=True)
class Writer:
    """Writes one document."""

    schema: GraphQLSchema
    material: Material
    draw: Callable[[st.SearchStrategy[Any]], Any]
    pure: bool = False  # only fields that declare their SQL
    keys: dict[tuple[Path, str], What] = field(default_factory=dict)
    taken: list[tuple[Path, str, What]] = field(default_factory=list)  # the same, in order
    used: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    variables: dict[str, Any] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    fragments: dict[str, list[_Fragment]] = field(default_factory=dict)
    aliases: int = 0
    directives: int = 0
    fields: int = 0
    height: int = 0  # of what was written last

    def document(self) -> Document:
        """A query."""
        query = self.schema.query_type
        assert query is not None
        self.pure = self._chance(8)
        body = self._selection(query, path=(), rows=1)
        declared = ", ".join(f"${name}: {kind}" for name, kind in self.declared.items())
        head = f"query Q({declared})" if declared else "query Q"
        fragments = [one.text for made in self.fragments.values() for one in made]
        return Document(text="\n".join([head + body, *fragments]), variables=self.variables)

    def _selection(self, parent: Any, *, path: Path, rows: int, node_type: str = "") -> str:
        """A selection set; sets `height` to how many levels of fields it has."""
        parts, height = [], 1
        for _ in range(self._number(1, 3)):
            self.height = 1
            parts.append(self._part(parent, path=path, rows=rows, node_type=node_type))
            height = max(height, self.height)
        self.height = height
        return " { " + " ".join(parts) + " }"

    def _part(self, parent: Any, *, path: Path, rows: int, node_type: str) -> str:
        if node_type and self._chance(7):
            parent = self.schema.type_map[node_type]
            return self._spread(parent, path=path, rows=rows, always=True)
        if self._chance(2):
            return self._spread(parent, path=path, rows=rows, always=False)
        if self._chance(1) and not (self.pure and not path):
            return self._typename(path)
        return self._field(parent, path=path, rows=rows)

    def _typename(self, path: Path) -> str:
        key = self._key(path, ("__typename", "", "String!")) or "__typename"
        return f"{_alias(key, '__typename')}{self._directive()}"

    def _spread(self, parent: Any, *, path: Path, rows: int, always: bool) -> str:
        """A fragment: named or inline; on the type, on an interface of it, or on none."""
        on = self._one([parent, parent, *getattr(parent, "interfaces", ())])
        if self._chance(4):
            return self._named(on, path=path, rows=rows)
        condition = f" on {on.name}" if always or self._chance(5) else ""
        inner = self._selection(on if condition else parent, path=path, rows=rows)
        return f"...{condition}{self._directive()}{inner}"

    def _named(self, on: Any, *, path: Path, rows: int) -> str:
        fitting = [one for one in self.fragments.get(on.name, ()) if self._fits(one, path, rows)]
        if fitting and self._chance(7):
            fragment = self._one(fitting)
            self.fields += fragment.fields
            for within, key, what in fragment.keys:
                self._take((*path, *within), key, what)
        else:
            fields, taken = self.fields, len(self.taken)
            body = self._selection(on, path=path, rows=rows)
            name = f"F{sum(map(len, self.fragments.values()))}"
            fragment = _Fragment(
                name=name,
                text=f"fragment {name} on {on.name}{body}",
                height=self.height,
                rows=rows,
                fields=self.fields - fields,
                keys=[(at[len(path) :], key, what) for at, key, what in self.taken[taken:]],
            )
            self.fragments.setdefault(on.name, []).append(fragment)
        self.height = fragment.height
        return f"...{fragment.name}{self._directive()}"

    def _fits(self, fragment: _Fragment, path: Path, rows: int) -> bool:
        return (
            len(path) + fragment.height <= _DEPTH
            and rows <= fragment.rows
            and self.fields + fragment.fields <= _FIELDS
            and all(
                self.keys.get(((*path, *within), key), what) == what
                for within, key, what in fragment.keys
            )
        )

    def _field(self, parent: Any, *, path: Path, rows: int) -> str:
        fields = self._choice(parent, path)
        branches = [one for one in fields if not is_leaf_type(get_named_type(one[1].type))]
        if not fields:
            return self._typename(path)
        name, definition = self._one(branches if branches and self._chance(6) else fields)
        known = self.keys.get((path, name))
        if known is not None and self.aliases >= _ALIASES:
            if known[1] not in self.used.get((parent.name, name), ()):
                return self._typename(path)
            arguments, first = known[1], max(1, _ROWS // rows) if "first" in definition.args else 1
        else:
            arguments, first = self._arguments(parent, name, definition, rows)
        key = self._key(path, (name, arguments, str(definition.type)))
        if key is None:
            return self._typename(path)
        self.fields += 1
        head = _alias(key, name) + arguments + self._directive()
        kind = get_named_type(definition.type)
        if is_leaf_type(kind):
            self.height = 1
            return head
        node_type = self._node_type(kind, arguments)
        inner = self._selection(kind, path=(*path, key), rows=rows * first, node_type=node_type)
        self.height += 1
        return head + inner

    def _choice(self, parent: Any, path: Path) -> list[tuple[str, GraphQLField]]:
        """The fields of a type that may be asked here."""
        room = len(path) < _DEPTH - 1 and self.fields < _FIELDS
        fields = [
            (name, one)
            for name, one in parent.fields.items()
            if name not in _LEFT_OUT and (room or is_leaf_type(get_named_type(one.type)))
        ]
        if not self.pure or not any(_declares(one) for one in parent.fields.values()):
            return fields
        return [(name, one) for name, one in fields if name == "id" or _declares(one)]

    def _node_type(self, kind: Any, arguments: str) -> str:
        """A type that an interface's field may lead to: mostly the one of its id."""
        if isinstance(kind, GraphQLObjectType):
            return ""
        types = sorted(one.name for one in self.schema.get_possible_types(kind))
        for value in [*self.variables.values(), *arguments.split('"')]:
            found = decode(value) if isinstance(value, str) else None
            if found is not None and found.type in types and self._chance(8):
                return found.type
        return self._one(types)

    def _key(self, path: Path, what: What) -> str | None:
        """The key of a field in the answer; None where it has no room."""
        name = what[0]
        known = [key for (at, key), one in self.keys.items() if at == path and one == what]
        bare = self.keys.get((path, name), what) == what
        more = self.aliases < _ALIASES
        if known and more and self._chance(7):
            key = self._one(known)
        elif bare and (self._chance(8) or not more):
            key = name
        elif more:
            key = f"k{len(self.keys)}"
        else:
            return None
        self.aliases += key != name
        self._take(path, key, what)
        return key

    def _take(self, path: Path, key: str, what: What) -> None:
        self.keys[path, key] = what
        self.taken.append((path, key, what))

    def _arguments(
        self, parent: Any, name: str, definition: GraphQLField, rows: int
    ) -> tuple[str, int]:
        """The arguments as text, and how many rows they ask for."""
        place = (parent.name, name)
        pages = "first" in definition.args
        if self._chance(2):
            for known in self.used.get(place, [])[:1]:
                return known, max(1, _ROWS // rows) if pages else 1
        texts, first = [], _FIRST_DEFAULT if pages else 1
        for argument, its in definition.args.items():
            if argument == "first":
                if rows * _FIRST_DEFAULT <= _ROWS and self._chance(2):
                    continue
                first = self._first(rows)
                texts.append(f"first: {self._placed('first', its, first)}")
            elif _is_needed(its) or self._chance(3):
                value = self._argument(parent.name, name, argument, its, definition)
                texts.append(f"{argument}: {self._placed(argument, its, value)}")
        text = f"({', '.join(texts)})" if texts else ""
        self.used.setdefault(place, []).append(text)
        return text, first

    def _first(self, rows: int) -> int:
        most = min(_FIRST_MAX, max(1, _ROWS // rows))
        return self._one([one for one in (1, 2, 3, 5, 20, 99, 100) if one <= most])

    def _argument(
        self, parent: str, name: str, argument: str, its: GraphQLArgument, field_: GraphQLField
    ) -> Any:
        if argument == "after":
            return self._one(self.material.of_cursor(f"{parent}.{name}"))
        return self._value(argument, its.type, get_named_type(field_.type).name)

    def _value(
        self, name: str, kind: GraphQLInputType, parent: str | None = None, needed: bool = False
    ) -> Any:
        """A value of a type."""
        if isinstance(kind, GraphQLNonNull):
            return self._value(name, kind.of_type, parent, needed=True)
        if not needed and self._rare():
            return None
        match kind:
            case GraphQLList(of_type=inner):
                values = [self._value(name, inner, parent) for _ in range(self._number(0, 3))]
                return [one for one in values if one is not None]
            case GraphQLInputObjectType():
                wanted = [one for one in kind.fields.items() if self._chance(2)]
                return {one: self._value(one, its.type) for one, its in wanted}
            case GraphQLEnumType():
                return Enum(self._one(list(kind.values)))
            case _:
                return self._one(self._scalars(name, str(kind), parent))

    def _scalars(self, name: str, kind: str, parent: str | None) -> Sequence[Any]:
        if kind == "ID":
            return self.material.of_id(name, parent)
        return self.material.of_text(name) if kind == "String" else self.material.scalars[kind]

    def _placed(self, name: str, its: GraphQLArgument, value: Any) -> str:
        """A value in the text, or in a variable."""
        if not self._chance(4):
            return _written(value)
        variable = f"v{len(self.declared)}"
        kind = str(its.type).removesuffix("!")
        needed = is_non_null_type(its.type)
        match self._number(0, 5 if name != "first" else 2):
            case 0 | 1:
                self.declared[variable] = f"{kind}!" if needed or value is not None else kind
                self.variables[variable] = value
            case 2:  # the default is taken, or given again
                self.declared[variable] = f"{kind} = {_written(value)}"
                if self._chance(5):
                    self.variables[variable] = value
            case 3 if not needed:
                self.declared[variable] = kind  # missing
            case 4 if not needed or self._rare():
                self.declared[variable] = f"{kind} = {_written(value)}"
                self.variables[variable] = None
            case _:
                self.declared[variable] = f"{kind}!" if needed else kind
                self.variables[variable] = value
        return f"${variable}"

    def _directive(self) -> str:
        if not self._chance(1) or self.directives >= _DIRECTIVES:
            return ""
        self.directives += 1
        name = self._one(["skip", "include"])
        # Mostly such that the field stays.
        condition = (name == "include") == self._chance(7)
        text = json.dumps(condition)
        if self._chance(5):
            text = f"$v{len(self.declared)}"
            default = self._chance(3)
            if not default or self._chance(5):
                self.variables[text[1:]] = None if default and self._rare() else condition
            self.declared[text[1:]] = (
                f"Boolean = {json.dumps(condition)}" if default else "Boolean!"
            )
        return f" @{name}(if: {text})"

    def _chance(self, tenths: int) -> bool:
        return self._number(0, 9) >= 10 - tenths

    def _rare(self) -> bool:
        return self._number(0, 19) == 19

    def _number(self, least: int, most: int) -> int:
        return int(self.draw(st.integers(least, most)))

    def _one(self, values: Sequence[Item]) -> Item:
        return values[self._number(0, len(values) - 1)]


def documents(schema: GraphQLSchema, material: Material) -> st.SearchStrategy[Document]:
    """Random queries of the schema."""
    return st.composite(lambda draw: Writer(schema, material, draw).document())()


def _written(value: Any) -> str:
    """A value as a document has it."""
    match value:
        case Enum():
            return str(value)
        case list():
            return "[" + ", ".join(map(_written, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{name}: {_written(one)}" for name, one in value.items()) + "}"
        case _:
            return json.dumps(value)


def _alias(key: str, name: str) -> str:
    return name if key == name else f"{key}: {name}"


def _is_needed(argument: GraphQLArgument) -> bool:
    return is_non_null_type(argument.type) and argument.default_value is Undefined


def _declares(definition: GraphQLField) -> bool:
    """Whether the field says which SQL it is."""
    own = definition.extensions.get(_DEFINITION)
    return own is not None and any(one is not None for one in own.metadata.values())
