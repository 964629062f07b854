"""Limits: each bounds what one document may ask for, and none takes long to count."""

from __future__ import annotations

import time
from typing import Any

import pytest
import strawberry
from graphql import OperationDefinitionNode, get_introspection_query, parse

from api.cost import COST_MAX, Prices
from api.documents import Documents, Rejected
from api.limits import (
    ALIASES_MAX,
    DEPTH_MAX,
    DIRECTIVES_MAX,
    FIELDS_MAX,
    FRAGMENTS_MAX,
    OPERATIONS_MAX,
    REPEATS_MAX,
    ROOT_FIELDS_MAX,
    TOKENS_MAX,
    excesses,
)
from api.operations import OperationRequest, Operations
from schema import build
from tests.fixtures.small_schema import Seen, opener, schema

CORE = schema._schema

HANGS_S = 5  # of CPU; what grows faster than its document takes minutes


@strawberry.input(one_of=True)
class OneOf:
    a: str | None = strawberry.UNSET
    b: str | None = strawberry.UNSET


@strawberry.input
class Some:
    a: strawberry.Maybe[str]


@strawberry.type
class Choosing:
    @strawberry.field
    def choose(self, one: OneOf | None = None, some: Some | None = None) -> str:
        return f"{one} {some}"


def _broken(text: str) -> list[str]:
    return [error.message for error in excesses(parse(text))]


def _nested(levels: int) -> str:
    return "{ thing " + "{ self " * (levels - 2) + "{ name }" + " }" * (levels - 2) + " }"


@pytest.mark.parametrize(
    ("within", "beyond", "name"),
    [
        (_nested(DEPTH_MAX), _nested(DEPTH_MAX + 1), "depth"),
        (
            "{ thing {" + " ".join(f"a{n}: name" for n in range(ALIASES_MAX)) + "} }",
            "{ thing {" + " ".join(f"a{n}: name" for n in range(ALIASES_MAX + 1)) + "} }",
            "aliases",
        ),
        (
            "{ hello " + "@include(if: true) " * DIRECTIVES_MAX + "}",
            "{ hello " + "@include(if: true) " * (DIRECTIVES_MAX + 1) + "}",
            "directives",
        ),
        (
            "{ thing {" + "self { name } " * REPEATS_MAX + "} }",
            "{ thing {" + "self { name } " * (REPEATS_MAX + 1) + "} }",
            "repeated fields",
        ),
        (
            "{" + "hello " * ROOT_FIELDS_MAX + "}",
            "{" + "hello " * (ROOT_FIELDS_MAX + 1) + "}",
            "root fields",
        ),
        (
            "{ thing {" + " ".join(f"x{n}" for n in range(FIELDS_MAX - 1)) + "} }",
            "{ thing {" + " ".join(f"x{n}" for n in range(FIELDS_MAX)) + "} }",
            "fields",
        ),
        (
            " ".join(f"query Q{n} {{ hello }}" for n in range(OPERATIONS_MAX)),
            " ".join(f"query Q{n} {{ hello }}" for n in range(OPERATIONS_MAX + 1)),
            "operations",
        ),
        (
            "{ hello }"
            + " ".join(f"fragment F{n} on Query {{ hello }}" for n in range(FRAGMENTS_MAX)),
            "{ hello }"
            + " ".join(f"fragment F{n} on Query {{ hello }}" for n in range(FRAGMENTS_MAX + 1)),
            "fragments",
        ),
    ],
    ids=["depth", "aliases", "directives", "repeats", "root", "fields", "operations", "fragments"],
)
def test_a_limit_is_met_and_not_passed(within: str, beyond: str, name: str) -> None:
    assert _broken(within) == []
    assert len(_broken(beyond)) == 1
    assert f"has {name} " in _broken(beyond)[0]


def test_a_fragment_counts_wherever_it_is_spread() -> None:
    deep = "{ thing { self { self { self { self { self { ...F } } } } } } }"

    assert _broken(deep + "fragment F on Thing { self { self { self { name } } } }") == []
    assert (
        "depth 11"
        in _broken(deep + "fragment F on Thing { self { self { self { self { name } } } } }")[0]
    )


def test_inline_fragments_add_no_depth() -> None:
    assert _broken("{ thing { ... on Thing { ... { ... on Node { id } } } } }") == []


