"""What a document may ask for, counted before anything is validated, in time linear in its size.

Every fragment is measured once and then added wherever it is spread: walking each path, as common
limiters do, takes exponential time on fragments that spread each other twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
)

TOKENS_MAX: Final = 2_000
DEPTH_MAX: Final = 10
INTROSPECTION_DEPTH_MAX: Final = 20
ALIASES_MAX: Final = 15
FIELDS_MAX: Final = 1_000  # with every fragment written out
ROOT_FIELDS_MAX: Final = 20
DIRECTIVES_MAX: Final = 30
REPEATS_MAX: Final = 100  # of one name: validation compares each with each
FRAGMENTS_MAX: Final = 50
OPERATIONS_MAX: Final = 20

_INTROSPECTION: Final = frozenset({"__schema", "__type"})
_SATURATED: Final = 1_000_000  # counts stop here: doubled a thousand times, they would be long


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large a selection is, with every fragment written out."""

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0
    root_fields: int = 0


def excesses(document: DocumentNode) -> list[GraphQLError]:
    """One error for each limit that the document breaks."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    operations = [
        definition
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode)
    ]
    aliases, directives, repeats = _counted(document)
    shapes = _fragment_shapes(fragments)
    largest = [_shape(operation.selection_set, shapes) for operation in operations]
    found = {
        "operations": (len(operations), OPERATIONS_MAX),
        "fragments": (len(fragments), FRAGMENTS_MAX),
        "aliases": (aliases, ALIASES_MAX),
        "directives": (directives, DIRECTIVES_MAX),
        "repeated fields": (repeats, REPEATS_MAX),
        "depth": (max((s.depth for s in largest), default=0), DEPTH_MAX),
        "introspection depth": (
            max((s.introspection_depth for s in largest), default=0),
            INTROSPECTION_DEPTH_MAX,
        ),
        "fields": (max((s.fields for s in largest), default=0), FIELDS_MAX),
        "root fields": (max((s.root_fields for s in largest), default=0), ROOT_FIELDS_MAX),
    }
    return [
        GraphQLError(
            f"the document has {name} {count}; {most} is the most",
            extensions={"code": "TOO_COMPLEX"},
        )
        for name, (count, most) in found.items()
        if count > most
    ]


def _counted(document: DocumentNode) -> tuple[int, int, int]:
    """Aliases, directives and how often one name is asked for, as they are written."""
    aliases = directives = 0
    names: Counter[str] = Counter()
    for definition in document.definitions:
        if not isinstance(definition, FragmentDefinitionNode | OperationDefinitionNode):
            continue
        directives += len(definition.directives or ())
        for variable in definition.variable_definitions or ():
            directives += len(variable.directives or ())
        for selection, _, _ in _selections(definition.selection_set):
            directives += len(selection.directives or ())
            if isinstance(selection, FieldNode):
                aliases += selection.alias is not None
                names[(selection.alias or selection.name).value] += 1
    return aliases, directives, max(names.values(), default=0)


def _fragment_shapes(fragments: Mapping[str, FragmentDefinitionNode]) -> dict[str, Shape]:
    """The shape of each fragment, those first that others spread. A cycle is left to validation."""
    shapes: dict[str, Shape] = {}
    for name in _inner_first(fragments):
        shapes[name] = _shape(fragments[name].selection_set, shapes)
    return shapes


def _inner_first(fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[str]:
    spreads = {
        name: [
            selection.name.value
            for selection, _, _ in _selections(fragment.selection_set)
            if isinstance(selection, FragmentSpreadNode) and selection.name.value in fragments
        ]
        for name, fragment in fragments.items()
    }
    entered: set[str] = set()
    for start in fragments:
        if start in entered:
            continue
        entered.add(start)
        path = [(start, iter(spreads[start]))]
        while path:
            name, remaining = path[-1]
            deeper = next((spread for spread in remaining if spread not in entered), None)
            if deeper is None:
                path.pop()
                yield name
            else:
                entered.add(deeper)
                path.append((deeper, iter(spreads[deeper])))


def _shape(selection_set: SelectionSetNode, fragments: Mapping[str, Shape]) -> Shape:
    depth = introspection_depth = fields = root_fields = 0
    for selection, level, introspective in _selections(selection_set):
        inner = Shape()
        if isinstance(selection, FragmentSpreadNode):
            inner = fragments.get(selection.name.value, inner)
        elif isinstance(selection, FieldNode):
            inner = Shape(depth=1, fields=1, root_fields=1)
        else:
            continue
        fields += inner.fields
        if level == 0:
            root_fields += inner.root_fields
        reached = level + inner.depth
        if introspective:
            introspection_depth = max(introspection_depth, reached)
        else:
            depth = max(depth, reached)
            introspection_depth = max(introspection_depth, inner.introspection_depth)
    return Shape(
        depth=depth,
        introspection_depth=introspection_depth,
        fields=min(fields, _SATURATED),
        root_fields=min(root_fields, _SATURATED),
    )


def _selections(selection_set: SelectionSetNode) -> Iterator[tuple[SelectionNode, int, bool]]:
    """Every selection within one definition, how many fields it lies in, and whether in
    introspection. Iterative, since a document is as deep as its author likes."""
    stack = [(selection_set, 0, False)]
    while stack:
        current, level, introspective = stack.pop()
        for selection in current.selections:
            inside = introspective
            if isinstance(selection, FieldNode):
                inside = introspective or selection.name.value in _INTROSPECTION
            yield selection, level, inside
            nested = getattr(selection, "selection_set", None)
            if nested is not None:
                stack.append((nested, level + isinstance(selection, FieldNode), inside))
