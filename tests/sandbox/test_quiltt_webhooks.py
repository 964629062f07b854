"""Webhooks of the simulated Quiltt: signed, in batches, again until taken, and in disorder."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from sandbox.quiltt_courier import Courier, Parcel, signature
from tests.fixtures.quiltt_service import NOW, WEBHOOK_SECRET, Service, Taken
from tests.sandbox.webhook_receiver import receiving

BODY = b'{"environment":{"id":"env_1"},"eventTypes":["connection.created"],"events":[]}'


def is_genuine(taken: Taken) -> bool:
    timestamp = taken.headers["quiltt-timestamp"]
    return taken.headers["quiltt-signature"] == signature(WEBHOOK_SECRET, timestamp, taken.body)


def ids(taken: list[Taken]) -> list[str]:
    return [event["id"] for each in taken for event in each.payload["events"]]


def test_signature_is_that_of_the_known_vector() -> None:
    expected = "RJUgqn1tjksQLQI4+j3l8/ksnp8TXo6BWKp62tYnk+s="

    assert signature("whsec_test", "1790000000", BODY) == expected


def test_what_happens_in_one_step_is_one_signed_payload(quiltt: Service) -> None:
    quiltt.subscribe()
    profile_id, connection_id = quiltt.linked(accounts=["Everyday Checking"])

    created, linked = quiltt.taken()

    assert created.types == ["profile.created"]
    assert linked.types == [
        "connection.created",
        "account.created",
        "balance.created",
        "connection.synced.successful.initial",
        "connection.synced.successful.historical",
        "profile.ready",
    ]
    assert all(is_genuine(taken) for taken in quiltt.subscriber.taken)
    assert linked.headers["quiltt-timestamp"] == str(int(NOW.timestamp()))
    payload = linked.payload
    assert payload["environment"]["mode"] == "SANDBOX"
    assert payload["eventTypes"] == linked.types
    event = payload["events"][0]
    assert event.keys() == {"id", "at", "type", "profile", "record", "metadata"}
    assert event["profile"]["id"] == profile_id
    assert event["record"]["id"] == connection_id
    initial, historical = payload["events"][3:5]
    assert initial["metadata"] == {"startDate": "2026-10-31", "endDate": "2026-11-30"}
    assert historical["metadata"] == {"startDate": "2026-10-01", "endDate": "2026-11-30"}


def test_scope_includes_what_is_below_it(quiltt: Service) -> None:
    quiltt.subscribe("connection.synced", "account.created")

    _, connection_id = quiltt.linked()
    quiltt.control.error(connection_id, kind="institution")

    linked, failed = quiltt.taken()
    assert set(linked.types) == {
        "account.created",
        "connection.synced.successful.initial",
        "connection.synced.successful.historical",
    }
    assert failed.types == ["connection.synced.errored.institution"]
    assert failed.payload["events"][0]["record"]["status"] == "ERROR_INSTITUTION"


def test_disabled_and_deleted_subscriptions_get_nothing(quiltt: Service) -> None:
    disabled, deleted = quiltt.subscribe(), quiltt.subscribe()
    quiltt.http.patch(f"/v1/webhooks/subscriptions/{disabled}", json={"disabled": True})
    quiltt.http.delete(f"/v1/webhooks/subscriptions/{deleted}")

    quiltt.profile()

    assert quiltt.taken() == []


def test_payload_comes_again_until_it_is_taken(quiltt: Service) -> None:
    quiltt.subscribe()
    quiltt.subscriber.refusals = [500, 401, 429]

    quiltt.profile()

    assert len(quiltt.taken()) == 1
    attempts = quiltt.http.get("/_sandbox/webhooks").json()["attempts"]
    assert [(each["attempt"], each["status"]) for each in attempts] == [
        (1, 500),
        (2, 401),
        (3, 429),
        (4, 200),
    ]
    assert len({each["body"] for each in attempts}) == 1


def test_nobody_there_is_an_attempt_too(quiltt: Service) -> None:
    wanted = {"name": "gone", "targetUrl": "http://127.0.0.1:9/", "eventTypes": ["profile"]}
    subscription_id = quiltt.http.post("/v1/webhooks/subscriptions", json=wanted).json()["id"]

    quiltt.profile()
    deadline = time.monotonic() + 10
    attempts: list[dict[str, Any]] = []
    while not attempts and time.monotonic() < deadline:
        attempts = quiltt.http.get("/_sandbox/webhooks").json()["attempts"]
        time.sleep(0.01)
    quiltt.http.delete(f"/v1/webhooks/subscriptions/{subscription_id}")

    assert attempts[0]["status"] is None
    quiltt.control.wait_for_webhooks()


def test_held_events_go_out_in_reverse(quiltt: Service) -> None:
    quiltt.subscribe("profile")
    quiltt.control.hold_webhooks()
    first, second = quiltt.profile(), quiltt.profile()
    assert quiltt.taken() == []

    quiltt.control.send_webhooks(is_reversed=True)

    received = [taken.payload["events"][0]["profile"]["id"] for taken in quiltt.taken()]
    assert received == [second, first]
    quiltt.profile()
    assert len(quiltt.taken()) == 3, "nothing is held any more"


def test_events_of_several_profiles_share_a_payload(quiltt: Service) -> None:
    quiltt.subscribe("profile")
    quiltt.control.hold_webhooks()
    profiles = {quiltt.profile() for _ in range(3)}

    quiltt.control.send_webhooks(is_together=True)

    [taken] = quiltt.taken()
    assert {event["profile"]["id"] for event in taken.payload["events"]} == profiles
    assert taken.payload["eventTypes"] == ["profile.created"]


def test_events_come_twice_and_later_again(quiltt: Service) -> None:
    quiltt.subscribe("profile")
    quiltt.control.hold_webhooks()
    quiltt.profile()
    sent = quiltt.control.send_webhooks(times=2)

    assert ids(quiltt.taken()) == sent * 2
    quiltt.control.send_webhooks(event_ids=sent)
    assert ids(quiltt.taken()) == sent * 3
    assert [event["id"] for event in quiltt.control.events()] == sent


def test_signatures_are_forged_or_old(quiltt: Service) -> None:
    quiltt.subscribe("profile")
    quiltt.profile()
    [event_id] = ids(quiltt.taken())

    quiltt.control.send_webhooks(event_ids=[event_id], is_forged=True)
    quiltt.control.send_webhooks(event_ids=[event_id], age_s=600)

    _, forged, old = quiltt.taken()
    assert not is_genuine(forged)
    assert is_genuine(old)
    assert int(old.headers["quiltt-timestamp"]) == int(NOW.timestamp()) - 600


def test_payloads_come_late(quiltt: Service) -> None:
    quiltt.subscribe("profile")
    quiltt.control.hold_webhooks()
    quiltt.profile()
    started = time.monotonic()

    quiltt.control.send_webhooks(delay_s=0.2)

    assert len(quiltt.taken()) == 1
    assert time.monotonic() - started >= 0.2


def test_records_come_without_a_status(quiltt: Service) -> None:
    quiltt.subscribe("connection")
    quiltt.control.hold_webhooks()
    quiltt.linked()

    quiltt.control.send_webhooks(is_without_status=True)

    [taken] = quiltt.taken()
    assert all("status" not in event["record"] for event in taken.payload["events"])


def test_payload_may_be_empty(quiltt: Service) -> None:
    quiltt.subscribe()

    quiltt.control.send_raw_webhook()

    [taken] = quiltt.taken()
    assert taken.payload["events"] == []
    assert is_genuine(taken)


def test_payload_may_be_anything(quiltt: Service) -> None:
    quiltt.subscribe("profile")
    events = [{"id": "evt_1", "type": "charge.execute"}, None]

    quiltt.control.send_raw_webhook(payload={"events": events})

    [taken] = quiltt.taken()
    assert taken.payload["events"] == events
    assert is_genuine(taken)


@pytest.mark.parametrize("relink", ["same", "moved"])
def test_accounts_of_a_broken_connection_move_to_its_successor(
    quiltt: Service, relink: str
) -> None:
    profile_id, left = quiltt.linked(accounts=["Everyday Checking"])
    account = quiltt.control.truth(left)["accounts"][0]
    quiltt.control.error(left)
    quiltt.control.set(relink=relink)
    quiltt.subscribe("account", "connection.disconnected")

    entered = quiltt.control.link(profile_id=profile_id, accounts=["Everyday Checking"])

    [taken] = quiltt.taken()
    moved, ended = taken.payload["events"]
    assert moved["type"] == "account.reconnected"
    assert moved["metadata"] == {
        "from": {"id": left, "provider": "MX"},
        "to": {"id": entered, "provider": "MX"},
    }
    assert moved["record"]["id"] == account["id"]
    assert moved["record"]["connectionId"] == entered
    assert (ended["type"], ended["record"]["id"]) == ("connection.disconnected", left)
    assert quiltt.control.truth(entered)["accounts"] == [account]
    assert quiltt.control.truth(left)["accounts"] == []


def test_webhooks_are_controlled_over_http(quiltt: Service) -> None:
    quiltt.subscribe("profile")

    def post(path: str, body: dict[str, Any] | None = None) -> Any:
        reply = quiltt.http.post(f"/_sandbox/webhooks/{path}", json=body or {})
        assert reply.status_code == 200, reply.text
        return reply.json()

    post("hold")
    quiltt.profile()
    [event_id] = post("send", {"times": 2, "is_reversed": True})["ids"]
    post("raw", {"payload": {"events": []}})

    assert ids(quiltt.taken()) == [event_id] * 2
    assert len(quiltt.subscriber.taken) == 3
    listed = quiltt.http.get("/_sandbox/webhooks").json()
    assert [event["id"] for event in listed["events"]] == [event_id]
    assert json.loads(listed["attempts"][-1]["body"])["events"] == []
    refused = quiltt.http.post("/_sandbox/webhooks/send", json={"is_backwards": True})
    assert (refused.status_code, refused.json()) == (422, {"is_backwards": ["is unknown"]})


@pytest.mark.parametrize(
    "url",
    ["http://[::1", "http://127.0.0.1:99999/", "http://127.0.0.1:x/", "http://127.0.0.1:0/"],
)
def test_an_address_that_is_none_is_refused_where_it_is_set(quiltt: Service, url: str) -> None:
    wanted = {"name": "nowhere", "targetUrl": url, "eventTypes": ["profile"]}

    refused = quiltt.http.post("/v1/webhooks/subscriptions", json=wanted)

    assert refused.status_code == 422
    assert "targetUrl" in refused.text


def test_a_parcel_to_nowhere_keeps_no_other_from_coming() -> None:
    courier = Courier(secret=WEBHOOK_SECRET, now=lambda: NOW, backoff_s=0)

    with receiving() as receiver:
        courier.take(
            [
                Parcel(subscription_id="nowhere", url="http://127.0.0.1:99999/", body=b"{}"),
                Parcel(subscription_id="here", url=receiver.url, body=b"{}"),
            ]
        )
        courier.wait()

        assert len(receiver.received) == 1
    assert {one["status"] for one in courier.receipts()} == {None, 200}
