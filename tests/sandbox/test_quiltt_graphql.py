"""GraphQL of the simulated Quiltt: who may ask, pages, filters, numbers, errors, mutations."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.fixtures.quiltt_reading import connection, transactions
from tests.fixtures.quiltt_service import API_KEY, Service, basic


def account_ids(quiltt: Service, connection_id: str) -> list[str]:
    return [account["id"] for account in quiltt.control.truth(connection_id)["accounts"]]


def test_profile_is_asked_for_with_the_key_or_a_session(quiltt: Service) -> None:
    profile_id = quiltt.profile(uuid="52909e05-e1cb-4e45-b273-2b7b5d1f9bff")
    ways = [
        basic(profile_id),
        basic("52909e05-e1cb-4e45-b273-2b7b5d1f9bff"),
        f"Bearer {quiltt.session(profile_id)}",
    ]

    for authorization in ways:
        reply = quiltt.http.post(
            "/v1/graphql",
            json={"query": "{ profile { id } }"},
            headers={"authorization": authorization},
        )
        assert reply.json() == {"data": {"profile": {"id": profile_id}}}


def test_other_credentials_are_refused(quiltt: Service) -> None:
    profile_id = quiltt.profile()

    for authorization in (
        "",
        "Bearer a.b.c",
        f"Bearer {API_KEY}",
        "Basic !",
        basic(profile_id, "wrong"),
        basic("p_nobody"),
    ):
        reply = quiltt.http.post(
            "/v1/graphql",
            json={"query": "{ profile { id } }"},
            headers={"authorization": authorization},
        )
        assert reply.status_code == 401, authorization
        assert reply.json()["message"] == "Not Authenticated"


def test_what_is_of_another_profile_is_not_there(quiltt: Service) -> None:
    _, connection_id = quiltt.linked()
    [account_id, *_] = account_ids(quiltt, connection_id)
    other = quiltt.profile()

    for query in (
        f'{{ connection(id: "{connection_id}") {{ id }} }}',
        f'{{ account(id: "{account_id}") {{ id }} }}',
        '{ transaction(id: "txn_x") { id } }',
        '{ holding(id: "hld_x") { id } }',
    ):
        answer = quiltt.graphql(other, query)
        assert answer["data"] is None
        assert answer["errors"][0]["message"] == "Not Found"
        assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"
    assert quiltt.data(other, "{ transactions { count } accounts { id } }") == {
        "transactions": {"count": 0},
        "accounts": [],
    }


def test_amounts_keep_their_digits(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked(institution="Sandbox World Bank")

    raw = quiltt.http.post(
        "/v1/graphql",
        json={"query": "{ transactions { nodes { amount currencyCode } } }"},
        headers={"authorization": basic(profile_id)},
    ).text
    nodes = json.loads(raw, parse_float=str, parse_int=str)["data"]["transactions"]["nodes"]

    digits = {node["currencyCode"]: node["amount"].partition(".")[2] for node in nodes}
    assert (len(digits["JPY"]), len(digits["KWD"])) == (0, 3)
    accounts = connection(quiltt, profile_id, connection_id)["accounts"]
    assert {account["balance"]["current"] for account in accounts} == {
        Decimal(512_000),
        Decimal("905.125"),
    }
    assert (
        '"current":905.125' in quiltt.http.get(f"/_sandbox/connections/{connection_id}/truth").text
    )


def test_assets_are_positive_and_liabilities_negative(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked(institution="Sandbox Credit Union")

    checking, loan = connection(quiltt, profile_id, connection_id)["accounts"]

    assert checking["balance"]["current"] == Decimal("880.10")
    assert "ASSET" in checking["taxonomy"]
    assert loan["balance"]["current"] == Decimal("-18250.00")
    assert "LIABILITY" in loan["taxonomy"]


def test_money_out_is_negative_unless_amounts_are_absolute(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked()
    ids = account_ids(quiltt, connection_id)

    signed = transactions(quiltt, profile_id, ids)
    quiltt.control.set(amounts="absolute")
    absolute = transactions(quiltt, profile_id, ids)

    assert {(node["amount"] < 0, node["entryType"]) for node in signed} == {
        (True, "DEBIT"),
        (False, "CREDIT"),
    }
    assert [abs(node["amount"]) for node in signed] == [node["amount"] for node in absolute]
    assert [node["entryType"] for node in signed] == [node["entryType"] for node in absolute]


def test_pages_hold_a_hundred_at_most(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked()
    quiltt.control.change(connection_id, posted=130)
    ids = account_ids(quiltt, connection_id)

    whole = transactions(quiltt, profile_id, ids)
    small = transactions(quiltt, profile_id, ids, first=7)
    page = quiltt.data(
        profile_id,
        "{ transactions(first: 500) { nodes { id } pageInfo { hasNextPage hasPreviousPage } } }",
    )["transactions"]

    assert len(whole) > 180
    assert [node["id"] for node in whole] == [node["id"] for node in small]
    assert [node["date"] for node in whole] == sorted(
        (node["date"] for node in whole), reverse=True
    )
    assert len(page["nodes"]) == 100
    assert page["pageInfo"] == {"hasNextPage": True, "hasPreviousPage": False}


def test_pages_can_be_read_backwards(quiltt: Service) -> None:
    profile_id, _ = quiltt.linked()
    query = """query ($last: Int, $before: String) {
      transactions(last: $last, before: $before, sort: DATE_ASC) {
        edges { cursor node { id } } pageInfo { startCursor hasPreviousPage hasNextPage }
      }
    }"""

    last = quiltt.data(profile_id, query, {"last": 2})["transactions"]
    cursor = last["pageInfo"]["startCursor"]
    earlier = quiltt.data(profile_id, query, {"last": 3, "before": cursor})["transactions"]

    every = [edge["node"]["id"] for edge in quiltt.data(profile_id, query)["transactions"]["edges"]]
    read = [edge["node"]["id"] for edge in earlier["edges"] + last["edges"]]
    assert read == every[-5:]
    assert earlier["pageInfo"]["hasPreviousPage"]
    assert not last["pageInfo"]["hasNextPage"]


def test_pages_shift_when_something_comes_between(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked(accounts=["Everyday Checking"])
    query = """query ($after: String) {
      transactions(first: 5, after: $after) { nodes { id } pageInfo { endCursor } }
    }"""
    first = quiltt.data(profile_id, query)["transactions"]

    quiltt.control.change(connection_id, posted=1)
    second = quiltt.data(profile_id, query, {"after": first["pageInfo"]["endCursor"]})

    assert second["transactions"]["nodes"][0] == first["nodes"][-1], "read twice"


@pytest.mark.parametrize(
    ("condition", "passes"),
    [
        ("status: [PENDING]", lambda node: node["status"] == "PENDING"),
        ("status: [POSTED, PROJECTED]", lambda node: node["status"] != "PENDING"),
        ("entryType: CREDIT", lambda node: node["amount"] > 0),
        ("kind: [CREDIT]", lambda node: node["kind"] == "CREDIT"),
        ("kind_not: [CREDIT]", lambda node: node["kind"] != "CREDIT"),
        ('date_gte: "2026-11-20"', lambda node: node["date"] >= "2026-11-20"),
        ('date_lt: "2026-11-20"', lambda node: node["date"] < "2026-11-20"),
        ('date: "2026-11-30"', lambda node: node["date"] == "2026-11-30"),
        ("amount_lte: -20.5", lambda node: node["amount"] <= Decimal("-20.5")),
        ("amount_abs_gt: 100", lambda node: abs(node["amount"]) > 100),
    ],
)
def test_filters_let_pass_what_they_say(quiltt: Service, condition: str, passes: Any) -> None:
    profile_id, connection_id = quiltt.linked()
    quiltt.control.change(connection_id, posted=2, pending=2, projected=1)
    query = "{ transactions%s { nodes { id date amount status kind } } }"

    every = quiltt.data(profile_id, query % "")["transactions"]["nodes"]
    found = quiltt.data(profile_id, query % f"(filter: {{{condition}}})")["transactions"]["nodes"]

    assert found == [node for node in every if passes(node)]
    assert 0 < len(found) < len(every)


def test_connections_and_accounts_are_filtered(quiltt: Service) -> None:
    profile_id, broken = quiltt.linked()
    whole = quiltt.control.link(profile_id=profile_id, institution="Sandbox Credit Union")
    quiltt.control.error(broken)

    data = quiltt.data(
        profile_id,
        """{
          connections(filter: {status_not: [ERROR_REPAIRABLE]}) { id }
          accounts(
            filter: {connection_status: [SYNCED], kind: [LOAN]}, sort: LAST_TRANSACTED_ON_ASC
          ) {
            name connection { id } transactions(first: 1) { count }
          }
        }""",
    )

    assert data["connections"] == [{"id": whole}]
    [loan] = data["accounts"]
    assert (loan["name"], loan["connection"]["id"]) == ("Auto Loan", whole)
    assert loan["transactions"]["count"] > 0


def test_investments_have_holdings_and_securities(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked(institution="Sandbox Brokerage")
    quiltt.control.change(connection_id, posted=8)

    data = quiltt.data(
        profile_id,
        """{
          holdings(first: 1) { count nodes { id quantity price value security { isin } } }
          accounts { holdings { count } }
          transactions(filter: {kind: [INVESTMENT]}) {
            nodes { amount quantity price fees security { tickerSymbol } }
          }
        }""",
    )

    [holding] = data["holdings"]["nodes"]
    assert data["accounts"][0]["holdings"]["count"] == data["holdings"]["count"] == 2
    assert holding["value"] == holding["quantity"] * holding["price"]
    bought = [node for node in data["transactions"]["nodes"] if node["security"]]
    assert bought
    for node in bought:
        assert node["amount"] == -(node["quantity"] * node["price"] + node["fees"])
    by_id = quiltt.data(profile_id, f'{{ holding(id: "{holding["id"]}") {{ price }} }}')
    assert by_id["holding"]["price"] == holding["price"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_VALIDATION_FAILED"),
        ('{ transactions(after: "?") { count } }', "BAD_USER_INPUT"),
        ("{ transactions(first: -1) { count } }", "BAD_USER_INPUT"),
        ('{ transactions(filter: {date: "soon"}) { count } }', "GRAPHQL_VALIDATION_FAILED"),
        ("{ profile { remoteData { plaid { id } } } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_errors_come_under_200(quiltt: Service, query: str, code: str) -> None:
    answer = quiltt.graphql(quiltt.profile(), query)

    assert answer["data"] is None
    extensions = answer["errors"][0]["extensions"]
    assert extensions["code"] == code
    assert extensions.keys() == {"code", "instruction", "documentationUrl"}


def test_errors_can_be_asked_for(quiltt: Service) -> None:
    profile_id, _ = quiltt.linked()
    query = "{ transactions { count } }"

    quiltt.control.fail_graphql(after=1, times=1)
    whole, failed, again = (quiltt.graphql(profile_id, query) for _ in range(3))
    quiltt.control.fail_graphql(code="TIMEOUT", is_partial=True)
    partial = quiltt.graphql(profile_id, query)

    assert whole == again == {"data": partial["data"]}
    assert failed["data"] is None
    assert failed["errors"][0]["message"] == "Internal error"
    assert partial["errors"][0]["extensions"]["code"] == "TIMEOUT"


def test_remote_data_is_that_of_the_environments_provider(quiltt: Service) -> None:
    query = """{ transactions(filter: {status: [POSTED]}) { nodes {
      id amount remoteData { plaid { transaction {
        response { transactionId pendingTransactionId amount pending }
      } } }
    } } }"""
    profile_id, connection_id = quiltt.linked(accounts=["Everyday Checking"])
    assert "plaid" in quiltt.graphql(profile_id, query)["errors"][0]["message"]

    quiltt.control.set(provider="PLAID")
    [pending_id] = quiltt.control.change(connection_id, pending=1)["added"]
    [posted_id] = quiltt.control.change(connection_id, settled=1)["added"]

    nodes = quiltt.data(profile_id, query)["transactions"]["nodes"]
    said = {node["id"]: node["remoteData"]["plaid"]["transaction"]["response"] for node in nodes}
    assert said[posted_id]["pendingTransactionId"] == f"remote-{pending_id}"
    assert all(said[node["id"]]["amount"] == -node["amount"] for node in nodes)


def test_several_operations_in_one_request(quiltt: Service) -> None:
    profile_id = quiltt.profile()

    reply = quiltt.http.post(
        "/v1/graphql",
        json=[{"query": "{ profile { id } }"}, {"query": "{ x }"}, {"variables": {}}],
        headers={"authorization": basic(profile_id)},
    )

    first, second, third = reply.json()
    assert first == {"data": {"profile": {"id": profile_id}}}
    assert second["errors"]
    assert third["errors"][0]["message"] == "No query string was present"
