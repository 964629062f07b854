"""Pages in compiled queries: their ends, their cursors, and what there is where nothing is."""

from __future__ import annotations

import pytest

from core.page import FIRST_MAX, encode_cursor
from tests.compiler.both_ways import ACME, GLOBEX, Answer, BothWays, Document
from tests.compiler.rows import FULL_ACCOUNT_ROWS, Tenant

_FULL, _NOTHING, _INFINITE = 0, 1, 2  # numbers of accounts
_PAGE_INFO = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"


def _account(tenant: Tenant, number: int, selection: str) -> str:
    return f'{{ account(id: "{tenant.id_of("Account", "account", number)}") {{ {selection} }} }}'


def _transactions(answer: Answer) -> list[str]:
    return [edge["node"]["id"] for edge in answer.data["account"]["transactions"]["edges"]]


def test_a_page_that_holds_all_rows_has_no_next_page(both: BothWays) -> None:
    whole = "statementProfiles(first: 3) { edges { node { id } } pageInfo { hasNextPage } }"

    page = both.same(ACME, Document(text=f"{{ {whole} }}")).data["statementProfiles"]

    assert len(page["edges"]) == 3
    assert page["pageInfo"] == {"hasNextPage": False}


def test_a_page_with_one_row_less_has_a_next_page(both: BothWays) -> None:
    most = "statementProfiles(first: 2) { edges { node { id } } pageInfo { hasNextPage } }"

    page = both.same(ACME, Document(text=f"{{ {most} }}")).data["statementProfiles"]

    assert len(page["edges"]) == 2
    assert page["pageInfo"] == {"hasNextPage": True}


@pytest.mark.parametrize("ends", ["pageInfo { hasNextPage endCursor }", "pageInfo { endCursor }"])
def test_the_end_cursor_is_that_of_the_last_row_shown(both: BothWays, ends: str) -> None:
    text = f"{{ ingestionJobs(first: 4) {{ {ends} edges {{ cursor }} }} }}"

    page = both.same(ACME, Document(text=text)).data["ingestionJobs"]

    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]


def test_an_empty_page_has_no_cursors(both: BothWays) -> None:
    text = _account(ACME, _NOTHING, f"transactions {{ edges {{ cursor }} {_PAGE_INFO} }}")

    answer = both.same(ACME, Document(text=text))

    assert answer.data["account"]["transactions"] == {
        "edges": [],
        "pageInfo": {
            "hasNextPage": False,
            "hasPreviousPage": False,
            "startCursor": None,
            "endCursor": None,
        },
    }


def test_a_page_after_a_cursor_has_a_previous_page(both: BothWays) -> None:
    first = both.same(ACME, Document(text="{ accounts(first: 1) { edges { cursor } } }"))
    cursor = first.data["accounts"]["edges"][0]["cursor"]

    second = both.same(
        ACME,
        Document(
            text=f'{{ accounts(first: 1, after: "{cursor}") {{ pageInfo {{ hasPreviousPage }} }} }}'
        ),
    )

    assert second.data["accounts"]["pageInfo"] == {"hasPreviousPage": True}


@pytest.mark.parametrize(
    "selection",
    ["__typename", "pageInfo { __typename }", "pageInfo { hasPreviousPage }"],
)
@pytest.mark.parametrize("account", [_FULL, _NOTHING])
def test_a_page_of_which_no_row_is_asked_is_one_object(
    both: BothWays, account: int, selection: str
) -> None:
    text = _account(ACME, account, f"transactions(first: 5) {{ {selection} }}")

    answer = both.same(ACME, Document(text=text))

    assert not answer.errors
    assert isinstance(answer.data["account"]["transactions"], dict)


@pytest.mark.parametrize(
    "order", ["POSTED_DATE_DESC", "POSTED_DATE_ASC", "AMOUNT_DESC", "AMOUNT_ASC"]
)
def test_a_cursor_of_either_way_continues_in_the_other(both: BothWays, order: str) -> None:
    text = _account(
        ACME,
        _FULL,
        f"transactions(first: 17, after: $after, orderBy: {order}, filter: {{status: "
        "[PENDING, POSTED, REMOVED], duplicates: INCLUDE}) { edges { node { id } } "
        "pageInfo { hasNextPage endCursor } }",
    )
    ways = (both.compiled, both.resolved)
    after, found = None, []

    for number in range(FULL_ACCOUNT_ROWS):
        document = Document(text=f"query Q($after: String) {text}", variables={"after": after})
        answer = ways[number % 2](ACME, document)
        found += _transactions(answer)
        info = answer.data["account"]["transactions"]["pageInfo"]
        after = info["endCursor"]
        if not info["hasNextPage"]:
            break

    assert len(found) == len(set(found)) == FULL_ACCOUNT_ROWS


