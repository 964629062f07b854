"""Webhooks of Quiltt: signatures bit by bit, batches of several profiles, and every type."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from providers.quiltt.connector import QUILTT
from providers.quiltt.events import SIGNATURE, TIMESTAMP
from providers.webhooks import (
    BadSignature,
    Event,
    Ignore,
    Incoming,
    Malformed,
    Reauth,
    Relinked,
    Revoked,
    Sync,
    SyncKind,
)
from sandbox.quiltt_courier import signature
from sandbox.quiltt_webhooks import EVENT_TYPES

# The vector of the fact sheet, which three integrators have confirmed.
SECRET: Final = b"whsec_test"
STAMP: Final = "1790000000"
BODY: Final = b'{"environment":{"id":"env_1"},"eventTypes":["connection.created"],"events":[]}'
SIGNED: Final = "RJUgqn1tjksQLQI4+j3l8/ksnp8TXo6BWKp62tYnk+s="
AT: Final = datetime.fromtimestamp(int(STAMP), UTC)


async def test_the_known_vector_is_accepted() -> None:
    await _verify()


async def test_the_simulated_service_signs_the_same_way() -> None:
    assert signature(SECRET.decode(), STAMP, BODY) == SIGNED


async def test_each_of_two_valid_secrets_will_do() -> None:
    await _verify(secrets=[b"whsec_new", SECRET])
    await _verify(secrets=[SECRET, b"whsec_old"])


@given(place=st.integers(0, len(BODY) * 8 - 1))
def test_no_bit_of_the_body_can_be_another(place: int) -> None:
    body = bytearray(BODY)
    body[place // 8] ^= 1 << place % 8

    assert _reason(body=bytes(body)) == "signature"


@given(place=st.integers(0, len(SIGNED) - 1), character=st.characters(codec="ascii"))
def test_no_character_of_the_signature_can_be_another(place: int, character: str) -> None:
    other = SIGNED[:place] + character + SIGNED[place + 1 :]

    if other != SIGNED:
        assert _reason(given=other) == "signature"


@pytest.mark.parametrize("given", ["", "signature", SIGNED.lower(), f"v1,{SIGNED}", "\ud800", "é"])
def test_what_is_no_signature_is_a_wrong_one(given: str) -> None:
    assert _reason(given=given) == "signature"


def test_another_secret_and_none_at_all_are_wrong() -> None:
    assert _reason(secrets=[b"whsec_other"]) == "signature"
    assert _reason(secrets=[]) == "signature"


@pytest.mark.parametrize(("seconds", "is_taken"), [(300, True), (301, False), (86_400, False)])
def test_a_signature_is_good_for_five_minutes_in_both_directions(
    seconds: int, is_taken: bool
) -> None:
    for away in (timedelta(seconds=seconds), timedelta(seconds=-seconds)):
        assert _reason(received_at=AT + away) == (None if is_taken else "timestamp")


@pytest.mark.parametrize(
    "stamp", ["", "1790000000.0", "2026-09-21T00:00:00Z", "-1", "+1790000000", "1e9", "٣", "9" * 13]
)
async def test_a_time_that_is_no_number_of_seconds_is_malformed(stamp: str) -> None:
    with pytest.raises(Malformed):
        await _verify(stamp=stamp)


@pytest.mark.parametrize("missing", [TIMESTAMP, SIGNATURE])
async def test_a_request_without_a_header_is_malformed(missing: str) -> None:
    headers = {TIMESTAMP: STAMP, SIGNATURE: SIGNED}
    del headers[missing]
    request = Incoming(headers=headers, body=BODY, received_at=AT, url="")

    with pytest.raises(Malformed):
        await QUILTT.verify(request, [SECRET], _no_client())


def test_a_batch_without_events_is_none() -> None:
    assert _events(BODY) == []


def test_events_of_several_profiles_stay_each_with_its_own() -> None:
    batch = [_told(number, profile=f"p_{number}", record={"id": f"conn_{number}"})
             for number in range(5)]  # fmt: skip

    told = _events(_batch(batch))

    assert [event.key for event in told] == [f"evt_{number}" for number in range(5)]
    assert [event.item for event in told] == [f"conn_{number}" for number in range(5)]
    for number, event in enumerate(told):
        assert event.environment == "env_1"
        others = {f"p_{other}" for other in range(5)} - {f"p_{number}"}
        assert not any(other.encode() in event.body for other in others)


def test_what_is_no_event_is_kept_in_its_own_place() -> None:
    good = _told(1, record={"id": "conn_1"})
    batch: list[Any] = [None, good, {"id": "evt_2"}, "text", _told(3, record={"id": "conn_3"})]

    told = _events(_batch(batch))

    assert [event.item for event in told] == [None, "conn_1", None, None, "conn_3"]
    assert [event.type for event in told][::2] == ["malformed", "malformed", told[1].type]
    assert len({event.key for event in told}) == 5
    assert list(QUILTT.reactions(told[0])) == [Ignore(known=False)]


def test_the_same_batch_again_has_the_same_keys() -> None:
    body = _batch([{"type": "connection.created"}, {"type": "connection.created"}])

    first, again = _events(body), _events(body)

    assert [event.key for event in first] == [event.key for event in again]
    assert len({event.key for event in first}) == 2


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"x"', b"{", b"{}", b'{"events": {}}', b"\xff\xfe"]
)
def test_what_is_no_batch_is_malformed(body: bytes) -> None:
    with pytest.raises(Malformed):
        _events(body)


DAYS: Final = {"startDate": "2026-10-01", "endDate": "2026-11-01"}
SINCE, UNTIL = date(2026, 10, 1), date(2026, 11, 1)
ENDS: Final = {"from": {"id": "conn_1", "provider": "MX"}, "to": {"id": "conn_2"}}
EXPECTED: Final[dict[str, Sequence[Any]]] = {
    "profile.created": [Ignore()],
    "profile.ready": [Ignore()],
    "profile.deleted": [Revoked(code="profile-deleted")],
    "connection.created": [Sync(kind=SyncKind.INITIAL)],
    "connection.synced.successful": [Sync()],
    "connection.synced.successful.initial": [Sync(kind=SyncKind.INITIAL)],
    "connection.synced.successful.historical": [Sync(kind=SyncKind.HISTORICAL)],
    "connection.synced.errored.repairable": [Reauth(code="login-required"), Sync()],
    "connection.synced.errored.institution": [Sync()],
    "connection.synced.errored.provider": [Sync()],
    "connection.synced.errored.service": [Sync()],
    "connection.disconnected": [Revoked(code="disconnected", external_id="rec_1")],
    "account.created": [Sync()],
    "account.owners_verified": [Ignore()],
    "account.reconnected": [Sync()],
    "account.verified": [Ignore()],
    "balance.created": [Sync()],
    "statement.ready": [Ignore()],
    "charge.execute": [Ignore()],
}


def test_every_type_that_there_is_has_its_reaction() -> None:
    assert set(EXPECTED) == set(EVENT_TYPES)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_what_a_type_asks_for_follows_from_the_type_alone(name: str) -> None:
    bare = {"id": "rec_1"}  # a record without its status, as it has been seen
    [event] = _events(_batch([_told(1, name=name, record=bare)]))

    assert list(QUILTT.reactions(event)) == EXPECTED[name]


def test_the_days_that_changed_are_told() -> None:
    assert _reactions("connection.synced.successful", metadata=DAYS) == [
        Sync(since=SINCE, until=UNTIL)
    ]
    assert _reactions("profile.ready", metadata={**DAYS, "connectionId": "conn_1"}) == [
        Sync(since=SINCE, until=UNTIL)
    ]
    wrong = {"startDate": "yesterday", "endDate": 5}
    assert _reactions("connection.synced.successful", metadata=wrong) == [Sync()]


def test_an_account_that_was_reconnected_names_both_connections() -> None:
    assert _reactions("account.reconnected", metadata=ENDS) == [
        Relinked(from_id="conn_1", to_id="conn_2", account="rec_1"),
        Sync(),
    ]


def test_a_balance_of_a_sync_needs_no_other_sync() -> None:
    for source, asked in (("SYNC", Ignore()), ("INITIAL", Ignore()), ("REFRESH", Sync())):
        record = {"id": "bal_1", "accountId": "acct_1", "source": source}
        assert _reactions("balance.created", record=record) == [asked]


def test_a_type_that_nobody_knows_is_kept() -> None:
    assert _reactions("transaction.created") == [Ignore(known=False)]
    assert _reactions("connection.synced.failed") == [Ignore(known=False)]


@pytest.mark.parametrize(
    ("name", "record", "metadata", "item"),
    [
        ("connection.created", {"id": "conn_1"}, {}, "conn_1"),
        ("account.created", {"id": "acct_1", "connectionId": "conn_1"}, {}, "conn_1"),
        ("account.reconnected", {"id": "acct_1"}, ENDS, "conn_2"),
        ("balance.created", {"id": "bal_1", "accountId": "acct_1"}, {}, "p_1"),
        ("profile.ready", {"id": "p_1"}, {"connectionId": "conn_1"}, "conn_1"),
        ("profile.deleted", {"id": "p_1"}, {}, "p_1"),
        ("connection.created", {}, {}, "p_1"),
        ("something.new", {"id": "x_1"}, {}, "p_1"),
    ],
)
def test_an_event_is_for_the_connection_that_it_names(
    name: str, record: dict[str, Any], metadata: dict[str, Any], item: str
) -> None:
    [event] = _events(_batch([_told(1, name=name, record=record, metadata=metadata)]))

    assert event.item == item


def test_the_instant_of_an_event_is_told_where_it_can_be_read() -> None:
    told = [_told(1), _told(2) | {"at": "soon"}, _told(3) | {"at": None}]

    assert [event.at for event in _events(_batch(told))] == [
        datetime(2026, 11, 1, 10, tzinfo=UTC),
        None,
        None,
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=12), inner, max_size=3)
    ),
    max_leaves=8,
)
_PARTS = st.sampled_from(["id", "type", "at", "profile", "record", "metadata"])


@given(
    events=st.lists(
        st.dictionaries(_PARTS, _JSON | st.sampled_from(sorted(EXPECTED)), max_size=6) | _JSON,
        max_size=5,
    )
)
def test_whatever_a_batch_holds_each_of_it_is_an_event(events: list[Any]) -> None:
    body = json.dumps({"environment": {"id": "env_1"}, "events": events}, allow_nan=True).encode()
    try:
        told = _events(body)
    except Malformed:
        assert b"NaN" in body or b"Infinity" in body
        return

    assert len(told) == len(events)
    for event in told:
        assert event.key
        assert event.type
        assert QUILTT.reactions(event)


def _events(body: bytes) -> Sequence[Event]:
    return QUILTT.events(Incoming(headers={}, body=body, received_at=AT, url=""))


def _told(
    number: int,
    *,
    name: str = "connection.synced.successful",
    profile: str = "p_1",
    record: dict[str, Any] | None = None,
    metadata: dict[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": f"evt_{number}",
        "at": "2026-11-01T10:00:00Z",
        "type": name,
        "profile": {"id": profile, "uuid": "", "metadata": None},
        "record": record or {},
        "metadata": metadata or {},
    }


def _batch(events: list[Any]) -> bytes:
    return json.dumps({"environment": {"id": "env_1"}, "events": events}).encode()


def _reactions(name: str, **parts: Any) -> list[Any]:
    parts.setdefault("record", {"id": "rec_1"})
    [event] = _events(_batch([_told(1, name=name, **parts)]))
    return list(QUILTT.reactions(event))


async def _verify(
    *,
    body: bytes = BODY,
    stamp: str = STAMP,
    given: str = SIGNED,
    secrets: Sequence[bytes] = (SECRET,),
    received_at: datetime = AT,
) -> None:
    headers = {TIMESTAMP: stamp, SIGNATURE: given}
    request = Incoming(headers=headers, body=body, received_at=received_at, url="")
    await QUILTT.verify(request, secrets, _no_client())


def _reason(**request: Any) -> str | None:
    """Why a request is refused; None: it is not."""
    coroutine = _verify(**request)
    try:
        coroutine.send(None)
    except BadSignature as refused:
        return refused.reason
    except StopIteration:
        return None
    raise AssertionError("nothing is to be waited for")


def _no_client() -> Any:
    """Signatures are checked without asking anybody."""
    return None
