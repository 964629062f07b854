"""Webhooks are signed and delivered as Plaid does it, and go wrong on request."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from sandbox.plaid_outbox import Letter
from tests.sandbox.plaid_served import NOW, Linked, Served
from tests.sandbox.webhook_receiver import Received, Receiver, post_office, wait_until

FIVE_MINUTES_S = 300


@pytest.fixture(scope="module")
def new_receiver() -> Iterator[Callable[[], Receiver]]:
    with post_office() as receiver:
        yield receiver


@pytest.fixture
def receiver(new_receiver: Callable[[], Receiver]) -> Receiver:
    return new_receiver()


@pytest.fixture
def item(plaid: Served, receiver: Receiver) -> Iterator[Linked]:
    """An Item that has sent nothing yet; its webhooks are sent as usual."""
    plaid.control.set_pace(initial_s=None, historical_s=None)
    yield plaid.link(webhook=receiver.url)
    plaid.control.send_webhooks()
    plaid.control.retry_webhooks(first_delay_s=30)


def letters(plaid: Served, item: Linked) -> list[Letter]:
    return [
        letter for letter in plaid.control.webhooks() if letter.what.get("item_id") == item.item_id
    ]


def body_of(received: Received) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(received.body)
    return body


def codes(received: list[Received]) -> list[str]:
    return [body_of(one)["webhook_code"] for one in received]


def accepted(plaid: Served, received: Received) -> bool:
    """Whether a client that follows Plaid's documentation takes the webhook."""
    token = received.headers.get("plaid-verification")
    if token is None:
        return False
    header = json.loads(base64.urlsafe_b64decode(token.split(".")[0] + "=="))
    if header["alg"] != "ES256":
        return False
    reply = plaid.http.post("/webhook_verification_key/get", json={"key_id": header["kid"]})
    if reply.status_code != 200 or reply.json()["key"]["expired_at"] is not None:
        return False
    try:
        key = ECKey.import_key(reply.json()["key"])
        claims = jwt.decode(token, key, algorithms=["ES256"]).claims
    except JoseError:
        return False
    fresh = abs(NOW.timestamp() - claims["iat"]) <= FIVE_MINUTES_S
    return fresh and bool(
        claims["request_body_sha256"] == hashlib.sha256(received.body).hexdigest()
    )


def test_body_is_pretty_printed_and_signed(plaid: Served, item: Linked, receiver: Receiver) -> None:
    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")

    [received] = receiver.wait_for(1)

    assert received.body == json.dumps(body_of(received), indent=2).encode()
    assert received.headers["content-type"] == "application/json"
    assert body_of(received) == {
        "environment": "sandbox",
        "error": None,
        "item_id": item.item_id,
        "webhook_code": "NEW_ACCOUNTS_AVAILABLE",
        "webhook_type": "ITEM",
    }
    assert accepted(plaid, received)


@pytest.mark.parametrize(
    "signature", ["foreign_key", "unknown_kid", "other_body", "old", "alg_none", "no"]
)
def test_bad_signatures_are_refused(
    plaid: Served, item: Linked, receiver: Receiver, signature: str
) -> None:
    plaid.control.send_webhooks(signature=signature)
    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")
    plaid.control.send_webhooks()
    plaid.control.fire(item.item_id, "LOGIN_REPAIRED")

    received = receiver.wait_for(2)

    assert {body_of(one)["webhook_code"]: accepted(plaid, one) for one in received} == {
        "NEW_ACCOUNTS_AVAILABLE": False,
        "LOGIN_REPAIRED": True,
    }


def test_keys_rotate_and_expire(plaid: Served, item: Linked, receiver: Receiver) -> None:
    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")
    [old] = list(receiver.wait_for(1))

    plaid.control.rotate_keys()
    assert accepted(plaid, old)

    plaid.control.rotate_keys(expire=True)
    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")
    new = receiver.wait_for(2)[1]
    assert accepted(plaid, new)
    kids = {kid_of(one) for one in (old, new)}
    assert len(kids) == 2

    key_ids = [plaid.control.rotate_keys(expire=True) for _ in range(2)]
    told = plaid.post("/webhook_verification_key/get", key_id=key_ids[0])
    assert told["key"]["expired_at"] == int(NOW.timestamp())
    assert not accepted(plaid, new)


def kid_of(received: Received) -> str:
    token = received.headers["plaid-verification"].encode()
    return str(jws.extract_compact(token).headers()["kid"])


