"""Plaid's webhooks: what each asks for, and when two of them are the same."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from providers.plaid.connector import PLAID
from providers.webhooks import (
    Event,
    Healthy,
    Ignore,
    Incoming,
    Malformed,
    Notice,
    Reaction,
    Reauth,
    Receiver,
    Revoked,
    Sync,
    SyncKind,
)
from tests.fixtures.plaid_feed import PlaidBank
from tests.providers.plaid_signing import Signer, incoming

AT: Final = datetime(2026, 11, 21, 12, tzinfo=UTC)
SIGNER: Final = Signer(kid="k1")
ENDS: Final = "2026-11-28T10:00:00Z"


def request(at: datetime = AT, **said: Any) -> Incoming:
    body = json.dumps({"environment": "production", "item_id": "i1", **said}, indent=2).encode()
    return incoming(body, SIGNER.token(body, at), at)


def event(kind: str, **said: Any) -> Event:
    webhook_type, webhook_code = kind.split("/")
    (told,) = PLAID.events(request(webhook_type=webhook_type, webhook_code=webhook_code, **said))
    return told


def error(code: str, kind: str = "ITEM_ERROR") -> dict[str, Any]:
    return {"error_type": kind, "error_code": code, "error_message": "words", "status": 400}


NOTHING: Final[list[Reaction]] = [Ignore()]
TABLE: Final[Sequence[tuple[str, dict[str, Any], list[Reaction]]]] = (
    (
        "TRANSACTIONS/SYNC_UPDATES_AVAILABLE",
        {"initial_update_complete": True, "historical_update_complete": False},
        [Sync(kind=SyncKind.INITIAL)],
    ),
    (
        "TRANSACTIONS/SYNC_UPDATES_AVAILABLE",
        {"initial_update_complete": True, "historical_update_complete": True},
        [Sync(kind=SyncKind.UPDATES)],
    ),
    ("TRANSACTIONS/SYNC_UPDATES_AVAILABLE", {}, [Sync(kind=SyncKind.UPDATES)]),
    ("TRANSACTIONS/INITIAL_UPDATE", {"new_transactions": 5}, NOTHING),
    ("TRANSACTIONS/HISTORICAL_UPDATE", {"new_transactions": 5}, NOTHING),
    ("TRANSACTIONS/DEFAULT_UPDATE", {"new_transactions": 5}, NOTHING),
    ("TRANSACTIONS/TRANSACTIONS_REMOVED", {"removed_transactions": ["t"]}, NOTHING),
    ("TRANSACTIONS/RECURRING_TRANSACTIONS_UPDATE", {"account_ids": []}, NOTHING),
    ("ITEM/ERROR", {"error": error("ITEM_LOGIN_REQUIRED")}, [Reauth(code="item-login-required")]),
    ("ITEM/ERROR", {"error": error("NO_ACCOUNTS")}, [Reauth(code="no-accounts")]),
    (
        "ITEM/ERROR",
        {"error": error("USER_PERMISSION_REVOKED")},
        [Revoked(code="user-permission-revoked")],
    ),
    ("ITEM/ERROR", {"error": error("INSTITUTION_DOWN", "INSTITUTION_ERROR")}, NOTHING),
    (
        "ITEM/ERROR",
        {"error": error("INSTITUTION_NO_LONGER_SUPPORTED", "INSTITUTION_ERROR")},
        [Revoked(code="institution-no-longer-supported")],
    ),
    ("ITEM/ERROR", {"error": error("NEVER_HEARD_OF")}, [Sync()]),
    ("ITEM/ERROR", {"error": None}, [Sync()]),
    ("ITEM/ERROR", {}, [Sync()]),
    ("ITEM/LOGIN_REPAIRED", {}, [Healthy(), Sync()]),
    (
        "ITEM/PENDING_DISCONNECT",
        {"reason": "INSTITUTION_MIGRATION", "disconnect_time": ENDS},
        [Reauth(code="pending-disconnect", by=datetime.fromisoformat(ENDS))],
    ),
    (
        "ITEM/PENDING_DISCONNECT",
        {"reason": "INSTITUTION_TOKEN_EXPIRATION"},
        [Reauth(code="pending-disconnect", by=AT + timedelta(days=7))],
    ),
    (
        "ITEM/PENDING_EXPIRATION",
        {"consent_expiration_time": ENDS},
        [Reauth(code="pending-expiration", by=datetime.fromisoformat(ENDS))],
    ),
    ("ITEM/USER_PERMISSION_REVOKED", {"error": None}, [Revoked(code="user-permission-revoked")]),
    (
        "ITEM/USER_ACCOUNT_REVOKED",
        {"account_id": "a1"},
        [
            Notice(kind="data_anomaly", data={"code": "account-revoked", "account": "a1"}),
            Sync(),
        ],
    ),
    ("ITEM/NEW_ACCOUNTS_AVAILABLE", {"error": None}, [Notice(kind="new_accounts_available")]),
    ("ITEM/WEBHOOK_UPDATE_ACKNOWLEDGED", {"new_webhook_url": "https://x.test"}, NOTHING),
    ("HOLDINGS/DEFAULT_UPDATE", {"new_holdings": 1}, [Sync(kind=SyncKind.INVESTMENTS)]),
    (
        "INVESTMENTS_TRANSACTIONS/DEFAULT_UPDATE",
        {"new_investments_transactions": 1},
        [Sync(kind=SyncKind.INVESTMENTS)],
    ),
    (
        "INVESTMENTS_TRANSACTIONS/HISTORICAL_UPDATE",
        {"new_investments_transactions": 1},
        [Sync(kind=SyncKind.INVESTMENTS)],
    ),
    ("LINK/SESSION_FINISHED", {"status": "SUCCESS", "item_id": None}, NOTHING),
    ("LINK/EVENTS", {"item_id": None}, NOTHING),
    ("INCOME/INCOME_VERIFICATION", {}, [Ignore(known=False)]),
    ("ITEM/SOMETHING_NEW", {}, [Ignore(known=False)]),
)


@pytest.mark.parametrize(("kind", "said", "asked"), TABLE, ids=lambda one: str(one)[:40])
def test_each_webhook_asks_for_its_own(
    kind: str, said: dict[str, Any], asked: list[Reaction]
) -> None:
    told = event(kind, **said)

    assert list(PLAID.reactions(told)) == asked
    assert (told.type, told.at, told.environment) == (kind, AT, "")
    assert told.item == (None if said.get("item_id", "") is None else "i1")


def test_plaid_receives_webhooks_for_the_whole_application() -> None:
    assert isinstance(PLAID, Receiver)
    assert PLAID.endpoint_kind.value == "application"
    assert PLAID.secret_origin.value == "none"


def test_a_webhook_that_is_sent_twice_is_one_event_and_an_equal_one_later_another() -> None:
    said: dict[str, Any] = {
        "webhook_type": "TRANSACTIONS",
        "webhook_code": "SYNC_UPDATES_AVAILABLE",
    }
    first = request(**said)
    again = incoming(first.body, first.headers["plaid-verification"], AT + timedelta(minutes=1))
    later = request(AT + timedelta(seconds=1), **said)

    keys = [PLAID.events(one)[0].key for one in (first, again, later)]

    assert first.body == later.body
    assert keys[0] == keys[1] != keys[2]


def test_events_of_items_and_kinds_differ_at_one_instant() -> None:
    said: list[dict[str, Any]] = [
        {"webhook_type": kind, "webhook_code": code, "item_id": item}
        for kind in ("ITEM", "HOLDINGS")
        for code in ("ERROR", "DEFAULT_UPDATE")
        for item in ("i1", "i2")
    ]

    assert len({PLAID.events(request(**one))[0].key for one in said}) == len(said)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"webhook_type": 1}', b"\xff", b"[" * 9999])
def test_a_body_without_a_type_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        PLAID.events(incoming(body, SIGNER.token(body, AT), AT))


async def test_everything_that_the_simulated_plaid_fires_is_known(bank: PlaidBank) -> None:
    credentials = await bank.link(
        "user_good_77",
        products=("transactions", "investments"),
        webhook="http://127.0.0.1:9/nowhere",
    )
    bank.control.send_webhooks(held=True)
    item = credentials.item_id
    for code in (
        "SYNC_UPDATES_AVAILABLE",
        "DEFAULT_UPDATE",
        "NEW_ACCOUNTS_AVAILABLE",
        "LOGIN_REPAIRED",
        "PENDING_DISCONNECT",
        "PENDING_EXPIRATION",
        "USER_ACCOUNT_REVOKED",
        "USER_PERMISSION_REVOKED",
        "ERROR",
    ):
        bank.control.fire(item, code)
    bank.control.heal(item)
    bank.control.advance(item, added=2)
    bank.control.trade(item, count=3)

    asked: dict[str, list[Reaction]] = {}
    for letter in bank.control.webhooks():
        assert letter.token is not None
        (told,) = PLAID.events(incoming(letter.body, letter.token, datetime.now(UTC)))
        asked[told.type] = list(PLAID.reactions(told))
        assert told.item == item

    assert len(asked) >= 12
    assert Ignore(known=False) not in [each for said in asked.values() for each in said]
