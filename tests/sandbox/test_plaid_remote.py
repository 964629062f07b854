"""What a test does to the simulated Plaid in its own process, another process does over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.sandbox.plaid_served import NOW, Linked, Served, parsed, served_plaid
from tests.sandbox.webhook_receiver import wait_until


def pull(plaid: Served, lever: str, **arguments: Any) -> Any:
    reply = plaid.http.post(f"/_sandbox/{lever}", json=arguments)
    assert reply.status_code == 200, reply.text
    return parsed(reply)["result"]


@pytest.fixture
def item(plaid: Served) -> Linked:
    return plaid.link()


def test_items_and_their_truth_are_told(plaid: Served, item: Linked) -> None:
    pull(plaid, f"items/{item.item_id}/trade", count=1)

    told = parsed(plaid.http.get(f"/_sandbox/items/{item.item_id}/truth"))

    assert item.item_id in parsed(plaid.http.get("/_sandbox/items"))["items"]
    assert told["status"] == "HISTORICAL_UPDATE_COMPLETE"
    assert len(told["accounts"]) == 5
    assert len(told["transactions"]) == 180
    assert told["holdings"]
    assert told["investment_transactions"]


def test_ledger_is_advanced(plaid: Served, item: Linked) -> None:
    cursor = plaid.pages(item)[-1]["next_cursor"]

    done = pull(plaid, f"items/{item.item_id}/advance", added=2, post=False, removed=1)

    [page] = plaid.pages(item, cursor)
    assert [row["transaction_id"] for row in page["added"]] == done["added"]
    assert [row["transaction_id"] for row in page["removed"]] == done["removed"]


def test_every_lever_is_there(own_plaid: Served) -> None:
    own_plaid.control.set_pace(initial_s=None, historical_s=None)
    item = own_plaid.link(webhook="http://127.0.0.1:1/hook")
    of_item: dict[str, dict[str, Any]] = {
        "release": {"historical": True},
        "mutate_during_pagination": {"times": 2},
        "get_cursors_stuck": {},
        "change_account_ids": {},
        "fail": {"code": "ITEM_LOCKED"},
        "heal": {"webhook": True},
        "expire_consent": {},
        "fire": {"code": "PENDING_EXPIRATION"},
    }
    of_all: dict[str, dict[str, Any]] = {
        "set_history": {"days": 10, "per_day": 1},
        "set_pace": {"initial_s": 1, "historical_s": None},
        "set_behaviour": {"drop_pending_links": True, "items_expire": False, "refresh_added": 3},
        "move_time": {"by_s": 60},
        "settle": {},
        "refuse": {"code": "PRODUCT_NOT_READY", "path": "/transactions/refresh"},
        "enforce_limits": {"enforced": True},
        "set_limit": {"path": "/item/get", "per_item": 1, "per_client": None},
        "send_webhooks": {"held": True},
        "release_webhooks": {},
        "retry_webhooks": {"first_delay_s": 0.5},
        "resend_webhook": {"number": 1},
    }

    for lever, arguments in of_item.items():
        pull(own_plaid, f"items/{item.item_id}/{lever}", **arguments)
    for lever, arguments in of_all.items():
        pull(own_plaid, lever, **arguments)
    key_ids = {pull(own_plaid, "keys/rotate", expire=True), pull(own_plaid, "rotate_keys")}

    assert len(key_ids) == 2
    truth = own_plaid.control.truth(item.item_id)
    assert (truth.error_code, truth.status) == ("ITEM_LOGIN_REQUIRED", "HISTORICAL_UPDATE_COMPLETE")
    assert own_plaid.link().access_token  # with other settings
    webhooks = parsed(own_plaid.http.get("/_sandbox/webhooks"))["webhooks"]
    assert {"ERROR", "LOGIN_REPAIRED", "PENDING_EXPIRATION"} <= {
        one["webhook"]["webhook_code"] for one in webhooks
    }


def test_requests_above_a_limit_are_told(own_plaid: Served) -> None:
    pull(own_plaid, "set_limit", path="/item/get", per_item=0)
    token = own_plaid.link().access_token
    own_plaid.post("/item/get", access_token=token)

    [one] = parsed(own_plaid.http.get("/_sandbox/limits"))["exceeded"]

    assert (one["path"], one["at"]) == ("/item/get", "2026-11-21T12:00:00Z")


@pytest.mark.parametrize(
    ("lever", "body", "status"),
    [
        ("nothing", b"{}", 404),
        ("items/none/release", b"{}", 404),
        ("items/{item_id}/nothing", b"{}", 404),
        ("move_time", b"[]", 422),
        ("move_time", b"{", 422),
        ("move_time", b"{}", 422),
        ("move_time", b'{"by_s": "soon"}', 422),
        ("move_time", b'{"by_s": 1, "more": 1}', 422),
        ("send_webhooks", b'{"signature": "odd"}', 422),
        ("send_webhooks", b'{"copy": 1}', 422),
        ("items/{item_id}/advance", b'{"add": 1}', 422),
        ("items/{item_id}/fail", b'{"code": "NO_SUCH"}', 422),
        ("resend_webhook", b'{"number": 100000}', 404),
    ],
)
def test_wrong_lever_is_refused(
    plaid: Served, item: Linked, lever: str, body: bytes, status: int
) -> None:
    path = f"/_sandbox/{lever.format(item_id=item.item_id)}"

    reply = plaid.http.post(path, content=body)

    assert reply.status_code == status
    assert reply.json()["error"]


def test_unknown_item_has_no_truth(plaid: Served) -> None:
    assert plaid.http.get("/_sandbox/items/none/truth").status_code == 404


def test_faults_strike_plaids_endpoints(own_plaid: Served) -> None:
    token = {"access_token": own_plaid.link().access_token}
    rule = {"path": "/accounts", "kind": "status", "status": 429, "retry_after": "2"}
    own_plaid.http.post("/_sandbox/faults", json=rule)

    struck = own_plaid.http.post("/accounts/get", json=token)

    assert (struck.status_code, struck.headers["retry-after"]) == (429, "2")
    assert struck.json()["error_type"] == "RATE_LIMIT_EXCEEDED"
    assert own_plaid.post("/accounts/get", **token)
    assert [seen.status for seen in own_plaid.app.faults.requests("/accounts")] == [429, 200]


def test_data_moves_by_itself_where_that_is_wanted() -> None:
    with served_plaid(moves_every_s=0.05) as served:
        well, failed = served.link(), served.link()
        served.control.fail(failed.item_id, "ITEM_LOGIN_REQUIRED")
        before = served.control.truth(failed.item_id).transactions

        wait_until(lambda: len(served.control.truth(well.item_id).transactions) > 184)

        assert served.control.truth(failed.item_id).transactions == before


def test_only_items_with_transactions_move(own_plaid: Served) -> None:
    without = own_plaid.link(products=("auth",))
    removed, well = own_plaid.link(), own_plaid.link()
    own_plaid.post("/item/remove", access_token=removed.access_token)
    before = {
        one.item_id: own_plaid.control.truth(one.item_id).transactions
        for one in (without, removed, well)
    }

    own_plaid.control.move()

    after = {
        one.item_id: own_plaid.control.truth(one.item_id).transactions
        for one in (without, removed, well)
    }
    assert after[without.item_id] == before[without.item_id] == []
    assert after[removed.item_id] == before[removed.item_id]
    assert len(after[well.item_id]) == len(before[well.item_id]) + 2


def test_history_arrives_while_nobody_asks() -> None:
    instants = [NOW]
    with served_plaid(now=lambda: instants[-1]) as served:
        served.control.set_pace(initial_s=60, historical_s=60)
        item = served.link()
        assert served.control.truth(item.item_id).transactions == []

        instants.append(NOW + timedelta(seconds=60))

        wait_until(lambda: len(served.control.truth(item.item_id).transactions) == 180)
