"""Plans of one document: as many as it has structures, and never too many."""

from __future__ import annotations

from uuid import UUID

from graphql import (
    FragmentDefinitionNode,
    OperationDefinitionNode,
    get_variable_values,
    parse,
)

from api.plans import PLANS_MAX, Plans
from schema.build import schema
from schema.compiler import Compiler
from schema.ids import encode
from schema.plan import Plan
from schema.structure import Structure

NODE = (
    "query Q($id: ID!, $first: Int) { node(id: $id) { id } accounts(first: $first) { __typename } }"
)


class Asked:
    """A document, asked for its plan with variables."""

    def __init__(self, text: str) -> None:
        self.ast = parse(text)
        self.definitions = self.ast.definitions
        fragments = {
            one.name.value: one
            for one in self.definitions
            if isinstance(one, FragmentDefinitionNode)
        }
        self.plans = Plans(Compiler(schema), self.ast, fragments)

    def plan(self, **variables: object) -> Plan | None:
        operation = self.definitions[0]
        assert isinstance(operation, OperationDefinitionNode)
        coerced = get_variable_values(
            schema._schema, operation.variable_definitions or (), variables
        )
        assert not isinstance(coerced, list)
        return self.plans.of(operation, coerced)


def _id(type_name: str, number: int = 1) -> str:
    return str(encode(type_name, UUID(int=number)))


def test_requests_of_one_structure_share_a_plan() -> None:
    asked = Asked(NODE)

    plans = [
        asked.plan(id=_id("Account"), first=1),
        asked.plan(id=_id("Account", 2), first=100),
        asked.plan(id=_id("Account", 3)),
    ]

    assert plans[0] is not None
    assert all(plan is plans[0] for plan in plans)


def test_the_type_of_a_node_decides_the_plan() -> None:
    asked = Asked(NODE)

    accounts, jobs = asked.plan(id=_id("Account")), asked.plan(id=_id("IngestionJob"))

    assert accounts is not None
    assert jobs is not None
    assert accounts is not jobs


def test_a_condition_decides_the_plan_wherever_it_stands() -> None:
    asked = Asked(
        "query Q($on: Boolean!) { accounts { ...A } }"
        " fragment A on AccountConnection { pageInfo { ... @include(if: $on) { hasNextPage } } }"
    )

    with_it, without = asked.plan(on=True), asked.plan(on=False)

    assert with_it is not without
    assert asked.plan(on=True) is with_it


def test_many_structures_of_one_document_are_forgotten_again() -> None:
    asked = Asked(NODE)

    for number in range(3 * PLANS_MAX):
        asked.plan(id=_id(f"Type{number}"))

    assert len(asked.plans._known) <= PLANS_MAX


def test_a_plan_that_was_forgotten_is_made_again() -> None:
    asked = Asked(NODE)
    before = asked.plan(id=_id("Account"))
    for number in range(2 * PLANS_MAX):
        asked.plan(id=_id(f"Type{number}"))

    after = asked.plan(id=_id("Account"))

    assert before is not None
    assert after is not None
    assert [root.key for root in after.roots] == [root.key for root in before.roots]


def test_a_mutation_has_no_plan() -> None:
    asked = Asked('mutation { accountUpdate(input: {id: "x"}) { account { id } } }')

    assert asked.plan() is None


def test_a_query_without_any_declared_field_has_no_plan() -> None:
    assert Asked("{ viewer { role } __typename }").plan() is None


def test_values_decide_no_structure() -> None:
    text = "query Q($first: Int, $filter: AccountFilter) { accounts(first: $first, filter: $filter)"

    assert Structure.of(parse(text + " { __typename } }")).key({"first": 1, "filter": {}}) == ()


def test_conditions_and_ids_of_nodes_decide_a_structure() -> None:
    structure = Structure.of(
        parse("query Q($b: Boolean!, $a: Boolean!, $id: ID!) {"
              " node(id: $id) { id @skip(if: $b) __typename @include(if: $a) } }")
    )  # fmt: skip

    assert (structure.conditions, structure.nodes) == (("a", "b"), ("id",))
    assert structure.key({"a": True, "b": False, "id": _id("Account")}) == (True, False, "Account")
    assert structure.key({"a": True, "b": False, "id": "no id"}) == (True, False, None)
