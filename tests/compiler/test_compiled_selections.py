"""Selections in compiled queries: what directives, variables and fragments make of them."""

from __future__ import annotations

from typing import Any

import pytest

from api.documents import Rejected
from tests.compiler.both_ways import ACME, GLOBEX, BothWays, Document


def _id(type_name: str, table: str, number: int = 0) -> str:
    return ACME.id_of(type_name, table, number)


def test_an_id_that_is_given_null_is_refused(both: BothWays) -> None:
    text = 'query Q($id: ID = "x") { account(id: $id) { name } }'

    answer = both.same(ACME, Document(text=text, variables={"id": None}))

    assert [error["extensions"]["code"] for error in answer.errors] == ["BAD_INPUT"]
    assert answer.data == {"account": None}


@pytest.mark.parametrize("directive", ["skip", "include"])
def test_a_directive_that_is_given_null_is_refused(both: BothWays, directive: str) -> None:
    edges = f"edges @{directive}(if: $if) {{ cursor }}"
    text = f"query Q($if: Boolean = true) {{ accounts {{ {edges} }} }}"

    answer = both.same(ACME, Document(text=text, variables={"if": None}))

    assert [error["extensions"]["code"] for error in answer.errors] == ["BAD_INPUT"]


@pytest.mark.parametrize("asked", [True, False])
def test_a_whole_page_may_be_skipped_or_included(both: BothWays, asked: bool) -> None:
    text = (
        "query Q($on: Boolean!) { accounts(first: 1) { edges { node { name"
        " transactions(first: 1) @include(if: $on) { edges { cursor } }"
        " mappings(first: 1) @skip(if: $on) { edges { cursor } } } } } }"
    )

    answer = both.same(ACME, Document(text=text, variables={"on": asked}))

    (edge,) = answer.data["accounts"]["edges"]
    assert list(edge["node"]) == ["name", "transactions" if asked else "mappings"]


def test_an_object_of_which_everything_is_skipped_is_empty(both: BothWays) -> None:
    text = "{ accounts { edges @skip(if: true) { cursor } } }"

    assert both.same(ACME, Document(text=text)).data == {"accounts": {}}


def test_selections_of_one_key_are_merged_in_the_order_of_their_first(both: BothWays) -> None:
    text = """
      { accounts(first: 1) { edges { node { status } cursor } edges { node { ...B name } } } }
      fragment B on Account { currency ...A status }
      fragment A on Node { id __typename }
    """

    (edge,) = both.same(ACME, Document(text=text)).data["accounts"]["edges"]

    assert list(edge) == ["node", "cursor"]
    assert list(edge["node"]) == ["status", "currency", "id", "__typename", "name"]


def test_one_field_twice_has_each_time_its_own_arguments(both: BothWays) -> None:
    text = (
        "{ accounts(first: 3) { edges { node {"
        " up: transactions(first: 2, orderBy: AMOUNT_ASC) { ...T }"
        " down: transactions(first: 2, orderBy: AMOUNT_DESC) { ...T }"
        " } } } } fragment T on TransactionConnection { edges { node { amount { amount } } } }"
    )

    answer = both.same(ACME, Document(text=text))

    full = [edge["node"] for edge in answer.data["accounts"]["edges"]]
    assert any(node["up"] != node["down"] for node in full)
    assert len(answer.statements) == 1


def test_the_thing_of_another_tenant_is_nothing(both: BothWays) -> None:
    document = Document(
        text=f'{{ node(id: "{_id("Account", "account")}") {{ id ... on Account {{ name }} }} }}'
    )

    assert both.same(ACME, document).data["node"]["name"].endswith(" acme")
    assert both.same(GLOBEX, document).data == {"node": None}


@pytest.mark.parametrize("id", ["", "no id", "QWNjb3VudDo=", "é", "A" * 300, "QmFsYW5jZTo="])
def test_a_malformed_id_is_the_id_of_nothing(both: BothWays, id: str) -> None:
    text = "query Q($id: ID!) { node(id: $id) { id } account(id: $id) { id } }"

    answer = both.same(ACME, Document(text=text, variables={"id": id}))

    assert answer.payload["data"] == {"node": None, "account": None}


