"""The simulated Quiltt against Quiltt's own specifications, where they are beside the repository.

Its GraphQL types are known for an environment of Finicity and mock data, its REST API wholly.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from typing import Any, Final

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_introspection_query,
    graphql_sync,
    parse,
    validate,
)
from openapi_schema_validator import OAS30ReadValidator

from sandbox.quiltt_schema import schema_of
from tests.fixtures.quiltt_reading import CONNECTION, TRANSACTIONS
from tests.fixtures.quiltt_service import SPECS, Service, basic

SHEET: Final = SPECS.parent / "providers" / "quiltt.md"
QUERIES: Final = {
    "connection": CONNECTION,
    "transactions": TRANSACTIONS,
    "everything": """{
      profile { id uuid email phone name names { full first last } dateOfBirth metadata }
      connections(filter: {status_not: [DISCONNECTED]}) {
        id status provider features externallyManaged oauth metadata institution { id name }
      }
      accounts(filter: {kind_not: [LOAN]}, sort: LAST_TRANSACTED_ON_DESC) {
        id name kind mask taxonomy state currencyCode verified metadata provider
        balance { id at source available current limit }
        transactedFirstOn transactedLastOn holdings(first: 5) { count nodes { id value } }
      }
      transactions(last: 3, sort: DATE_ASC, filter: {amount_abs_gt: 1, status: [POSTED]}) {
        count pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        edges {
          cursor
          node {
            id metadata fees price quantity security { name tickerSymbol isin cusip }
            remoteData { mock { transaction {
              id timestamp response { id accountId amount date description status category }
            } } }
          }
        }
      }
    }""",
    "disconnect": """mutation ($id: ID!) {
      connectionDisconnect(input: {id: $id}) { success errors { message path } record { status } }
    }""",
    "simulate": """mutation ($id: ID!) {
      connectionSimulateError(input: {id: $id}) { success record { id status } }
    }""",
    "mark": """mutation ($id: ID!) {
      connectionUpdate(input: {id: $id, metadata: {a: 1}}) { success record { metadata } }
      profileUpdate(input: {email: "ada@example.com", names: {first: "Ada", last: "King"}}) {
        success clientMutationId record { email names { full } }
      }
    }""",
}

pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="the specifications ../shared/specs are not beside this repository"
)


@cache
def derived() -> GraphQLSchema:
    return build_schema((SPECS / "quiltt-derived-2025-04.graphql").read_text(encoding="utf-8"))


def of_sheet() -> list[str]:
    if not SHEET.is_file():
        return []
    return re.findall(r"```graphql\n(.*?)```", SHEET.read_text(encoding="utf-8"), re.S)


@cache
def openapi() -> dict[str, Any]:
    path = SPECS / "quiltt-rest-openapi.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def check(schema: dict[str, Any], value: Any) -> None:
    whole = {**schema, "components": openapi()["components"]}
    # The plain validator would let answers leave out whatever the document calls readOnly.
    validator = OAS30ReadValidator(whole, format_checker=OAS30ReadValidator.FORMAT_CHECKER)
    errors = [f"{list(error.path)}: {error.message}" for error in validator.iter_errors(value)]
    assert not errors, errors[:5]


def answered(quiltt: Service, method: str, path: str, known_as: str, **body: Any) -> Any:
    """Asks, and checks the answer by what the specification says of its path and status."""
    reply = quiltt.http.request(method, path, json=body.get("json"), headers=body.get("headers"))
    responses = openapi()["paths"][known_as][method.lower()]["responses"]
    assert str(reply.status_code) in responses, reply.text
    response = responses[str(reply.status_code)]
    for name, header in response.get("headers", {}).items():
        assert not header.get("required") or name in reply.headers
    if "content" in response:
        check(response["content"]["application/json"]["schema"], reply.json())
    else:
        assert reply.content == b""
    return reply.json() if reply.content else None


@pytest.mark.parametrize("query", [*QUERIES.values(), *of_sheet()])
def test_queries_are_valid_for_both_schemas(query: str) -> None:
    document = parse(query)

    assert validate(derived(), document) == []
    assert validate(schema_of(frozenset({"MOCK"})), document) == []


@pytest.mark.parametrize("name", QUERIES)
def test_answers_have_the_types_of_the_service(quiltt: Service, name: str) -> None:
    quiltt.control.set(provider="MOCK")
    profile_id, connection_id = quiltt.linked()
    quiltt.control.link(profile_id=profile_id, institution="Sandbox Brokerage")
    quiltt.control.change(connection_id, posted=1, pending=1)
    variables = {"id": connection_id} if "$id" in QUERIES[name] else {}
    reply = quiltt.http.post(
        "/v1/graphql",
        json={"query": QUERIES[name], "variables": variables},
        headers={"authorization": basic(profile_id)},
    ).json()

    # Resolved once more from the answer itself, every value goes through the real types.
    again = graphql_sync(
        derived(), QUERIES[name], root_value=reply["data"], variable_values=variables
    )

    assert again.errors is None
    assert again.data == reply["data"]


def test_schema_invents_nothing() -> None:
    real = derived()
    ours = schema_of(frozenset({"MOCK", "FINICITY"}))

    for name, known in ours.type_map.items():
        if name.startswith(("__", "RemoteDataPlaid")):
            continue
        theirs = real.type_map[name]
        match known:
            case GraphQLEnumType():
                assert isinstance(theirs, GraphQLEnumType)
                assert known.values.keys() <= theirs.values.keys()
            case GraphQLObjectType():
                assert isinstance(theirs, GraphQLObjectType)
                for field_name, field in known.fields.items():
                    their_field = theirs.fields[field_name]
                    assert str(field.type) == str(their_field.type), f"{name}.{field_name}"
                    assert {n: str(a.type) for n, a in field.args.items()}.items() <= {
                        n: str(a.type) for n, a in their_field.args.items()
                    }.items(), f"{name}.{field_name}"
            case GraphQLInputObjectType():
                assert isinstance(theirs, GraphQLInputObjectType)
                assert {n: str(f.type) for n, f in known.fields.items()}.items() <= {
                    n: str(f.type) for n, f in theirs.fields.items()
                }.items(), name


def test_answers_are_really_checked() -> None:
    with pytest.raises(AssertionError, match="'token' is a required property"):
        check({"$ref": "#/components/schemas/UserSession"}, {"userId": "p_1"})
    types = {"type": "array", "items": {"type": "string", "enum": ["connection.created"]}}
    with pytest.raises(AssertionError, match="is not one of"):
        check(types, ["transaction.created"])


def test_schema_can_be_asked_for(quiltt: Service) -> None:
    told = quiltt.data(quiltt.profile(), get_introspection_query())

    names = {each["name"] for each in told["__schema"]["types"]}
    assert "Float" in names
    assert "Exact" not in names


def test_sessions_are_as_specified(quiltt: Service) -> None:
    path = "/v1/users/sessions"
    profile = quiltt.http.post("/v1/profiles", json={"email": "ada@example.com"}).json()

    session = answered(quiltt, "POST", path, path, json={"userId": profile["id"]})
    answered(quiltt, "POST", path, path, json={"email": "new@example.com"})
    answered(quiltt, "POST", path, path, json={"email": "nobody"})
    answered(quiltt, "POST", path, path, headers={"authorization": "Bearer x"})
    headers = {"authorization": f"Bearer {session['token']}"}
    answered(
        quiltt,
        "POST",
        "/v1/introspect/session_token",
        "/v1/introspect/session_token",
        headers=headers,
    )
    answered(quiltt, "POST", "/v1/introspect/api_key", "/v1/introspect/api_key")
    for _ in range(2):
        answered(quiltt, "DELETE", "/v1/users/session", "/v1/users/session", headers=headers)
    quiltt.control.set(profiles_max=1, deletion_after_s=60)
    answered(quiltt, "POST", path, path)
    quiltt.http.delete(f"/v1/profiles/{profile['id']}")
    answered(quiltt, "POST", path, path, json={"userId": profile["id"]})


def test_profiles_are_as_specified(quiltt: Service) -> None:
    body = {
        "email": "ada@example.com",
        "phone": "+12125550180",
        "names": {"first": "Ada", "last": "King"},
        "dateOfBirth": "1815-12-10",
        "metadata": {"tenant": "a"},
    }
    made = answered(quiltt, "POST", "/v1/profiles", "/v1/profiles", json=body)
    answered(quiltt, "POST", "/v1/profiles", "/v1/profiles", json={"uuid": made["uuid"]})
    answered(quiltt, "POST", "/v1/profiles", "/v1/profiles", json={"phone": "1"})
    answered(quiltt, "GET", "/v1/profiles", "/v1/profiles")
    one, known_as = f"/v1/profiles/{made['id']}", "/v1/profiles/{id}"
    answered(quiltt, "GET", one, known_as)
    answered(quiltt, "PATCH", one, known_as, json={"metadata": {}})
    answered(quiltt, "PATCH", one, known_as, json={"email": "nobody"})
    answered(quiltt, "DELETE", one, known_as)
    answered(quiltt, "GET", one, known_as)


def test_refreshes_and_remote_data_are_as_specified(quiltt: Service) -> None:
    quiltt.control.set(provider="PLAID", refresh_after_s=5)
    _, connection_id = quiltt.linked(institution="Sandbox Credit Union")
    accounts = quiltt.control.truth(connection_id)["accounts"]
    balances = "/v1/accounts/{accountId}/balances/refresh"
    for account_id in (accounts[0]["id"], accounts[1]["id"], "acct_x"):
        answered(quiltt, "POST", f"/v1/accounts/{account_id}/balances/refresh", balances)
    refresh = "/v1/connections/{connectionId}/transactions/refresh"
    for _ in range(2):
        answered(quiltt, "POST", refresh.format(connectionId=connection_id), refresh)
    quiltt.control.advance(seconds=5)
    answered(quiltt, "POST", refresh.format(connectionId=connection_id), refresh)
    listed = "/v1/remote/plaid/transactions"
    [first, *_] = answered(quiltt, "GET", listed, listed)
    one = "/v1/remote/plaid/transactions/{transactionId}"
    answered(quiltt, "GET", one.format(transactionId=first["transactionId"]), one)
    answered(quiltt, "GET", one.format(transactionId="txn_x"), one)


def test_subscriptions_are_as_specified(quiltt: Service) -> None:
    path = "/v1/webhooks/subscriptions"
    body = {"name": "ours", "targetUrl": quiltt.subscriber_url, "eventTypes": ["connection"]}
    made = answered(quiltt, "POST", path, path, json=body)
    answered(quiltt, "POST", path, path, json={"name": "ours"})
    answered(quiltt, "GET", path, path)
    one, known_as = f"{path}/{made['id']}", f"{path}/{{id}}"
    answered(quiltt, "GET", one, known_as)
    answered(quiltt, "PATCH", one, known_as, json={"disabled": True})
    answered(quiltt, "PATCH", one, known_as, json={"eventTypes": ["nothing"]})
    answered(quiltt, "DELETE", one, known_as)


def test_webhooks_are_as_specified(quiltt: Service) -> None:
    quiltt.subscribe()
    profile_id, connection_id = quiltt.linked()
    happens: list[Callable[[], Any]] = [
        lambda: quiltt.control.change(connection_id, posted=1),
        lambda: quiltt.control.error(connection_id),
        lambda: quiltt.control.link(profile_id=profile_id),
        lambda: quiltt.http.delete(f"/v1/profiles/{profile_id}"),
    ]
    for happen in happens:
        happen()

    schemas = {"connection": "ConnectionEvent", "account": "AccountEvent"}
    schemas |= {"balance": "BalanceEvent", "profile": "ProfileEvent"}
    seen = set()
    for taken in quiltt.taken():
        payload = json.loads(taken.body)
        check({"$ref": "#/components/schemas/WebhookPayload"}, payload)
        for event in payload["events"]:
            kind = event["type"].partition(".")[0]
            check({"$ref": f"#/components/schemas/{schemas[kind]}"}, event)
            seen.add(event["type"])
    assert len(seen) >= 11
