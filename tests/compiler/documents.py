"""Documents: random valid queries of a schema, whatever fields it gains.

At one place of the answer a key stands for one field with one set of arguments, so that all
selections merge.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)
from hypothesis import strategies as st

from api.cost import LIST_ITEMS
from schema.ids import decode
from tests.compiler.arguments import ROWS_MAX, Arguments, Dice
from tests.compiler.both_ways import Document
from tests.compiler.material import Material

Item = TypeVar("Item")

# Within the limits of the API (`api.limits`), so that hardly a document is refused.
_DEPTH: Final = 10
_ALIASES: Final = 14
_FIELDS: Final = 30  # that lead to others
_DEFINITION: Final = "strawberry-definition"  # where Strawberry leaves its own field
# What needs more than the world has: a document's bytes, an upload.
_LEFT_OUT: Final = frozenset({"statementProfileProposal", "lines"})


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
    dice: Dice
    arguments: Arguments
    roots: frozenset[str] = frozenset()  # the only ones to begin with; none: all
    pure: bool = False  # only fields that declare their SQL
    keys: dict[tuple[Path, str], What] = field(default_factory=dict)
    taken: list[tuple[Path, str, What]] = field(default_factory=list)  # the same, in order
    fragments: dict[str, list[_Fragment]] = field(default_factory=dict)
    aliases: int = 0
    fields: int = 0
    height: int = 0  # of what was written last

    def document(self) -> Document:
        """A query."""
        query = self.schema.query_type
        assert query is not None
        self.pure = self.dice.chance(8)
        body = self._selection(query, path=(), rows=1)
        declared = ", ".join(f"${name}: {kind}" for name, kind in self.arguments.declared.items())
        head = f"query Q({declared})" if declared else "query Q"
        fragments = [one.text for made in self.fragments.values() for one in made]
        return Document(
            text="\n".join([head + body, *fragments]), variables=self.arguments.variables
        )

    def _selection(self, parent: Any, *, path: Path, rows: int, node_type: str = "") -> str:
        """A selection set; sets `height` to how many levels of fields it has."""
        parts, height = [], 1
        for _ in range(self.dice.number(1, 8 if _is_broad(parent) else 3)):
            self.height = 1
            parts.append(self._part(parent, path=path, rows=rows, node_type=node_type))
            height = max(height, self.height)
        self.height = height
        return " { " + " ".join(parts) + " }"

    def _part(self, parent: Any, *, path: Path, rows: int, node_type: str) -> str:
        if node_type and self.dice.chance(7):
            parent = self.schema.type_map[node_type]
            return self._spread(parent, path=path, rows=rows, always=True)
        if self.dice.chance(2):
            return self._spread(parent, path=path, rows=rows, always=False)
        if self.dice.chance(1) and not (self.pure and not path):
            return self._typename(path)
        return self._field(parent, path=path, rows=rows)

    def _typename(self, path: Path) -> str:
        key = self._key(path, ("__typename", "", "String!")) or "__typename"
        return f"{_alias(key, '__typename')}{self.arguments.directive()}"

    def _spread(self, parent: Any, *, path: Path, rows: int, always: bool) -> str:
        """A fragment: named or inline; on the type, on an interface of it, or on none."""
        on = self.dice.one([parent, parent, *getattr(parent, "interfaces", ())])
        if self.dice.chance(4):
            return self._named(on, path=path, rows=rows)
        condition = f" on {on.name}" if always or self.dice.chance(5) else ""
        inner = self._selection(on if condition else parent, path=path, rows=rows)
        return f"...{condition}{self.arguments.directive()}{inner}"

    def _named(self, on: Any, *, path: Path, rows: int) -> str:
        fitting = [one for one in self.fragments.get(on.name, ()) if self._fits(one, path, rows)]
        if fitting and self.dice.chance(7):
            fragment = self.dice.one(fitting)
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
        return f"...{fragment.name}{self.arguments.directive()}"

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
        name, definition = self.dice.one(
            branches if branches and self.dice.chance(2 if _is_broad(parent) else 6) else fields
        )
        known = self.keys.get((path, name))
        if known is not None and self.aliases >= _ALIASES:
            if known[1] not in self.arguments.used.get((parent.name, name), ()):
                return self._typename(path)
            arguments, first = (
                known[1],
                max(1, ROWS_MAX // rows) if "first" in definition.args else 1,
            )
        else:
            arguments, first = self.arguments.of(parent, name, definition, rows)
        key = self._key(path, (name, arguments, str(definition.type)))
        if key is None:
            return self._typename(path)
        head = _alias(key, name) + arguments + self.arguments.directive()
        kind = get_named_type(definition.type)
        if is_leaf_type(kind):
            self.height = 1
            return head
        self.fields += 1
        node_type = self._node_type(kind, arguments)
        if is_list_type(get_nullable_type(definition.type)) and not kind.name.endswith("Edge"):
            first = LIST_ITEMS  # as it costs; edges were counted with their page
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
        if not path and self.roots:
            fields = [(name, one) for name, one in fields if name in self.roots]
        if not self.pure or not any(_declares(one) for one in parent.fields.values()):
            return fields
        return [(name, one) for name, one in fields if name == "id" or _declares(one)]

    def _node_type(self, kind: Any, arguments: str) -> str:
        """A type that an interface's field may lead to: mostly the one of its id."""
        if isinstance(kind, GraphQLObjectType):
            return ""
        types = sorted(one.name for one in self.schema.get_possible_types(kind))
        for value in [*self.arguments.variables.values(), *arguments.split('"')]:
            found = decode(value) if isinstance(value, str) else None
            if found is not None and found.type in types and self.dice.chance(8):
                return found.type
        return self.dice.one(types)

    def _key(self, path: Path, what: What) -> str | None:
        """The key of a field in the answer; None where it has no room."""
        name = what[0]
        known = [key for (at, key), one in self.keys.items() if at == path and one == what]
        bare = self.keys.get((path, name), what) == what
        more = self.aliases < _ALIASES
        if known and more and self.dice.chance(7):
            key = self.dice.one(known)
        elif bare and (self.dice.chance(8) or not more):
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


def documents(
    schema: GraphQLSchema, material: Material, *, roots: frozenset[str] = frozenset()
) -> st.SearchStrategy[Document]:
    """Random queries of the schema, that begin with these fields where some are given."""

    def written(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Document:
        dice = Dice(draw)
        return Writer(schema, dice, Arguments(material, dice), roots=roots).document()

    return st.composite(written)()


def _is_broad(parent: Any) -> bool:
    """Whether a type has many values of its own, of which one would show little."""
    return sum(is_leaf_type(get_named_type(one.type)) for one in parent.fields.values()) > 4


def _alias(key: str, name: str) -> str:
    return name if key == name else f"{key}: {name}"


def _declares(definition: GraphQLField) -> bool:
    """Whether the field says which SQL it is."""
    own = definition.extensions.get(_DEFINITION)
    return own is not None and any(one is not None for one in own.metadata.values())
