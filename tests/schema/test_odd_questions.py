"""Odd questions: what is refused names the argument as the caller knows it, and says why."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.graph import Graph
from tests.fixtures.world import Place

ERRORS = "userErrors { code message path }"
DRY_RUN = (
    "query ($input: CategoryRulesDryRunInput) {"
    f" categoryRulesDryRun(input: $input) {{ result {{ lookedAtCount }} {ERRORS} }} }}"
)
RULE = (
    "mutation ($input: ReconciliationRuleInput!) {"
    f" reconciliationRuleCreate(input: $input) {{ rule {{ name }} {ERRORS} }} }}"
)
OUT = {"direction": "OUT"}


@pytest.fixture
async def place(graph: Graph) -> Place:
    return await graph.world.place()


async def _error(graph: Graph, place: Place, query: str, **given: Any) -> dict[str, Any]:
    answer = await graph.ask(place.user, query, **given)
    (error,) = answer["userErrors"]
    return dict(error)


@pytest.mark.parametrize(
    ("draft", "path"),
    [
        ({"conditions": OUT}, "category"),
        ({"category": "Snacks"}, "conditions"),
        ({"conditions": OUT, "category": ""}, "category"),
        ({"conditions": OUT, "category": "Snacks", "name": ""}, "name"),
    ],
)
async def test_half_of_a_draft_is_refused_and_not_left_out(
    graph: Graph, place: Place, draft: dict[str, Any], path: str
) -> None:
    error = await _error(graph, place, DRY_RUN, input=draft)

    assert (error["code"], error["path"]) == ("INVALID", [path])


async def test_without_a_draft_the_rules_are_tried_as_they_are(graph: Graph, place: Place) -> None:
    for given in (None, {}, {"conditions": None, "category": None}):
        answer = await graph.ask(place.user, DRY_RUN, input=given)
        assert answer == {"result": {"lookedAtCount": 0}, "userErrors": []}


@pytest.mark.parametrize(
    ("conditions", "said"),
    [
        ({"accountIds": []}, "accountIds: give 1 at least."),
        ({"accountIds": ["x"] * 101}, "accountIds: give 100 at most."),
        ({"text": {"contains": ""}}, "text.contains: give 1 character at least."),
        ({"text": {"equals": "a" * 201}}, "text.equals: give 200 characters at most."),
        ({"currency": "euro"}, 'currency: give three capital letters, such as "EUR".'),
        ({"amountTo": "-1"}, "amountTo: give a size, which is never below zero."),
        ({"providerCategories": [""]}, "providerCategories.0: give 1 character at least."),
    ],
)
async def test_conditions_are_named_as_the_caller_writes_them(
    graph: Graph, place: Place, conditions: dict[str, Any], said: str
) -> None:
    draft = {"conditions": conditions, "category": "Snacks"}

    assert (await _error(graph, place, DRY_RUN, input=draft))["message"].startswith(said[:-1])


async def test_one_question_is_named_by_its_id(graph: Graph, place: Place) -> None:
    for name in ("matchConfirm", "matchReject"):
        query = f'mutation {{ {name}(id: "x") {{ {ERRORS} }} }}'
        error = await _error(graph, place, query)
        assert (error["code"], error["path"]) == ("NOT_FOUND", ["id"])


async def test_a_link_names_its_sides_from_the_root_of_the_input(
    graph: Graph, place: Place
) -> None:
    given = '{transactionId: "x", otherId: "y", kind: TRANSFER}'

    error = await _error(
        graph, place, f"mutation {{ transactionLink(input: {given}) {{ {ERRORS} }} }}"
    )

    assert (error["code"], error["path"]) == ("NOT_FOUND", ["transactionId"])


async def test_a_score_that_no_question_has_finds_none(graph: Graph, place: Place) -> None:
    query = "{ reviewItems(filter: {scoreFrom: 2147483647}) { edges { node { id } } } }"

    assert await graph.ask(place.user, query) == {"edges": []}


async def test_null_asks_nothing_of_what_was_dismissed(graph: Graph, place: Place) -> None:
    query = "{ recurringTransactions(filter: {dismissed: null}) { edges { node { id } } } }"

    assert await graph.ask(place.user, query) == {"edges": []}


@pytest.mark.parametrize("amount", ["0.000000001", "1" * 15, "1e5"])
async def test_a_decimal_that_cannot_be_kept_says_how_many_digits_can(
    graph: Graph, place: Place, amount: str
) -> None:
    query = f'{{ transactions(filter: {{amountFrom: "{amount}"}}) {{ edges {{ cursor }} }} }}'

    answer = await graph.answer(place.user, query)

    assert "14 digits before the point and 8 after it" in str(answer.errors[0])


@pytest.mark.parametrize("given", [{}, {"name": "Same amount", "dayWindow": 1}])
async def test_a_rule_of_nothing_but_amounts_is_refused(
    graph: Graph, place: Place, given: dict[str, Any]
) -> None:
    error = await _error(graph, place, RULE, input=given)

    assert (error["code"], error["path"]) == ("INVALID", ["leftAccountIds"])
    assert error["message"].endswith(
        "or set byReference or textNeeded: equal amounts say too little."
    )


@pytest.mark.parametrize(
    "given", [{"byReference": True}, {"textNeeded": True}, {"rightAccountType": "SAVINGS"}]
)
async def test_a_rule_that_asks_for_more_than_amounts_is_made(
    graph: Graph, place: Place, given: dict[str, Any]
) -> None:
    answer = await graph.ask(place.user, RULE, input=given)

    assert answer == {"rule": {"name": "Rule"}, "userErrors": []}
