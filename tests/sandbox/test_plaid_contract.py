"""What the simulated Plaid sends agrees with Plaid's own OpenAPI description.

The description is not part of this repository. It is read as it is: its schemas name null in
enumerations themselves, which this validator takes and which others trip over.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from openapi_schema_validator import OAS30Validator

from sandbox.plaid import ENDPOINTS
from sandbox.plaid_errors import problem
from tests.sandbox.plaid_served import NOW, PLATYPUS, Linked, Served
from tests.sandbox.webhook_receiver import receiving

SPECIFICATION = Path(__file__).resolve().parents[2] / "../shared/specs/plaid.json"

pytestmark = pytest.mark.skipif(
    not SPECIFICATION.is_file(), reason="Plaid's description is not beside the repository"
)

Calls = dict[str, list[dict[str, Any]]]


@cache
def described() -> dict[str, Any]:
    value: dict[str, Any] = json.loads(SPECIFICATION.read_text("utf-8"))
    return value


@cache
def validator(schema: str) -> Any:
    root = {"$ref": f"#/components/schemas/{schema}", "components": described()["components"]}
    return OAS30Validator(root)


def violations(schema: str, value: Any) -> list[str]:
    return [
        f"{error.json_path}: {error.message[:200]}"
        for error in validator(schema).iter_errors(value)
    ]


def schema_of(path: str, part: str) -> str:
    operation = described()["paths"][path]["post"]
    holder = operation["requestBody"] if part == "request" else operation["responses"]["200"]
    reference: str = holder["content"]["application/json"]["schema"]["$ref"]
    return reference.rsplit("/", 1)[1]


@pytest.fixture(scope="module")
def item(plaid: Served) -> Iterator[Linked]:
    """An Item in which everything occurs: pages, changes, pendings, coins and investments."""
    yield plaid.link("user_good", products=("transactions", "investments"), days=40)


CREATED = {
    "date_transacted": "2026-11-20",
    "date_posted": "2026-11-21",
    "amount": 72.1,
    "description": "A pie",
}
STATUS_TOO = {"include_status": True, "include_optional_metadata": True}
CALLS_WITHOUT_ITEM: Calls = {
    "/institutions/get": [
        {"count": 50, "offset": 0, "country_codes": ["US", "GB"]},
        {"count": 1, "offset": 1, "country_codes": ["US"], "options": {"oauth": True}},
    ],
    "/institutions/get_by_id": [
        {"institution_id": PLATYPUS, "country_codes": ["US"]},
        {"institution_id": "ins_117650", "country_codes": ["GB"], "options": STATUS_TOO},
    ],
    "/sandbox/public_token/create": [
        {"institution_id": PLATYPUS, "initial_products": ["transactions"]}
    ],
}


def calls_of_link(item: Linked, plaid: Served) -> Calls:
    link_token = plaid.post("/link/token/create", **LINK)["link_token"]
    form = {"institution_id": PLATYPUS, "username": "user_good_1", "password": "pass_good"}
    plaid.http.post(f"/link/{link_token}", data={**form, "accounts": "all"})
    plaid.http.post(f"/link/{link_token}", data={"leave": "1"})
    update = {key: value for key, value in LINK.items() if key != "products"}
    hosted = {"hosted_link": {"completion_redirect_uri": "http://localhost/x"}}
    return {
        "/item/public_token/exchange": [{"public_token": plaid.public_token()}],
        "/link/token/create": [LINK, {**update, **hosted, "access_token": item.access_token}],
        "/link/token/get": [{"link_token": link_token}],
    }


def calls_of_item(item: Linked, plaid: Served) -> Calls:
    token = {"access_token": item.access_token}
    cursor = plaid.pages(item)[-1]["next_cursor"]
    plaid.control.advance(item.item_id, modified=2, removed=2)
    dynamic, coins, chase = (
        {"access_token": linked.access_token}
        for linked in (
            plaid.link("user_transactions_dynamic"),
            plaid.link("user_coins"),
            plaid.link(institution_id="ins_56"),
        )
    )
    return {
        "/accounts/balance/get": [token, chase],
        "/accounts/get": [token, coins],
        "/investments/holdings/get": [token],
        "/investments/transactions/get": [
            {**token, "start_date": "2026-01-01", "end_date": str(NOW.date())}
        ],
        "/item/access_token/invalidate": [chase],
        "/item/get": [token, dynamic],
        "/item/remove": [{"access_token": plaid.link().access_token}],
        "/item/webhook/update": [{**token, "webhook": "http://127.0.0.1:1/hook"}],
        "/sandbox/item/fire_webhook": [{**token, "webhook_code": "DEFAULT_UPDATE"}],
        "/sandbox/item/reset_login": [dynamic],
        "/sandbox/transactions/create": [{**dynamic, "transactions": [CREATED]}],
        "/transactions/refresh": [token],
        "/transactions/sync": [
            {**token, "count": 60, "options": {"include_original_description": True}},
            {**token, "cursor": cursor, "options": {"personal_finance_category_version": "v1"}},
            {**coins, "count": 20},
        ],
        "/webhook_verification_key/get": [{"key_id": plaid.control.rotate_keys()}],
    }


LINK: dict[str, Any] = {
    "client_name": "Bankfeeds",
    "language": "en",
    "country_codes": ["US"],
    "user": {"client_user_id": "an-opaque-id"},
    "products": ["transactions"],
    "transactions": {"days_requested": 730},
    "webhook": "http://127.0.0.1:1/hook",
    "account_filters": {"depository": {"account_subtypes": ["checking", "savings"]}},
}


def test_every_answer_agrees(item: Linked, plaid: Served) -> None:
    calls = CALLS_WITHOUT_ITEM | calls_of_link(item, plaid) | calls_of_item(item, plaid)
    # An Item whose login is reset answers nothing more.
    order = sorted(calls, key=lambda path: path == "/sandbox/item/reset_login")
    found = []

    assert calls.keys() == ENDPOINTS.keys()
    for path in order:
        for body in calls[path]:
            found += [f"{path} asked {one}" for one in violations(schema_of(path, "request"), body)]
            reply = plaid.http.post(path, json=body)
            assert reply.status_code == 200, f"{path}: {reply.text}"
            found += [
                f"{path} told {one}"
                for one in violations(schema_of(path, "response"), reply.json())
            ]
    failed = plaid.post("/item/get", access_token=calls["/item/get"][1]["access_token"])
    found += violations(schema_of("/item/get", "response"), json.loads(json.dumps(failed)))
    assert failed["item"]["error"]["error_code"] == "ITEM_LOGIN_REQUIRED"
    assert not found


def test_validator_is_no_rubber_stamp(item: Linked, plaid: Served) -> None:
    token = {"access_token": item.access_token}
    told = plaid.http.post("/transactions/sync", json=token).json()
    told["added"][0]["amount"] = "72.1"
    del told["added"][1]["pending"]
    told["accounts"][0]["balances"]["current"] = "1"
    told["accounts"][1]["type"] = "bank"

    assert len(violations("TransactionsSyncResponse", told)) == 4


@pytest.mark.parametrize("path", sorted(ENDPOINTS))
def test_every_refusal_agrees(path: str, plaid: Served) -> None:
    bodies: list[dict[str, Any]] = [{}, {"unknown": 1}, {"access_token": "access-sandbox-none"}]
    for body in bodies:
        reply = plaid.http.post(path, json=body)

        assert reply.status_code == 400, reply.text
        assert violations("PlaidError", reply.json()) == []
        assert reply.json()["request_id"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503])
def test_every_fault_agrees(status: int) -> None:
    body, media_type = problem(status)

    assert violations("PlaidError", json.loads(body)) == []
    assert media_type == "application/json"


WEBHOOKS = {
    ("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE"): "SyncUpdatesAvailableWebhook",
    ("TRANSACTIONS", "INITIAL_UPDATE"): "InitialUpdateWebhook",
    ("TRANSACTIONS", "HISTORICAL_UPDATE"): "HistoricalUpdateWebhook",
    ("TRANSACTIONS", "DEFAULT_UPDATE"): "DefaultUpdateWebhook",
    ("TRANSACTIONS", "TRANSACTIONS_REMOVED"): "TransactionsRemovedWebhook",
    ("TRANSACTIONS", "RECURRING_TRANSACTIONS_UPDATE"): "RecurringTransactionsUpdateWebhook",
    ("ITEM", "ERROR"): "ItemErrorWebhook",
    ("ITEM", "LOGIN_REPAIRED"): "ItemLoginRepairedWebhook",
    ("ITEM", "PENDING_DISCONNECT"): "PendingDisconnectWebhook",
    ("ITEM", "PENDING_EXPIRATION"): "PendingExpirationWebhook",
    ("ITEM", "USER_PERMISSION_REVOKED"): "UserPermissionRevokedWebhook",
    ("ITEM", "USER_ACCOUNT_REVOKED"): "UserAccountRevokedWebhook",
    ("ITEM", "NEW_ACCOUNTS_AVAILABLE"): "NewAccountsAvailableWebhook",
    ("ITEM", "WEBHOOK_UPDATE_ACKNOWLEDGED"): "WebhookUpdateAcknowledgedWebhook",
    ("HOLDINGS", "DEFAULT_UPDATE"): "HoldingsDefaultUpdateWebhook",
    ("INVESTMENTS_TRANSACTIONS", "DEFAULT_UPDATE"): "InvestmentsDefaultUpdateWebhook",
    ("INVESTMENTS_TRANSACTIONS", "HISTORICAL_UPDATE"): "InvestmentsHistoricalUpdateWebhook",
    ("LINK", "SESSION_FINISHED"): "LinkSessionFinishedWebhook",
}


def test_every_webhook_agrees(own_plaid: Served) -> None:
    own_plaid.control.set_pace(initial_s=None, historical_s=None)
    with receiving() as receiver:
        cause_all_webhooks(own_plaid, receiver.url)
        webhooks = [json.loads(letter.body) for letter in own_plaid.control.webhooks()]
        receiver.wait_for(len(webhooks))

    found = {(webhook["webhook_type"], webhook["webhook_code"]) for webhook in webhooks}
    assert found == WEBHOOKS.keys()
    for webhook in webhooks:
        name = WEBHOOKS[webhook["webhook_type"], webhook["webhook_code"]]
        assert violations(name, webhook) == []


def cause_all_webhooks(plaid: Served, url: str) -> None:
    products = ("transactions", "investments", "recurring_transactions")
    item = plaid.link("user_good", products=products, webhook=url)
    token = {"access_token": item.access_token}
    plaid.post("/transactions/sync", **token)
    plaid.control.release(item.item_id)
    plaid.control.advance(item.item_id, removed=1)
    trades = {**token, "start_date": "2026-01-01", "end_date": "2026-11-21"}
    plaid.refused("/investments/transactions/get", **trades, options={"async_update": True})
    plaid.control.trade(item.item_id, count=9)
    for kind, code in WEBHOOKS:
        if kind == "ITEM" and code != "WEBHOOK_UPDATE_ACKNOWLEDGED":
            plaid.control.fire(item.item_id, code)
    plaid.control.fire(item.item_id, "RECURRING_TRANSACTIONS_UPDATE")
    plaid.post("/item/webhook/update", **token, webhook=url)
    link_token = plaid.post("/link/token/create", **{**LINK, "webhook": url})["link_token"]
    plaid.http.post(f"/link/{link_token}", data={"leave": "1"})