def test_fragments_in_a_circle_are_left_to_validation() -> None:
    circle = "{ thing { ...A } } fragment A on Thing { self { ...B } } fragment B on Thing { ...A }"

    assert _broken(circle) == []
    with pytest.raises(Rejected):
        Documents(schema, production=True).prepare(circle)


def test_the_query_that_tools_send_for_introspection_is_within_all_limits() -> None:
    full = get_introspection_query(
        specified_by_url=True,
        directive_is_repeatable=True,
        schema_description=True,
        input_value_deprecation=True,
    )

    assert _broken(full) == []
    Documents(schema, production=False).prepare(full)


def test_introspection_has_a_depth_of_its_own() -> None:
    endless = "{ __schema { types " + "{ fields { type " * 12 + "{ name }" + " } }" * 12 + " } }"

    assert "introspection depth" in _broken(endless)[0]


def test_introspection_of_lists_in_lists_is_refused_once() -> None:
    lists = "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }"

    assert _broken(lists) == []
    with pytest.raises(Rejected) as raised:
        Documents(schema, production=False).prepare(lists)
    assert [error.message for error in raised.value.errors] == [
        "Maximum introspection depth exceeded"
    ]


@pytest.mark.parametrize(
    "argument",
    ["one: {}", 'one: {a: "a", b: "b"}', "one: {a: null}", "some: {a: null}"],
)
def test_what_an_input_leaves_to_choose_is_checked(argument: str) -> None:
    documents = Documents(strawberry.Schema(query=Choosing), production=True)

    documents.prepare('{ choose(one: {a: "a"}, some: {}) }')
    with pytest.raises(Rejected):
        documents.prepare(f"{{ choose({argument}) }}")


@pytest.mark.parametrize("levels", [22, 40, 49])
def test_fragments_that_spread_each_other_twice_are_counted_at_once(levels: int) -> None:
    bomb = "{ thing { ...F0 } }" + "".join(
        f" fragment F{n} on Thing {{ self {{ ...F{n + 1} }} other {{ ...F{n + 1} }} }}"
        for n in range(levels)
    )
    bomb += f" fragment F{levels} on Thing {{ name }}"

    started = time.process_time()
    broken = _broken(bomb)

    assert time.process_time() - started < HANGS_S
    assert len(broken) == 2  # depth and fields


def _hostile() -> dict[str, str]:
    many = " ".join(f"...F{n}" for n in range(49))
    return {
        "one field again and again": "{" + "hello " * 1_900 + "}",
        "fields that must be merged": "{ thing {" + " self { name }" * 400 + "} }",
        "fewer fields that must be merged": "{ thing {"
        + " self { id }" * 100
        + " other { name }" * 90
        + "} }",
        "arguments that must be merged": "{" + ' hello(name: "a")' * 330 + "}",
        "fragments that spread all others": "{ thing { "
        + many
        + " } }"
        + "".join(f" fragment F{n} on Thing {{ self {{ name }} }}" for n in range(49)),
        "directives": "{ hello " + "@a" * 900 + "}",
        "unknown fields": "{ thing {" + " ".join(f"x{n}" for n in range(990)) + "} }",
        "variables": "query(" + " ".join(f"$v{n}: String" for n in range(390)) + ") { hello }",
        "braces": "{ thing " + "{ self " * 600 + "{ name }" + "}" * 601,
        "a long list": '{ echo(value: "' + "x" * 900_000 + '") }',
        "comments": "#" * 100_000 + "\n{ hello }",
    }


@pytest.mark.parametrize("kind", list(_hostile()))
def test_no_document_takes_long(kind: str) -> None:
    documents = Documents(schema, production=True)

    started = time.process_time()
    try:
        documents.prepare(_hostile()[kind])
    except Rejected as error:
        assert len(error.errors) <= 8
    elapsed = time.process_time() - started

    assert elapsed < HANGS_S, f"{elapsed:.3f} s of CPU"


def test_more_tokens_than_allowed_are_too_complex() -> None:
    with pytest.raises(Rejected) as raised:
        Documents(schema, production=True).prepare("{" + "hello " * (TOKENS_MAX + 1) + "}")

    assert raised.value.errors[0].extensions == {"code": "TOO_COMPLEX"}


def test_a_known_document_is_prepared_once() -> None:
    documents = Documents(schema, production=True)

    assert documents.prepare("{ hello }") is documents.prepare("{ hello }")


def test_a_long_document_is_not_remembered() -> None:
    documents = Documents(schema, production=True)
    long = "{ hello }" + " " * 20_000

    assert documents.prepare(long) is not documents.prepare(long)