def test_webhook_is_tried_again(plaid: Served, item: Linked, receiver: Receiver) -> None:
    plaid.control.retry_webhooks(first_delay_s=0.01)
    receiver.statuses = [503, 302]

    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")
    received = receiver.wait_for(3)
    wait_until(plaid.control.webhooks_idle)

    [letter] = letters(plaid, item)
    assert [attempt.status for attempt in letter.attempts] == [503, 302, 200]
    assert letter.state == "delivered"
    assert len({one.body for one in received}) == 1


def test_webhook_is_given_up(plaid: Served, item: Linked, receiver: Receiver) -> None:
    plaid.control.retry_webhooks(first_delay_s=0.0001)
    receiver.statuses = [500] * 7

    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")
    wait_until(plaid.control.webhooks_idle)

    [letter] = letters(plaid, item)
    assert (letter.state, len(letter.attempts)) == ("given_up", 7)


def test_webhook_leaves_this_machine_never(plaid: Served) -> None:
    item = plaid.link(webhook="https://example.com/hook")
    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")
    wait_until(plaid.control.webhooks_idle)

    letter = letters(plaid, item)[-1]

    assert letter.state == "given_up"
    assert letter.attempts[0].error == "not an address of this machine"


def test_webhooks_come_twice_or_late(plaid: Served, item: Linked, receiver: Receiver) -> None:
    plaid.control.send_webhooks(copies=3, delay_s=0.2)
    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")

    assert receiver.received == []
    received = receiver.wait_for(3)
    assert len({one.body for one in received}) == 1
    assert all(accepted(plaid, one) for one in received)


def test_webhooks_come_in_another_order(plaid: Served, item: Linked, receiver: Receiver) -> None:
    plaid.control.send_webhooks(held=True)
    for code in ("NEW_ACCOUNTS_AVAILABLE", "PENDING_DISCONNECT", "LOGIN_REPAIRED"):
        plaid.control.fire(item.item_id, code)
    assert plaid.control.webhooks_idle()

    assert plaid.control.release_webhooks() == 3

    assert codes(receiver.wait_for(3)) == [
        "LOGIN_REPAIRED",
        "PENDING_DISCONNECT",
        "NEW_ACCOUNTS_AVAILABLE",
    ]


def test_webhooks_are_lost(plaid: Served, item: Linked, receiver: Receiver) -> None:
    plaid.control.send_webhooks(lost=True)
    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")
    plaid.control.send_webhooks()
    plaid.control.fire(item.item_id, "LOGIN_REPAIRED")

    assert codes(receiver.wait_for(1)) == ["LOGIN_REPAIRED"]
    assert letters(plaid, item)[0].state == "lost"


def test_webhook_is_replayed_byte_for_byte(plaid: Served, item: Linked, receiver: Receiver) -> None:
    plaid.control.fire(item.item_id, "NEW_ACCOUNTS_AVAILABLE")
    receiver.wait_for(1)

    plaid.control.resend_webhook(letters(plaid, item)[0].number)

    first, again = receiver.wait_for(2)
    assert first.body == again.body
    assert first.headers["plaid-verification"] == again.headers["plaid-verification"]


def test_updates_are_told_to_clients_that_sync(
    plaid: Served, item: Linked, receiver: Receiver
) -> None:
    plaid.control.release(item.item_id, historical=False)
    plaid.pages(item)
    plaid.control.release(item.item_id)
    plaid.control.advance(item.item_id, removed=1)

    received = [body_of(one) for one in receiver.wait_for(6)]

    updates = [one for one in received if one["webhook_code"] == "SYNC_UPDATES_AVAILABLE"]
    assert [one["historical_update_complete"] for one in updates] == [True, True]
    others = sorted({one["webhook_code"] for one in received} - {"SYNC_UPDATES_AVAILABLE"})
    assert others == [
        "DEFAULT_UPDATE",
        "HISTORICAL_UPDATE",
        "INITIAL_UPDATE",
        "TRANSACTIONS_REMOVED",
    ]


def test_webhook_address_is_changed(
    plaid: Served, item: Linked, new_receiver: Callable[[], Receiver]
) -> None:
    other, token = new_receiver(), {"access_token": item.access_token}
    plaid.post("/item/webhook/update", **token, webhook=other.url)

    [received] = other.wait_for(1)

    assert body_of(received)["webhook_code"] == "WEBHOOK_UPDATE_ACKNOWLEDGED"
    assert body_of(received)["new_webhook_url"] == other.url
    told = plaid.post("/item/get", **token)
    assert told["item"]["webhook"] == other.url
    assert told["status"]["last_webhook"]["code_sent"] == "WEBHOOK_UPDATE_ACKNOWLEDGED"