def test_pages_go_on_past_the_last_day_of_the_calendar(both: BothWays) -> None:
    text = _account(
        ACME, _INFINITE, "transactions(first: 1, after: $after) { edges { node { id postedDate }"
        " cursor } }",
    )  # fmt: skip
    days, after = [], None

    for _ in range(8):
        document = Document(text=f"query Q($after: String) {text}", variables={"after": after})
        edge = both.same(ACME, document).data["account"]["transactions"]["edges"][0]
        days.append(edge["node"]["postedDate"])
        after = edge["cursor"]

    assert days[0] == "9999-12-31"
    assert days[-1] != "9999-12-31"


def test_the_largest_page_is_whole_both_ways(both: BothWays) -> None:
    text = _account(
        ACME, _FULL, f"transactions(first: {FIRST_MAX}) {{ edges {{ node {{ id }} }} }}"
    )

    assert len(_transactions(both.same(ACME, Document(text=text)))) <= FIRST_MAX


def test_a_forged_cursor_deep_in_a_document_fails_where_it_is(both: BothWays) -> None:
    forged = encode_cursor("date.desc", ["2026-02-31", "nothing"])
    text = (
        "{ accounts(first: 2) { edges { node { name"
        f' transactions(first: 1, after: "{forged}") {{ edges {{ cursor }} }} }} }} }} }}'
    )

    answer = both.same(ACME, Document(text=text))

    assert answer.data is None
    assert answer.errors[0]["path"] == ["accounts", "edges", 0, "node", "transactions"]
    assert answer.errors[0]["extensions"]["code"] == "BAD_INPUT"


def test_a_bad_cursor_of_a_page_that_nothing_leads_to_is_not_read(both: BothWays) -> None:
    text = _account(ACME, 10_000, 'transactions(after: "forged") { edges { cursor } }')

    answer = both.same(ACME, Document(text=text))

    assert answer.payload["data"] == {"account": None}
    assert not answer.errors


def test_a_cursor_of_another_list_is_refused(both: BothWays) -> None:
    jobs = both.same(ACME, Document(text="{ ingestionJobs(first: 1) { edges { cursor } } }"))
    cursor = jobs.data["ingestionJobs"]["edges"][0]["cursor"]

    answer = both.same(
        ACME, Document(text=f'{{ accounts(after: "{cursor}") {{ edges {{ cursor }} }} }}')
    )

    assert answer.errors[0]["extensions"]["code"] == "BAD_INPUT"


def test_a_cursor_of_another_tenant_tells_nothing_of_its_rows(both: BothWays) -> None:
    theirs = both.same(
        GLOBEX, Document(text="{ transactions(first: 1) { edges { cursor node { id } } } }")
    ).data["transactions"]["edges"][0]

    answer = both.same(
        ACME,
        Document(
            text=f'{{ transactions(first: 100, after: "{theirs["cursor"]}")'
            " { edges { node { id description } } } }"
        ),
    )

    found = [edge["node"] for edge in answer.data["transactions"]["edges"]]
    assert theirs["node"]["id"] not in {node["id"] for node in found}
    assert not any("globex" in node["description"] for node in found)


def test_no_first_and_a_null_first_are_the_default(both: BothWays) -> None:
    pages = "absent: transactions { edges { cursor } } null: transactions(first: null)"

    data = both.same(ACME, Document(text=f"{{ {pages} {{ edges {{ cursor }} }} }}")).data

    assert data["absent"] == data["null"]
    assert len(data["absent"]["edges"]) == 50


@pytest.mark.parametrize("variables", [{}, {"first": None}, {"first": 2}])
def test_a_first_in_a_variable_may_be_missing_null_or_there(
    both: BothWays, variables: dict[str, int | None]
) -> None:
    text = "query Q($first: Int) { accounts(first: $first) { edges { cursor } } }"

    answer = both.same(ACME, Document(text=text, variables=variables))

    assert len(answer.data["accounts"]["edges"]) == (variables.get("first") or 8)


def test_edges_of_which_only_the_type_is_asked_are_cut_at_the_page(both: BothWays) -> None:
    text = _account(
        ACME, _FULL, "transactions(first: 3) { edges { __typename } pageInfo { hasNextPage } }"
    )

    page = both.same(ACME, Document(text=text)).data["account"]["transactions"]

    assert page["edges"] == [{"__typename": "TransactionEdge"}] * 3
    assert page["pageInfo"] == {"hasNextPage": True}
