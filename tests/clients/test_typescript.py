"""The TypeScript client: generated from the schema, strictly typed, and walked on a real server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, Final

import pytest
from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    OperationType,
    VariableDefinitionNode,
    is_input_type,
    type_from_ast,
)

from tests.clients.counting import Counts
from tests.clients.npm import CLIENT, ROOT, installed, run
from tests.clients.operations import name_of, operations, schema
from tests.clients.walking import Report, Walker
from tests.fixtures.world import World

FEW: Final = {"accounts": 2, "rows": 4}
MANY: Final = {"accounts": 6, "rows": 60}
STATEMENT: Final = ROOT / "docs" / "samples" / "northbank.bai"
TRANSPORTS: Final = {"graphql-ws", "graphql-sse", "multipart"}


@pytest.mark.parametrize(
    ("script", "remedy"),
    [
        ("current", "run `npm run generate` in clients/typescript, and commit what it wrote"),
        ("types", "mend the types"),
        ("lint", "mend the operations, or the schema"),
    ],
)
def test_the_client_passes(script: str, remedy: str) -> None:
    installed()

    done = run("npm", "run", "--silent", script)

    assert done.returncode == 0, f"{remedy}:\n{done.stdout}"


async def test_the_walk_uses_everything_and_changes_many_rows_like_few(walker: Walker) -> None:
    few = await walker.walk(**FEW)
    statements_of_few = _statements(walker.counts)
    many = await walker.walk(**MANY)

    assert not few.failures, "\n\n".join(few.failures)
    assert not many.failures, "\n\n".join(many.failures)
    assert _not_walked(few) == []
    assert _not_followed(few) == []
    assert _inputs_not_given(few) == []
    assert _statements(walker.counts) == statements_of_few, "statements grow with rows"
    assert all(statements_of_few.values()), "each mutation is counted"


async def test_the_example_of_the_readme_imports_a_statement(walker: Walker, world: World) -> None:
    example = (CLIENT / "examples" / "import.ts").read_text(encoding="utf-8")
    readme = (CLIENT / "README.md").read_text(encoding="utf-8")
    place = await world.place()

    done = await walker.node(
        "examples/import.js",
        str(STATEMENT),
        BANKFEEDS_URL=f"{walker.api.url}/graphql",
        BANKFEEDS_TOKEN=walker.api.token(place.user_id),
    )

    assert f"```ts\n{example}```" in readme, "the README shows another example"
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "COMPLETED: 6 new rows"


def _statements(counts: Counts) -> dict[str, set[int]]:
    """How many statements each mutation took, since the last look."""
    found: dict[str, set[int]] = defaultdict(set)
    for request_id, executions in counts.of.items():
        found[request_id.partition(".")[2]].update(executions)
    counts.of.clear()
    return {name_of(one): found[name_of(one)] for one in operations(OperationType.MUTATION)}


def _not_walked(report: Report) -> list[str]:
    walked = {one["operation"] for one in report.walked}
    return sorted({name_of(one) for one in operations()} - walked)


def _not_followed(report: Report) -> list[str]:
    """Subscriptions that were not followed over each transport."""
    followed = {(one["operation"], one["via"]) for one in report.walked}
    names = [name_of(one) for one in operations(OperationType.SUBSCRIPTION)]
    return sorted(
        f"{name} over {transport}"
        for name in names
        for transport in TRANSPORTS
        if (name, transport) not in followed
    )


def _inputs_not_given(report: Report) -> list[str]:
    """Fields of input objects that the operations can be given, and the walk never gave."""
    variables = {
        (name_of(operation), variable.variable.name.value): _type_of(variable)
        for operation in operations()
        for variable in operation.variable_definitions or ()
    }
    given: set[str] = set()
    for one in report.walked:
        for name, value in one.get("variables", {}).items():
            given.update(_given(variables[one["operation"], name], value))
    return sorted({field for type_ in variables.values() for field in _fields(type_)} - given)


def _type_of(variable: VariableDefinitionNode) -> GraphQLInputType:
    type_ = type_from_ast(schema(), variable.type)
    assert is_input_type(type_)
    return type_


def _fields(type_: Any) -> Iterator[str]:
    """The coordinates of an input type's fields, of those within them too."""
    if isinstance(type_, GraphQLNonNull | GraphQLList):
        yield from _fields(type_.of_type)
    elif isinstance(type_, GraphQLInputObjectType):
        for name, field in type_.fields.items():
            yield f"{type_.name}.{name}"
            yield from _fields(field.type)


def _given(type_: GraphQLInputType, value: Any) -> Iterator[str]:
    """The coordinates of the fields that a value gives."""
    if value is None:
        return
    if isinstance(type_, GraphQLNonNull):
        yield from _given(type_.of_type, value)
    elif isinstance(type_, GraphQLList):
        for item in value if isinstance(value, list) else [value]:
            yield from _given(type_.of_type, item)
    elif isinstance(type_, GraphQLInputObjectType):
        for name, inner in value.items():
            yield f"{type_.name}.{name}"
            yield from _given(type_.fields[name].type, inner)
