"""The REST API of the simulated Quiltt: profiles, refreshes, remote data, subscriptions."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import FaultRule
from tests.fixtures.quiltt_service import API_KEY, Service

EVERYDAY = ["Everyday Checking"]


def account_id_of(quiltt: Service, connection_id: str, number: int = 0) -> str:
    account_id: str = quiltt.control.truth(connection_id)["accounts"][number]["id"]
    return account_id


def types(quiltt: Service) -> list[str]:
    return [event["type"] for event in quiltt.control.events()]


def test_profile_is_made_changed_and_deleted(quiltt: Service) -> None:
    made = quiltt.http.post("/v1/profiles", json={"email": "ada@example.com"})
    profile_id = made.json()["id"]
    path = f"/v1/profiles/{profile_id}"

    changed = quiltt.http.patch(path, json={"names": {"first": "Ada", "last": "King"}})

    assert made.status_code == 201
    assert changed.json()["names"]["full"] == "Ada King"
    assert changed.json()["email"] == "ada@example.com"
    assert quiltt.http.get(f"/v1/profiles/{made.json()['uuid']}").json() == changed.json()
    assert quiltt.http.delete(path).status_code == 204
    assert quiltt.http.get(path).status_code == 404
    assert types(quiltt) == ["profile.created", "profile.deleted"]


def test_uuid_is_given_once(quiltt: Service) -> None:
    body = {"uuid": "52909e05-e1cb-4e45-b273-2b7b5d1f9bff"}
    assert quiltt.http.post("/v1/profiles", json=body).json()["uuid"] == body["uuid"]

    refusal = quiltt.http.post("/v1/profiles", json=body)

    assert refusal.status_code == 409
    assert refusal.json() == {"message": "Conflict", "instruction": "UUID is not available"}


def test_lists_come_in_pages(quiltt: Service) -> None:
    ids = [quiltt.profile() for _ in range(27)]

    first, second = (quiltt.http.get("/v1/profiles", params={"page": page}) for page in (1, 2))
    third = quiltt.http.get("/v1/profiles", params={"page": 3, "limit": 10})

    assert [profile["id"] for profile in first.json() + second.json()] == ids[::-1]
    assert {name: first.headers[name] for name in ("current-page", "page-items")} == {
        "current-page": "1",
        "page-items": "25",
    }
    assert (second.headers["total-count"], second.headers["total-pages"]) == ("27", "2")
    assert (len(third.json()), third.headers["total-pages"]) == (7, "3")


def test_data_of_a_deleted_profile_is_gone(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked()
    quiltt.http.delete(f"/v1/profiles/{profile_id}")

    assert quiltt.http.get(f"/_sandbox/connections/{connection_id}/truth").status_code == 404


def test_balance_refresh_comes_as_an_event(quiltt: Service) -> None:
    quiltt.control.set(refresh_after_s=5)
    _, connection_id = quiltt.linked(accounts=EVERYDAY)
    account_id = account_id_of(quiltt, connection_id)

    accepted = quiltt.http.post(f"/v1/accounts/{account_id}/balances/refresh")

    assert (accepted.status_code, accepted.content) == (202, b"")
    assert types(quiltt)[-1] != "balance.created"
    quiltt.control.advance(seconds=5)
    event = quiltt.control.events()[-1]
    assert event["type"] == "balance.created"
    assert (event["record"]["accountId"], event["record"]["source"]) == (account_id, "REFRESH")


@pytest.mark.parametrize(
    ("provider", "institution", "number", "status"),
    [
        ("PLAID", "Sandbox Credit Union", 0, 202),
        ("PLAID", "Sandbox Credit Union", 1, 400),
        ("FINICITY", "Sandbox Credit Union", 0, 202),
        ("FINICITY", "Sandbox First Bank", 2, 400),
        ("MX", "Sandbox Credit Union", 1, 202),
    ],
)
def test_providers_refresh_some_kinds_of_account(
    quiltt: Service, provider: str, institution: str, number: int, status: int
) -> None:
    quiltt.control.set(provider=provider)
    _, connection_id = quiltt.linked(institution=institution)
    account_id = account_id_of(quiltt, connection_id, number)

    assert quiltt.http.post(f"/v1/accounts/{account_id}/balances/refresh").status_code == status


def test_nothing_is_refreshed_while_it_cannot_be(quiltt: Service) -> None:
    _, connection_id = quiltt.linked()
    paths = [
        f"/v1/accounts/{account_id_of(quiltt, connection_id)}/balances/refresh",
        f"/v1/connections/{connection_id}/transactions/refresh",
    ]

    quiltt.control.set(is_refresh_limited=True)
    assert [quiltt.http.post(path).status_code for path in paths] == [429, 429]
    quiltt.control.error(connection_id)
    assert [quiltt.http.post(path).status_code for path in paths] == [403, 403]
    wrong = ["/v1/accounts/acct_x/balances/refresh", "/v1/connections/conn_x/transactions/refresh"]
    assert [quiltt.http.post(path).status_code for path in wrong] == [404, 404]


def test_transactions_refresh_brings_what_waits_at_the_bank(quiltt: Service) -> None:
    quiltt.control.set(refresh_after_s=5)
    _, connection_id = quiltt.linked()
    quiltt.control.change(connection_id, posted=2, sync=False)
    path = f"/v1/connections/{connection_id}/transactions/refresh"

    statuses = [quiltt.http.post(path).status_code for _ in range(2)]
    quiltt.control.advance(seconds=5)
    statuses.append(quiltt.http.post(path).status_code)
    quiltt.control.advance(seconds=60)
    statuses.append(quiltt.http.post(path).status_code)

    assert statuses == [202, 409, 429, 202]
    event = quiltt.control.events()[-1]
    assert event["type"] == "connection.synced.successful"
    assert event["metadata"] == {"startDate": "2026-11-30", "endDate": "2026-11-30"}


def test_transactions_refresh_without_news_is_silent(quiltt: Service) -> None:
    _, connection_id = quiltt.linked()
    before = types(quiltt)

    assert (
        quiltt.http.post(f"/v1/connections/{connection_id}/transactions/refresh").status_code == 202
    )

    assert types(quiltt) == before


def test_plaid_tells_which_pending_one_was_replaced(quiltt: Service) -> None:
    quiltt.control.set(provider="PLAID")
    _, connection_id = quiltt.linked(accounts=EVERYDAY)
    [pending_id] = quiltt.control.change(connection_id, pending=1)["added"]
    [posted_id] = quiltt.control.change(connection_id, settled=1)["added"]

    remote = quiltt.http.get(f"/v1/remote/plaid/transactions/{posted_id}").json()
    listed = quiltt.http.get("/v1/remote/plaid/transactions", params={"limit": 100}).json()

    body = remote["documents"]["sandbox.plaid.com"]["/transactions/get"]["body"]
    assert body["pendingTransactionId"] == f"remote-{pending_id}"
    assert posted_id in {element["transactionId"] for element in listed}
    assert pending_id not in {element["transactionId"] for element in listed}


def test_other_providers_have_no_remote_data_of_plaid(quiltt: Service) -> None:
    _, connection_id = quiltt.linked(accounts=EVERYDAY)
    transaction = quiltt.control.truth(connection_id)["accounts"][0]["transactions"][0]
    path = f"/v1/remote/plaid/transactions/{transaction['id']}"

    assert quiltt.http.get("/v1/remote/plaid/transactions").json() == []
    assert quiltt.http.get(path).status_code == 404


def test_subscription_is_made_changed_and_deleted(quiltt: Service) -> None:
    path = f"/v1/webhooks/subscriptions/{quiltt.subscribe('connection.synced')}"

    changed = quiltt.http.patch(path, json={"disabled": True}).json()

    assert (changed["disabled"], changed["eventTypes"]) == (True, ["connection.synced"])
    assert quiltt.http.get(path).json() == changed
    assert quiltt.http.get("/v1/webhooks/subscriptions").json() == [changed]
    assert quiltt.http.delete(path).status_code == 204
    assert quiltt.http.get(path).status_code == 404


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"name", "targetUrl", "eventTypes"}),
        ({"eventTypes": ["transaction.created"]}, {"name", "targetUrl", "eventTypes"}),
        (
            {"name": "x", "targetUrl": "https://example.com", "eventTypes": ["connection"]},
            {"targetUrl"},
        ),
    ],
)
def test_wrong_subscription_is_refused(
    quiltt: Service, body: dict[str, Any], fields: set[str]
) -> None:
    reply = quiltt.http.post("/v1/webhooks/subscriptions", json=body)

    assert (reply.status_code, set(reply.json())) == (422, fields)


def test_credentials_are_checked(quiltt: Service) -> None:
    profile_id = quiltt.profile()
    token = quiltt.session(profile_id)

    def introspected(kind: str, credential: str) -> tuple[int, dict[str, Any]]:
        reply = quiltt.http.post(
            f"/v1/introspect/{kind}", headers={"authorization": f"Bearer {credential}"}
        )
        return reply.status_code, reply.json()

    assert introspected("api_key", API_KEY)[1]["environment"]["mode"] == "SANDBOX"
    assert introspected("session_token", token)[1]["userId"] == profile_id
    assert introspected("api_key", token)[0] == 401
    assert introspected("session_token", API_KEY)[0] == 401
    assert introspected("processor_token", API_KEY)[0] == 401


def test_refusals_have_one_shape(quiltt: Service) -> None:
    quiltt.app.faults.add(FaultRule(path="/v1/profiles", kind="status", status=503))

    unavailable = quiltt.http.get("/v1/profiles")
    unknown = quiltt.http.get("/v1/nothing")
    unreadable = quiltt.http.post("/v1/profiles", content=b"{")

    assert unavailable.status_code == 503
    assert unavailable.json().keys() == {"message", "instruction", "errorId"}
    assert (unknown.status_code, unknown.json()["message"]) == (404, "Not Found")
    assert (unreadable.status_code, unreadable.json()["message"]) == (400, "Bad Request")


def test_only_the_api_key_opens_the_rest(quiltt: Service) -> None:
    token = quiltt.session(quiltt.profile())

    for path in ("/v1/profiles", "/v1/webhooks/subscriptions", "/v1/remote/plaid/transactions"):
        reply = quiltt.http.get(path, headers={"authorization": f"Bearer {token}"})
        assert reply.status_code == 401