def test_one_document_finds_things_of_any_type(both: BothWays) -> None:
    text = "query Q($id: ID!) { node(id: $id) { __typename id ... on Account { name } } }"
    wanted = {"Account": "account", "Transaction": "transaction", "Connection": "connection"}

    for type_name, table in wanted.items():
        document = Document(text=text, variables={"id": _id(type_name, table)})
        answer = both.same(ACME, document)
        assert answer.data["node"]["__typename"] == type_name
        assert ("name" in answer.data["node"]) == (type_name == "Account")


@pytest.mark.parametrize(
    ("number", "progress"), [(0, None), (1, 1), (5, None)], ids=["unscanned", "empty", "again"]
)
def test_progress_is_null_until_the_document_is_scanned(
    both: BothWays, number: int, progress: float | None
) -> None:
    job = _id("IngestionJob", "job", number)

    answer = both.same(ACME, Document(text=f'{{ ingestionJob(id: "{job}") {{ progress }} }}'))

    assert answer.data == {"ingestionJob": {"progress": progress}}


def test_an_error_beside_a_compiled_field_leaves_it_as_it_is(both: BothWays) -> None:
    text = (
        '{ accounts(first: 1) { edges { cursor } } auditLog(after: "forged") { edges { cursor } } }'
    )

    answer = both.same(ACME, Document(text=text))

    assert [error["path"] for error in answer.errors] == [["auditLog"]]


def test_a_mixed_operation_keeps_the_order_of_its_fields(both: BothWays) -> None:
    text = "{ viewer { role } b: accounts { edges { cursor } } __typename a: transactionCount }"

    answer = both.same(ACME, Document(text=text))

    assert list(answer.data) == ["viewer", "b", "__typename", "a"]
    assert both.prepared(Document(text=text)).plan is not None


def test_each_operation_of_a_document_has_its_own_plan(both: BothWays) -> None:
    text = "query A { accounts { edges { cursor } } } query B { transactionCount }"

    data = [both.same(ACME, Document(text=text, operation_name=name)).data for name in "ABA"]

    assert [list(one) for one in data] == [["accounts"], ["transactionCount"], ["accounts"]]


@pytest.mark.parametrize("filter", [None, {}, {"accountIds": []}, {"accountIds": None}])
def test_null_and_empty_filters_are_told_apart(
    both: BothWays, filter: dict[str, Any] | None
) -> None:
    text = "query Q($filter: TransactionFilter) { transactionCount(filter: $filter) }"

    answer = both.same(ACME, Document(text=text, variables={"filter": filter}))

    assert (answer.data["transactionCount"] == 0) == (filter == {"accountIds": []})


def test_a_filter_that_is_out_of_bounds_fails_where_it_is(both: BothWays) -> None:
    text = '{ n: transactionCount(filter: {text: "x"}) accounts { edges { cursor } } }'

    answer = both.same(ACME, Document(text=text))

    assert answer.data is None
    assert answer.errors[0]["path"] == ["n"]


def test_a_page_that_is_too_large_is_rejected_before_either_way(both: BothWays) -> None:
    with pytest.raises(Rejected):
        both.same(ACME, Document(text="{ accounts(first: 101) { edges { cursor } } }"))


@pytest.mark.parametrize(
    ("text", "root", "hanging"),
    [
        (
            "{ transactions(first: 50) { edges { node { id parts { position category note current"
            " amount { amount currency } } } } } }",
            "transactions",
            "parts",
        ),
        (
            "{ categoryRules { edges { node { version versions { version name enabled conditions"
            " category deleted changedAt } } } } }",
            "categoryRules",
            "versions",
        ),
        (
            "{ accountMappings { edges { node { id refusals { refusedAt account { name } } } } } }",
            "accountMappings",
            "refusals",
        ),
    ],
)
def test_rows_that_hang_on_a_row_are_read_with_it(
    both: BothWays, text: str, root: str, hanging: str
) -> None:
    answer = both.same(ACME, Document(text=text))

    numbers = {len(edge["node"][hanging]) for edge in answer.data[root]["edges"]}
    assert max(numbers) > 1
    assert len(answer.statements) == 1