# Cost


def _cost(text: str, **variables: Any) -> int:
    document = Documents(schema, production=True).prepare(text)
    operation = document.ast.definitions[0]
    return Prices(CORE).cost(operation, document.fragments, variables).requested  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ hello }", 1),
        ("{ thing { name } }", 1),
        ("{ thing { self { other { name } } } }", 3),
        ("{ things { edges { node { name } } } }", 50),
        ("{ things(first: 10) { edges { node { name } cursor } } }", 10),
        ("{ things(first: 10) { edges { cursor } } }", 10),
        ("{ things(first: 10) { edges { node { self { name } } } } }", 20),
        (
            "{ things(first: 10) { edges { node { things(first: 5) { edges { node { id } } } } } } "
            "}",
            60,
        ),
        (
            "{ a: things(first: 1) { edges { cursor } } b: things(first: 2) { edges { cursor } } }",
            3,
        ),
        (
            "{ things(first: 10) { ...F } }"
            " fragment F on ThingConnection { edges { node { id } } }",
            10,
        ),
        ("{ things(first: 10) { edges { node { ... on Thing { self { id } } } } } }", 20),
        ("{ thing { ...F } } fragment F on Node { ... on Thing { self { id } } }", 2),
    ],
)
def test_an_operation_costs_what_it_reads(text: str, cost: int) -> None:
    assert _cost(text) == cost


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        ("{ transactionSummary(groupBy: [MONTH]) { count } }", 20),
        (
            '{ account(id: "1") { balancesByDay(from: "2026-01-01", to: "2026-12-31") { day } } }',
            21,
        ),
        (
            "query ($from: Date!, $to: Date!) { accounts(first: 10) { edges { node {"
            " balancesByDay(from: $from, to: $to) { day amount { amount } } } } } }",
            210,
        ),
        ("{ connections(first: 10) { edges { node { decimals { currency } } } } }", 10),
    ],
)
def test_a_list_that_is_computed_costs_as_one_of_things(text: str, cost: int) -> None:
    (operation,) = parse(text).definitions
    assert isinstance(operation, OperationDefinitionNode)

    assert Prices(build.schema._schema).cost(operation, {}, {}).requested == cost


def test_what_is_counted_costs_more_than_a_page() -> None:
    (operation,) = parse("{ transactionCount reviewItemCount notificationCount }").definitions
    assert isinstance(operation, OperationDefinitionNode)

    assert Prices(build.schema._schema).cost(operation, {}, {}).requested == 300


def test_a_variable_decides_the_cost() -> None:
    text = "query ($n: Int!) { things(first: $n) { edges { node { id } } } }"

    assert (_cost(text, n=1), _cost(text, n=100)) == (1, 100)


@pytest.mark.parametrize("first", [0, -1, 101, 1_000_000])
def test_a_page_is_1_to_100(first: int) -> None:
    operations = Operations(schema, open_context=opener(Seen()), production=True)
    literal = OperationRequest(query=f"{{ things(first: {first}) {{ edges {{ cursor }} }} }}")
    variable = OperationRequest(
        query="query ($n: Int!) { things(first: $n) { edges { cursor } } }", variables={"n": first}
    )

    for request in (literal, variable):
        with pytest.raises(Rejected) as raised:
            operations.prepare(request)

        assert raised.value.errors[0].extensions == {"code": "BAD_INPUT"}
        assert "1 to 100" in raised.value.errors[0].message


def test_what_costs_too_much_is_refused_with_its_cost() -> None:
    operations = Operations(schema, open_context=opener(Seen()), production=True)
    inner = "{ edges { node { id } } }"
    text = "{ things(first: 100) { edges { node { things(first: 100) " + inner + " } } } }"

    with pytest.raises(Rejected) as raised:
        operations.prepare(OperationRequest(query=text))

    assert raised.value.errors[0].extensions == {
        "code": "TOO_COMPLEX",
        "cost": {"requested": 10_100, "maximum": COST_MAX},
    }


def test_a_cost_that_depends_on_variables_is_counted_each_time() -> None:
    operations = Operations(schema, open_context=opener(Seen()), production=True)
    text = "query ($n: Int!) { things(first: $n) { edges { cursor } } }"

    costs = [
        operations.prepare(OperationRequest(query=text, variables={"n": n})).cost
        for n in (3, 30, 3)
    ]

    assert costs == [3, 30, 3]
