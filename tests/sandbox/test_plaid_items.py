"""Items: credentials, health, tokens, balances, limits; all refused in Plaid's own words."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.sandbox.plaid_served import CLIENT_ID, CREDENTIALS, SECRET, Served, served_plaid

DATA = ("/accounts/get", "/accounts/balance/get", "/transactions/sync", "/transactions/refresh")


def test_credentials_may_come_in_the_body(plaid: Served) -> None:
    token = plaid.link().access_token

    with httpx.Client(base_url=plaid.url) as http:
        body = {"client_id": CLIENT_ID, "secret": SECRET, "access_token": token}
        reply = http.post("/item/get", json=body)

    assert reply.status_code == 200


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MISSING_FIELDS"),
        ({"PLAID-CLIENT-ID": CLIENT_ID}, "MISSING_FIELDS"),
        ({**CREDENTIALS, "PLAID-SECRET": "wrong"}, "INVALID_API_KEYS"),
        ({**CREDENTIALS, "PLAID-CLIENT-ID": "wrong"}, "INVALID_API_KEYS"),
    ],
)
def test_wrong_credentials_are_refused(plaid: Served, headers: dict[str, str], code: str) -> None:
    with httpx.Client(base_url=plaid.url, headers=headers) as http:
        reply = http.post("/item/get", json={"access_token": plaid.link().access_token})

    assert (reply.status_code, reply.json()["error_code"]) == (400, code)


@pytest.mark.parametrize(
    ("line", "body", "status", "code"),
    [
        ("POST /nothing/here", b"{}", 404, "NOT_FOUND"),
        ("GET /accounts/get", b"", 404, "NOT_FOUND"),
        ("POST /accounts/get", b"{", 400, "INVALID_BODY"),
        ("POST /accounts/get", b"\xff", 400, "INVALID_BODY"),
        ("POST /accounts/get", b"[]", 400, "INVALID_BODY"),
        ("POST /accounts/get", b" " * 1_100_000, 400, "INVALID_BODY"),
        ("POST /accounts/get", b"{}", 400, "MISSING_FIELDS"),
        ("POST /accounts/get", b'{"access_token": 1}', 400, "INVALID_FIELD"),
        ("POST /accounts/get", b'{"access_token": "a", "b": 1}', 400, "UNKNOWN_FIELDS"),
        ("POST /accounts/get", b'{"access_token": "a"}', 400, "INVALID_ACCESS_TOKEN"),
    ],
)
def test_malformed_requests_are_refused(
    plaid: Served, line: str, body: bytes, status: int, code: str
) -> None:
    reply = plaid.http.request(*line.split(), content=body)

    assert (reply.status_code, reply.json()["error_code"]) == (status, code)
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", DATA)
def test_item_in_error_gives_no_data(plaid: Served, path: str) -> None:
    item = plaid.link()
    plaid.control.fail(item.item_id, "ITEM_LOGIN_REQUIRED", reason="OAUTH_USER_REVOKED")

    refused = plaid.refused(path, access_token=item.access_token)

    assert refused["error_type"] == "ITEM_ERROR"
    assert refused["error_code"] == "ITEM_LOGIN_REQUIRED"
    assert refused["error_code_reason"] == "OAUTH_USER_REVOKED"
    assert refused["display_message"]
    told = plaid.post("/item/get", access_token=item.access_token)
    assert told["item"]["error"]["error_code"] == "ITEM_LOGIN_REQUIRED"
    plaid.control.heal(item.item_id)
    assert plaid.post(path, access_token=item.access_token)


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("INSTITUTION_DOWN", 400),
        ("PRODUCT_NOT_READY", 400),
        ("INTERNAL_SERVER_ERROR", 500),
        ("PLANNED_MAINTENANCE", 503),
        ("TRANSACTIONS_SYNC_LIMIT", 429),
    ],
)
def test_next_requests_can_be_refused(plaid: Served, code: str, status: int) -> None:
    item, other = plaid.link(), plaid.link()
    plaid.control.refuse(code, path="/transactions/", item_id=item.item_id, times=2)
    token = {"access_token": item.access_token}

    replies = [plaid.http.post("/transactions/sync", json=token) for _ in range(3)]

    assert [reply.status_code for reply in replies] == [status, status, 200]
    assert replies[0].json()["error_code"] == code
    assert plaid.post("/transactions/sync", access_token=other.access_token)
    assert plaid.post("/item/get", **token)["item"]["error"] is None


def test_state_of_an_item_is_an_error_of_items(plaid: Served) -> None:
    with pytest.raises(ValueError, match="use refuse"):
        plaid.control.fail(plaid.link().item_id, "INSTITUTION_DOWN")


def test_removed_item_is_not_found(plaid: Served) -> None:
    item = plaid.link()
    plaid.post("/item/remove", access_token=item.access_token)

    for path in ("/item/get", "/item/remove", *DATA):
        assert plaid.refused(path, access_token=item.access_token)["error_code"] == (
            "ITEM_NOT_FOUND"
        )
    assert plaid.control.truth(item.item_id).removed_item


def test_consent_expires(own_plaid: Served) -> None:
    item = own_plaid.link(institution_id="ins_117650")
    token = {"access_token": item.access_token}
    before = own_plaid.post("/item/get", **token)["item"]["consent_expiration_time"]

    own_plaid.control.expire_consent(item.item_id)

    refused = own_plaid.refused("/accounts/get", **token)
    assert before == "2027-05-20T12:00:00Z"
    assert refused["error_code_reason"] == "OAUTH_CONSENT_EXPIRED"


def test_items_need_a_new_login_after_thirty_days(own_plaid: Served) -> None:
    item = own_plaid.link()
    own_plaid.control.move_time(by_s=30 * 86_400)

    refused = own_plaid.refused("/accounts/get", access_token=item.access_token)
    own_plaid.control.set_behaviour(items_expire=False)
    other = own_plaid.link()
    own_plaid.control.move_time(by_s=30 * 86_400)

    assert refused["error_code"] == "ITEM_LOGIN_REQUIRED"
    assert own_plaid.post("/accounts/get", access_token=other.access_token)


def test_account_ids_change(plaid: Served) -> None:
    item = plaid.link()
    cursor = plaid.pages(item)[-1]["next_cursor"]
    plaid.control.trade(item.item_id)
    before = plaid.control.truth(item.item_id)

    renamed = plaid.control.change_account_ids(item.item_id)

    after = plaid.control.truth(item.item_id)
    assert [account["account_id"] for account in after.accounts] == [
        renamed[account["account_id"]] for account in before.accounts
    ]
    assert [account["balances"] for account in after.accounts] == [
        account["balances"] for account in before.accounts
    ]
    assert [held.account_id for held in after.holdings] == [
        renamed[held.account_id] for held in before.holdings
    ]
    [page] = plaid.pages(item, cursor)
    assert {row["transaction_id"] for row in page["removed"]} == {
        row.transaction_id for row in before.transactions
    }
    assert len(page["added"]) == len(before.transactions)


def test_balances_of_some_accounts(plaid: Served) -> None:
    item = plaid.link()
    token = {"access_token": item.access_token}
    accounts = plaid.post("/accounts/get", **token)["accounts"]
    wanted = [accounts[1]["account_id"]]

    told = plaid.post("/accounts/balance/get", **token, options={"account_ids": wanted})
    refused = plaid.refused("/accounts/get", **token, options={"account_ids": ["none"]})

    assert [account["account_id"] for account in told["accounts"]] == wanted
    assert refused["error_code"] == "INVALID_ACCOUNT_ID"


def test_what_is_owed_is_positive(plaid: Served) -> None:
    accounts = plaid.post("/accounts/get", access_token=plaid.link().access_token)["accounts"]

    owed = {
        account["type"]: account["balances"]["current"]
        for account in accounts
        if account["type"] in {"credit", "loan"}
    }

    assert owed == {"credit": Decimal("410.18"), "loan": Decimal("56302.06")}


def test_one_bank_wants_to_know_how_old_balances_may_be(plaid: Served) -> None:
    token = {"access_token": plaid.link(institution_id="ins_128026").access_token}
    options = {"min_last_updated_datetime": "2026-11-21T00:00:00Z"}

    refused = plaid.refused("/accounts/balance/get", **token)
    told = plaid.post("/accounts/balance/get", **token, options=options)

    assert refused["error_code"] == "INVALID_FIELD"
    assert told["accounts"][0]["balances"]["last_updated_datetime"] == "2026-11-21T12:00:00Z"


def test_a_person_may_have_many_accounts(plaid: Served) -> None:
    item = plaid.link("user_many_accounts")

    accounts = plaid.post("/accounts/get", access_token=item.access_token)["accounts"]

    assert len({account["account_id"] for account in accounts}) == 30


def test_institutions_are_found(plaid: Served) -> None:
    asked: dict[str, Any] = {"country_codes": ["GB"], "count": 10, "offset": 0}

    british = plaid.post("/institutions/get", **asked)
    refused = plaid.refused(
        "/institutions/get_by_id", institution_id="ins_109508", country_codes=["GB"]
    )
    none = plaid.post("/institutions/get", **asked, options={"oauth": False})

    assert [one["name"] for one in british["institutions"]] == ["Royal Bank of Plaid"]
    assert refused["error_code"] == "INVALID_INSTITUTION"
    assert none["total"] == 0


def test_health_of_an_institution_is_told_on_request(plaid: Served) -> None:
    asked: dict[str, Any] = {"institution_id": "ins_109508", "country_codes": ["US"]}

    plain = plaid.post("/institutions/get_by_id", **asked)
    options = {"include_status": True, "include_optional_metadata": True}
    full = plaid.post("/institutions/get_by_id", **asked, options=options)

    assert plain["institution"]["status"] is None
    assert full["institution"]["status"]["transactions_updates"]["status"] == "HEALTHY"
    assert full["institution"]["url"] == "https://www.plaid.com"


def test_limits_are_counted_and_enforced_on_request(own_plaid: Served) -> None:
    item, other = own_plaid.link(), own_plaid.link()
    token = {"access_token": item.access_token}
    for _ in range(6):
        own_plaid.post("/accounts/balance/get", **token)
    own_plaid.post("/accounts/balance/get", access_token=other.access_token)

    [one] = own_plaid.control.exceeded()
    own_plaid.control.enforce_limits()
    reply = own_plaid.http.post("/accounts/balance/get", json=token)
    spared = own_plaid.post("/accounts/balance/get", access_token=other.access_token)
    own_plaid.control.move_time(by_s=60)
    later = own_plaid.post("/accounts/balance/get", **token)

    assert (one.path, one.item_id) == ("/accounts/balance/get", item.item_id)
    assert reply.status_code == 429
    assert reply.json()["error_type"] == "RATE_LIMIT_EXCEEDED"
    assert reply.json()["error_code"] == "BALANCE_LIMIT"
    assert "retry-after" not in reply.headers
    assert spared
    assert later


def test_limits_of_the_client_can_be_set(own_plaid: Served) -> None:
    own_plaid.control.set_limit("/institutions/get", per_client=1)
    own_plaid.control.enforce_limits()
    asked = {"country_codes": ["US"], "count": 1, "offset": 0}
    own_plaid.post("/institutions/get", **asked)

    assert own_plaid.http.post("/institutions/get", json=asked).status_code == 429
    assert [one.item_id for one in own_plaid.control.exceeded()] == [None]


def test_trades_are_paged_in_a_stable_order(plaid: Served) -> None:
    item = plaid.link()
    asked: dict[str, Any] = {
        "access_token": item.access_token,
        "start_date": "2026-09-01",
        "end_date": "2026-11-21",
    }
    everything = plaid.post("/investments/transactions/get", **asked)
    total = everything["total_investment_transactions"]

    paged = [
        row
        for offset in range(0, total, 4)
        for row in plaid.post(
            "/investments/transactions/get", **asked, options={"count": 4, "offset": offset}
        )["investment_transactions"]
    ]

    assert paged == everything["investment_transactions"]
    assert total == 17
    dates = [row["date"] for row in paged]
    assert dates == sorted(dates, reverse=True)
    assert {row["type"] for row in paged} >= {"buy", "cash", "fee"}
    assert all(row["amount"] > 0 and row["quantity"] > 0 for row in paged if row["type"] == "buy")


def test_trades_happen_and_holdings_follow(plaid: Served) -> None:
    item = plaid.link()
    token = {"access_token": item.access_token}
    before = plaid.post("/investments/holdings/get", **token)["holdings"]

    made = plaid.control.trade(item.item_id, count=20)

    after = plaid.post("/investments/holdings/get", **token)["holdings"]
    grown = [new["quantity"] - old["quantity"] for old, new in zip(before, after, strict=True)]
    bought = [
        trade
        for trade in plaid.control.truth(item.item_id).trades
        if trade.investment_transaction_id in made and trade.type == "buy"
    ]
    assert sum(grown) == sum(trade.quantity for trade in bought) > 0
    assert all(
        holding["institution_value"] == holding["institution_price"] * holding["quantity"]
        for holding in after
    )


@pytest.mark.parametrize(
    ("username", "institution_id", "products", "code"),
    [
        ("user_no_investments", "ins_109508", "transactions", "NO_INVESTMENT_ACCOUNTS"),
        ("user_good", "ins_133402", "auth", "PRODUCTS_NOT_SUPPORTED"),
    ],
)
def test_investments_are_not_everywhere(
    plaid: Served, username: str, institution_id: str, products: str, code: str
) -> None:
    item = plaid.link(username, institution_id=institution_id, products=(products,))

    refused = plaid.refused("/investments/holdings/get", access_token=item.access_token)

    assert refused["error_code"] == code


def test_trades_may_not_be_ready(plaid: Served) -> None:
    item = plaid.link()
    asked: dict[str, Any] = {
        "access_token": item.access_token,
        "start_date": "2026-09-01",
        "end_date": "2026-11-21",
        "options": {"async_update": True},
    }

    refused = plaid.refused("/investments/transactions/get", **asked)

    assert refused["error_code"] == "PRODUCT_NOT_READY"
    assert plaid.post("/investments/transactions/get", **asked)["investment_transactions"]


def test_same_seed_same_bytes() -> None:
    first, second, other = (transcript(seed) for seed in (1, 1, 2))

    assert first == second
    assert len(first) == len(other)
    assert all(mine != theirs for mine, theirs in zip(first, other, strict=True))


def transcript(seed: int) -> list[bytes]:
    """All that a sandbox says during one session."""
    said = []

    def keep(reply: httpx.Response) -> None:
        said.append(reply.read())

    with served_plaid(seed) as served:
        served.http.event_hooks = {"response": [keep]}
        item = served.link("user_good", webhook="http://127.0.0.1:1/hook")
        served.pages(item, size=100)
        served.control.advance(item.item_id, twins=1, modified=3, removed=3)
        served.pages(item)
        served.post("/investments/holdings/get", access_token=item.access_token)
        served.refused("/item/get", access_token="none")
        served.http.get(f"/_sandbox/items/{item.item_id}/truth")
        letters = [
            letter.body + (letter.token or "").encode() for letter in served.control.webhooks()
        ]
    return [*said, *letters]