def test_reset_login_tells_of_the_error(plaid: Served, item: Linked, receiver: Receiver) -> None:
    plaid.post("/sandbox/item/reset_login", access_token=item.access_token)

    [received] = receiver.wait_for(1)

    told = body_of(received)
    assert (told["webhook_type"], told["webhook_code"]) == ("ITEM", "ERROR")
    assert told["error"]["error_code"] == "ITEM_LOGIN_REQUIRED"
    assert told["error"]["status"] == 400


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"webhook_code": "PRODUCT_READY"}, "SANDBOX_PRODUCT_NOT_ENABLED"),
        (
            {"webhook_code": "DEFAULT_UPDATE", "webhook_type": "HOLDINGS"},
            "SANDBOX_PRODUCT_NOT_ENABLED",
        ),
        ({"webhook_code": "RECURRING_TRANSACTIONS_UPDATE"}, "SANDBOX_PRODUCT_NOT_ENABLED"),
        ({"webhook_code": "HELLO"}, "INVALID_FIELD"),
        ({}, "MISSING_FIELDS"),
    ],
)
def test_webhooks_fire_only_for_what_the_item_has(
    plaid: Served, item: Linked, asked: dict[str, str], code: str
) -> None:
    refused = plaid.refused("/sandbox/item/fire_webhook", access_token=item.access_token, **asked)

    assert refused["error_code"] == code


@pytest.mark.parametrize(
    ("kind", "code", "more"),
    [
        ("TRANSACTIONS", "SYNC_UPDATES_AVAILABLE", {"historical_update_complete"}),
        ("TRANSACTIONS", "DEFAULT_UPDATE", {"new_transactions"}),
        ("TRANSACTIONS", "RECURRING_TRANSACTIONS_UPDATE", {"account_ids"}),
        ("HOLDINGS", "DEFAULT_UPDATE", {"new_holdings", "updated_holdings"}),
        ("INVESTMENTS_TRANSACTIONS", "DEFAULT_UPDATE", {"new_investments_transactions"}),
        ("ITEM", "NEW_ACCOUNTS_AVAILABLE", set()),
        ("ITEM", "LOGIN_REPAIRED", set()),
        ("ITEM", "PENDING_DISCONNECT", {"reason", "disconnect_time"}),
        ("ITEM", "USER_PERMISSION_REVOKED", {"error"}),
        ("ITEM", "USER_ACCOUNT_REVOKED", {"account_id"}),
        ("ITEM", "ERROR", {"error"}),
    ],
)
def test_every_webhook_can_be_fired(
    plaid: Served, new_receiver: Callable[[], Receiver], kind: str, code: str, more: set[str]
) -> None:
    receiver = new_receiver()
    products = ("transactions", "investments", "recurring_transactions")
    item = plaid.link(products=products, webhook=receiver.url)

    plaid.post(
        "/sandbox/item/fire_webhook",
        access_token=item.access_token,
        webhook_type=kind,
        webhook_code=code,
    )

    def fired() -> list[dict[str, Any]]:
        # Others may come first: those of a link, unless a test has put them off.
        bodies = [body_of(one) for one in receiver.received]
        return [one for one in bodies if (one["webhook_type"], one["webhook_code"]) == (kind, code)]

    wait_until(lambda: bool(fired()))
    told = fired()[0]
    assert told["item_id"] == item.item_id
    assert more <= told.keys()


def test_item_without_address_fires_nothing(plaid: Served) -> None:
    item = plaid.link()

    refused = plaid.refused(
        "/sandbox/item/fire_webhook",
        access_token=item.access_token,
        webhook_code="DEFAULT_UPDATE",
    )

    assert refused["error_code"] == "SANDBOX_WEBHOOK_INVALID"


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://:80/", "http://a b/"],
)
def test_an_address_that_is_none_is_refused_where_it_is_set(plaid: Served, url: str) -> None:
    token = plaid.link().access_token

    refused = plaid.refused("/item/webhook/update", access_token=token, webhook=url)

    assert refused["error_code"] == "INVALID_FIELD"


def test_a_letter_to_nowhere_keeps_no_other_from_coming(
    plaid: Served, item: Linked, receiver: Receiver
) -> None:
    for url in ("http://[::1", "http://127.0.0.1:99999/", "http://127.0.0.1:\u2028/"):
        plaid.control._bank.outbox.put(url, {"lost": url})
    plaid.control.fire(item.item_id, "DEFAULT_UPDATE", kind="TRANSACTIONS")

    assert codes(receiver.wait_for(1)) == ["DEFAULT_UPDATE"]
