"""The truth of the simulated Quiltt: its API tells the same, in whatever order things happen."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from tests.fixtures.quiltt_reading import mirrored, transactions, truth_of
from tests.fixtures.quiltt_service import Service, Services

DAY_S = 86_400
STEPS = st.one_of(
    st.fixed_dictionaries(
        {
            "posted": st.integers(0, 3),
            "pending": st.integers(0, 3),
            "projected": st.integers(0, 1),
            "settled": st.integers(0, 2),
            "settled_higher": st.integers(0, 1),
            "vanished": st.integers(0, 2),
            "unposted": st.integers(0, 1),
            "edited": st.integers(0, 2),
            "sync": st.booleans(),
        }
    ),
    st.sampled_from(
        ["sync", "advance", "error", "recover", "same", "moved", "new_ids", "open", "close"]
    ),
)


def act(quiltt: Service, connection_id: str, step: dict[str, Any] | str) -> str:
    """Does one step; the id of the connection after it."""
    control = quiltt.control
    match step:
        case dict():
            control.change(connection_id, **step)
        case "sync":
            control.sync(connection_id)
        case "advance":
            control.advance(seconds=4 * DAY_S)
        case "error":
            control.error(connection_id)
            return control.reconnect(connection_id)
        case "recover":
            control.error(connection_id, kind="provider")
            control.recover(connection_id)
        case "open":
            control.open_account(connection_id)
        case "close":
            accounts = control.truth(connection_id)["accounts"]
            if len(accounts) > 3:  # those that were opened later
                control.close_account(accounts[-1]["id"])
        case "same" | "moved" | "new_ids" as mode:
            return control.reconnect(connection_id, mode=mode)
    return connection_id


@given(steps=st.lists(STEPS, max_size=8))
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_api_tells_the_truth_after_any_changes(
    quiltt_sockets: Services, steps: list[dict[str, Any] | str]
) -> None:
    with quiltt_sockets.fresh(history_days=20) as quiltt:
        profile_id, connection_id = quiltt.linked()

        for step in steps:
            connection_id = act(quiltt, connection_id, step)
            assert mirrored(quiltt, profile_id, connection_id) == truth_of(quiltt, connection_id)


@given(steps=st.lists(STEPS, max_size=5))
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_equal_seeds_and_steps_make_equal_worlds(
    quiltt_sockets: Services, steps: list[dict[str, Any] | str]
) -> None:
    told = []
    for _ in range(2):
        with quiltt_sockets.fresh(history_days=20) as quiltt:
            _, connection_id = quiltt.linked(institution="Sandbox World Bank")
            for step in steps:
                connection_id = act(quiltt, connection_id, step)
            told.append((quiltt.control.truth(connection_id), quiltt.control.events()))

    assert told[0] == told[1]


def test_balance_follows_what_is_posted(quiltt: Service) -> None:
    _, connection_id = quiltt.linked(accounts=["Rewards Card"])
    [before] = quiltt.control.truth(connection_id)["accounts"]

    quiltt.control.change(connection_id, posted=2, pending=1)

    [after] = quiltt.control.truth(connection_id)["accounts"]
    known = {each["id"] for each in before["transactions"]}
    fresh = [each for each in after["transactions"] if each["id"] not in known]
    posted = sum(each["amount"] for each in fresh if each["status"] == "POSTED")
    pending = sum(each["amount"] for each in fresh if each["status"] == "PENDING")
    assert before["current"] == Decimal("-321.09")
    assert after["current"] == before["current"] + posted
    assert after["available"] == after["current"] + after["limit"] + pending


def test_pending_one_is_posted_under_another_id(quiltt: Service) -> None:
    profile_id, connection_id = quiltt.linked(accounts=["Everyday Checking"])
    [account] = quiltt.control.truth(connection_id)["accounts"]

    [pending_id] = quiltt.control.change(connection_id, pending=1)["added"]
    quiltt.control.advance(seconds=2 * DAY_S)
    moved = quiltt.control.change(connection_id, settled_higher=1)

    [posted_id] = moved["added"]
    assert moved["removed"] == [pending_id]
    read = {node["id"]: node for node in transactions(quiltt, profile_id, [account["id"]])}
    assert pending_id not in read
    assert (read[posted_id]["status"], read[posted_id]["date"]) == ("POSTED", "2026-12-02")
    assert pending_id not in str(read[posted_id]), "nothing in the answer links them"
    [known] = [
        each
        for each in quiltt.control.truth(connection_id)["accounts"][0]["transactions"]
        if each["id"] == posted_id
    ]
    assert known["pending_id"] == pending_id


def test_projected_one_is_posted_when_its_day_comes(quiltt: Service) -> None:
    _, connection_id = quiltt.linked(accounts=["Everyday Checking"])
    [projected_id] = quiltt.control.change(connection_id, projected=1)["added"]

    quiltt.control.advance(seconds=6 * DAY_S)
    early = quiltt.control.sync(connection_id)
    quiltt.control.advance(seconds=DAY_S)
    due = quiltt.control.sync(connection_id)

    assert early == {"added": [], "removed": []}
    assert due["removed"] == [projected_id]
    assert len(due["added"]) == 1


def test_history_comes_late(quiltt: Service) -> None:
    quiltt.control.set(initial_after_s=10, historical_after_s=60)
    profile_id, connection_id = quiltt.linked()
    ids = [account["id"] for account in quiltt.control.truth(connection_id)["accounts"]]

    def seen() -> tuple[str, list[str]]:
        status = quiltt.control.truth(connection_id)["connection"]["status"]
        return status, [node["date"] for node in transactions(quiltt, profile_id, ids)]

    assert seen() == ("SYNCING", [])
    quiltt.control.advance(seconds=10)
    status, initial = seen()
    assert status == "SYNCED"
    assert min(initial) >= "2026-10-31"
    quiltt.control.advance(seconds=60)
    _, whole = seen()
    assert min(whole) < "2026-10-31"
    assert len(whole) > len(initial)


def test_clock_passes_everything_due_in_its_order(quiltt: Service) -> None:
    quiltt.control.set(initial_after_s=10, historical_after_s=60)
    _, connection_id = quiltt.linked()

    quiltt.control.advance(seconds=DAY_S)

    synced = [
        (event["type"].rpartition(".")[2], event["at"])
        for event in quiltt.control.events()
        if event["type"].startswith("connection.synced")
    ]
    assert synced == [
        ("initial", "2026-11-30T12:00:10Z"),
        ("historical", "2026-11-30T12:01:10Z"),
    ]
    assert quiltt.control.truth(connection_id)["connection"]["status"] == "SYNCED"


def test_on_a_real_clock_things_happen_by_themselves(quiltt_sockets: Services) -> None:
    running = quiltt_sockets.fresh(
        now=lambda: datetime.now(UTC), initial_after_s=0.05, historical_after_s=0.05
    )
    with running as quiltt:
        quiltt.subscribe("connection.synced")

        quiltt.linked()

        deadline = time.monotonic() + 10
        while len(quiltt.subscriber.taken) < 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert [taken.types for taken in quiltt.subscriber.taken] == [
            ["connection.synced.successful.initial"],
            ["connection.synced.successful.historical"],
        ]


def test_money_keeps_moving_where_that_is_wanted(quiltt_sockets: Services) -> None:
    with quiltt_sockets.fresh(moves_every_s=60) as quiltt:
        _, connection_id = quiltt.linked(accounts=["Everyday Checking"])
        [before] = quiltt.control.truth(connection_id)["accounts"]

        quiltt.control.advance(seconds=180)

        [after] = quiltt.control.truth(connection_id)["accounts"]
        assert len(after["transactions"]) == len(before["transactions"]) + 6
        assert [each["status"] for each in after["transactions"]].count("PENDING") == 1
        types = [event["type"] for event in quiltt.control.events()]
        assert types.count("connection.synced.successful") == 3


def test_money_keeps_moving_though_one_connection_has_no_open_account(
    quiltt_sockets: Services,
) -> None:
    with quiltt_sockets.fresh(moves_every_s=60) as quiltt:
        profile_id, closed_id = quiltt.linked(accounts=["Everyday Checking"])
        [account] = quiltt.control.truth(closed_id)["accounts"]
        quiltt.control.close_account(account["id"])
        open_id = quiltt.control.link(profile_id=profile_id, accounts=["Everyday Checking"])
        [before] = quiltt.control.truth(open_id)["accounts"]

        quiltt.control.advance(seconds=120)

        [after] = quiltt.control.truth(open_id)["accounts"]
        assert len(after["transactions"]) == len(before["transactions"]) + 4


def test_changes_wait_while_a_connection_is_broken(quiltt: Service) -> None:
    _, connection_id = quiltt.linked()
    quiltt.control.error(connection_id)

    refused = quiltt.http.post(f"/_sandbox/connections/{connection_id}/changes", json={"posted": 1})
    waiting = quiltt.control.truth(connection_id)["changes_waiting"]
    quiltt.control.recover(connection_id)

    assert refused.status_code == 409
    assert waiting == 1
    assert quiltt.control.truth(connection_id)["changes_waiting"] == 0


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("clock", {"seconds": 5}, 200),
        ("clock", {"seconds": "soon"}, 422),
        ("settings", {"amounts": "absolute"}, 200),
        ("settings", {"amounts": "odd"}, 422),
        ("settings", {"speed": 1}, 422),
        ("connections", {"profile_id": "p_nobody"}, 404),
        ("connections/{id}/changes", {"posted": 2, "pending": 1}, 200),
        ("connections/{id}/changes", {"posted": 1, "account_id": "acct_x"}, 409),
        ("connections/{id}/sync", {}, 200),
        ("connections/{id}/error", {"kind": "service"}, 200),
        ("connections/{id}/error", {"kind": "odd"}, 422),
        ("connections/{id}/recover", {}, 200),
        ("connections/{id}/reconnect", {"mode": "new_ids"}, 200),
        ("connections/{id}/disconnect", {}, 200),
        ("connections/{id}/accounts", {}, 200),
        ("connections/conn_x/sync", {}, 404),
        ("graphql/failures", {"times": 2}, 200),
    ],
)
def test_control_speaks_http(quiltt: Service, path: str, body: dict[str, Any], status: int) -> None:
    _, connection_id = quiltt.linked()

    reply = quiltt.http.post(f"/_sandbox/{path.format(id=connection_id)}", json=body)

    assert reply.status_code == status, reply.text
    assert quiltt.http.get(f"/_sandbox/connections/{connection_id}/truth").status_code == 200


def test_link_and_settings_by_http(quiltt: Service) -> None:
    profile_id = quiltt.profile()
    body = {"profile_id": profile_id, "institution": "Sandbox Credit Union"}

    connection_id = quiltt.http.post("/_sandbox/connections", json=body).json()["id"]
    account_id = quiltt.control.open_account(connection_id)
    closed = quiltt.http.post(f"/_sandbox/accounts/{account_id}/close")
    quiltt.http.post("/_sandbox/settings", json={"provider": "FINICITY"})

    assert closed.status_code == 200
    assert quiltt.http.get("/_sandbox/settings").json()["provider"] == "FINICITY"
    [listed] = quiltt.http.get("/_sandbox/connections").json()
    assert (listed["id"], listed["provider"]) == (connection_id, "FINICITY")
    accounts = quiltt.control.truth(connection_id)["accounts"]
    assert [account["state"] for account in accounts] == ["OPEN", "OPEN", "CLOSED"]
