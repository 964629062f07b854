"""What each argument is given: by its owner, with another tenant's values, and with nobody's."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    OperationType,
    Undefined,
    get_named_type,
)

from schema.ids import encode
from tests.isolation.graphql_documents import Operation
from tests.isolation.graphql_recipes import CURSOR, RECIPES, Recipe, Side, fixed
from tests.isolation.rows import NoRecipe

GARBAGE: Final = "no id of ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a value goes: a variable, or a field of an input in one."""

    path: tuple[str, ...]
    coordinate: str
    recipe: Recipe
    listed: bool
    root: bool  # of the root field, not of one below it
    needed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """Variables to try, and the same about nobody.

    `alone`: also where the other tenant has never been. `everybody`: as every actor, not only the
    first: what no role decides about is tried once.
    """

    what: str
    variables: Mapping[str, Any]
    about_nobody: Mapping[str, Any] | None
    alone: bool
    everybody: bool


def places(operation: Operation) -> list[Place]:
    """Every value that an operation takes. Raises `NoRecipe` for one that nobody gave values."""
    return [
        place
        for argument in operation.arguments
        for place in _places(
            argument.type,
            (argument.variable,),
            argument.coordinate,
            root=argument.coordinate.startswith(f"{operation.type.value.capitalize()}."),
            needed=argument.needed,
        )
    ]


def variables(operation: Operation, own: Side) -> dict[str, Any]:
    """What the owner of things would give: of a query what it needs, of a mutation everything.

    What deeper fields need is given too.
    """
    given: dict[str, Any] = {}
    for place in places(operation):
        if place.needed or (place.root and operation.type is OperationType.MUTATION):
            recipe = place.recipe
            _put(given, place, (recipe.base or recipe.value)(own))
    return given


def changed(base: Mapping[str, Any], values: Iterable[tuple[Place, Any]]) -> dict[str, Any]:
    """Variables with other values in some places."""
    given = dict(base)
    for place, value in values:
        _put(given, place, value)
    return given


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """The tenant that spies, the one that is spied on, and one that is not there."""

    own: Side
    victim: Side
    nobody: Side


def attempts(
    operation: Operation,
    sides: Sides,
    *,
    cursors: Mapping[str, str],
    nested: Container[str],
) -> Iterator[Attempt]:
    """Everything to try with an operation.

    `cursors`: those of the victim, by the coordinate of their list. `nested`: coordinates of
    what deeper fields take, to try here too.
    """
    base = variables(operation, sides.own)
    yield Attempt(
        what="as its owner would", variables=base, about_nobody=None, alone=True, everybody=True
    )
    wanted = [place for place in places(operation) if place.root or place.coordinate in nested]
    for place in wanted:
        for what, theirs, nobodys in _tried(place, sides, cursors):
            yield Attempt(
                what=f"{place.coordinate} {what}",
                variables=changed(base, [(place, theirs)]),
                about_nobody=changed(base, [(place, nobodys)]) if place.recipe.tells else None,
                alone=what.startswith("of theirs"),
                everybody=place.root and place.recipe.tells,
            )
    ids = [place for place in wanted if place.recipe.types and place.root]
    if len(ids) > 1:
        yield Attempt(
            what="with all ids of theirs",
            variables=changed(base, ((one, one.recipe.value(sides.victim)) for one in ids)),
            about_nobody=changed(base, ((one, one.recipe.value(sides.nobody)) for one in ids)),
            alone=True,
            everybody=True,
        )


def _tried(
    place: Place, sides: Sides, cursors: Mapping[str, str]
) -> Iterator[tuple[str, Any, Any]]:
    """What to say of a value, the value, and nobody's."""
    recipe = place.recipe
    if recipe is CURSOR:
        cursor = cursors.get(place.coordinate.partition("(")[0])
        if cursor is not None:
            yield "of theirs", cursor, None
        return
    for type_name in recipe.types:
        other = "Account" if type_name == "Connection" else "Connection"
        nobodys = sides.nobody.id(type_name)
        yield f"of theirs: {type_name}", sides.victim.id(type_name), nobodys
        yield "of another table", str(encode(type_name, sides.victim.key(other))), nobodys
        if len(recipe.types) == 1:
            yield "of another type", sides.victim.id(other), nobodys
            yield "of garbage", GARBAGE, nobodys
    if place.listed and recipe.types:
        own, theirs, nobodys = (
            side.id(recipe.types[0]) for side in (sides.own, sides.victim, sides.nobody)
        )
        yield "of theirs beside one's own", [own, theirs], [own, nobodys]
    if not recipe.types:
        yield "of theirs", recipe.value(sides.victim), recipe.value(sides.nobody)


def _places(
    kind: GraphQLInputType, path: tuple[str, ...], coordinate: str, *, root: bool, needed: bool
) -> Iterator[Place]:
    named = get_named_type(kind)
    listed = isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)
    recipe = _recipe(coordinate)
    if recipe is None and isinstance(named, GraphQLEnumType):
        recipe = fixed(next(iter(named.values)))
    if recipe is None and isinstance(named, GraphQLInputObjectType) and not listed:
        for name, field in named.fields.items():
            its_own = isinstance(field.type, GraphQLNonNull) and field.default_value is Undefined
            yield from _places(
                field.type,
                (*path, name),
                f"{named.name}.{name}",
                root=root,
                needed=needed and its_own,
            )
        return
    if recipe is None:
        raise NoRecipe(f"add a recipe for {coordinate} to tests/isolation/graphql_recipes.py")
    yield Place(
        path=path, coordinate=coordinate, recipe=recipe, listed=listed, root=root, needed=needed
    )


def _recipe(coordinate: str) -> Recipe | None:
    name = coordinate.rpartition("(")[2].rpartition(".")[2].removesuffix(":)")
    return RECIPES.get(coordinate, RECIPES.get(name))


def _put(given: dict[str, Any], place: Place, value: Any) -> None:
    """Sets a value; the inputs on its way are copied, for others share them."""
    *way, last = place.path
    for name in way:
        given[name] = dict(given.get(name, {}))
        given = given[name]
    given[last] = value
    if place.listed and value is not None and not isinstance(value, list):
        given[last] = [value]
