"""Webhooks of Quiltt: batches of events of several profiles, signed over their raw bytes.

What an event means follows from its type alone: records lack their status at times, and events come
late, twice and out of order. So most of them only say that there is something to look at.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final

from providers.http import read_json
from providers.webhooks import (
    ITEM_CHARACTERS_MAX,
    KEY_CHARACTERS_MAX,
    TOLERANCE_S,
    TYPE_CHARACTERS_MAX,
    BadSignature,
    Event,
    Ignore,
    Incoming,
    Malformed,
    Reaction,
    Reauth,
    Relinked,
    Revoked,
    Sync,
    SyncKind,
)

TIMESTAMP: Final = "quiltt-timestamp"
SIGNATURE: Final = "quiltt-signature"
EVENTS_MAX: Final = 10_000
MALFORMED: Final = "malformed"  # the type of what is no event, kept all the same

_VERSION: Final = b"1"
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


def verify(request: Incoming, secrets: Sequence[bytes]) -> None:
    """Raises BadSignature and Malformed. Signed are the version, the time and the raw body."""
    timestamp, given = request.headers.get(TIMESTAMP), request.headers.get(SIGNATURE)
    if timestamp is None or given is None:
        raise Malformed("no-signature")
    if not _SECONDS.fullmatch(timestamp):
        raise Malformed("timestamp")
    signed = _VERSION + timestamp.encode() + request.body
    mine = [
        base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode() for secret in secrets
    ]
    offered = given.encode("utf-8", "replace")
    # All are compared, so that the time does not tell which of them it was.
    if not any([hmac.compare_digest(one.encode(), offered) for one in mine]):
        raise BadSignature("signature")
    if abs(request.received_at.timestamp() - int(timestamp)) > TOLERANCE_S:
        raise BadSignature("timestamp")


def events(body: bytes) -> Sequence[Event]:
    """The events in their order, each with its own part of the body. Raises Malformed."""
    try:
        said = read_json(body)
    except ValueError:
        raise Malformed("json") from None
    batch = said.get("events") if isinstance(said, dict) else None
    if not isinstance(batch, list) or len(batch) > EVENTS_MAX:
        raise Malformed("events")
    environment = _text(_object(said.get("environment")), "id") or ""
    environment = environment[:ITEM_CHARACTERS_MAX]
    return [_event(each, environment, index, body) for index, each in enumerate(batch)]


def reactions(event: Event) -> Sequence[Reaction]:
    """What an event asks for."""
    react = _REACTIONS.get(event.type)
    if react is None:
        return (Ignore(known=False),)
    try:
        said = read_json(event.body)
    except ValueError:
        return (Ignore(known=False),)
    return react(_object(said))


def _event(each: Any, environment: str, index: int, body: bytes) -> Event:
    """One event. What is none is kept as such, in its own place: the others are not moved."""
    said = _object(each)
    type_name, key = _text(said, "type"), _text(said, "id")
    if key is None or len(key) > KEY_CHARACTERS_MAX:
        key = hashlib.sha256(body + b"#" + str(index).encode()).hexdigest()
    return Event(
        key=key,
        type=(type_name or MALFORMED)[:TYPE_CHARACTERS_MAX],
        item=_item(type_name or "", said),
        at=_instant(said.get("at")),
        body=json.dumps(each, default=str).encode(),
        environment=environment,
    )


def _item(type_name: str, said: Mapping[str, Any]) -> str | None:
    """What the event is about: a connection, or where none is named the profile, whose events go
    to the connection of it that was linked last."""
    record, metadata = _object(said.get("record")), _object(said.get("metadata"))
    named: list[str | None] = []
    match type_name.partition(".")[0]:
        case "connection":
            named = [_text(record, "id")]
        case "account":
            named = [_text(record, "connectionId"), _text(_object(metadata.get("to")), "id")]
        case "balance" | "statement":
            named = [_text(record, "connectionId")]
        case "profile":
            named = [_text(metadata, "connectionId")]
        case _:
            pass
    named.append(_text(_object(said.get("profile")), "id"))
    found = next((one for one in named if one), None)
    return found if found is not None and len(found) <= ITEM_CHARACTERS_MAX else None


def _updates(said: Mapping[str, Any]) -> Sequence[Reaction]:
    return (_sync(SyncKind.UPDATES, said),)


def _initial(said: Mapping[str, Any]) -> Sequence[Reaction]:
    return (_sync(SyncKind.INITIAL, said),)


def _historical(said: Mapping[str, Any]) -> Sequence[Reaction]:
    return (_sync(SyncKind.HISTORICAL, said),)


def _look(_: Mapping[str, Any]) -> Sequence[Reaction]:
    """The sync finds what is wrong, if it still is, and when to ask again."""
    return (Sync(),)


def _repairable(_: Mapping[str, Any]) -> Sequence[Reaction]:
    """The event may be older than the repair: the sync finds out."""
    return (Reauth(code="login-required"), Sync())


def _disconnected(said: Mapping[str, Any]) -> Sequence[Reaction]:
    """Also what is left of a connection whose accounts have moved to another."""
    record = _object(said.get("record"))
    return (Revoked(code="disconnected", external_id=_text(record, "id")),)


def _deleted(_: Mapping[str, Any]) -> Sequence[Reaction]:
    return (Revoked(code="profile-deleted"),)


def _reconnected(said: Mapping[str, Any]) -> Sequence[Reaction]:
    """The account is the same, under another connection."""
    metadata = _object(said.get("metadata"))
    ends = [_text(_object(metadata.get(name)), "id") for name in ("from", "to")]
    account = _text(_object(said.get("record")), "id")
    if ends[0] is None or ends[1] is None or account is None:
        return (Sync(),)
    return (Relinked(from_id=ends[0], to_id=ends[1], account=account), Sync())


def _balance(said: Mapping[str, Any]) -> Sequence[Reaction]:
    """Balances of a sync come with its own event; one that somebody asked for comes alone."""
    source = _text(_object(said.get("record")), "source")
    return (Ignore(),) if source in {"INITIAL", "SYNC"} else (Sync(),)


def _ready(said: Mapping[str, Any]) -> Sequence[Reaction]:
    """What is ready is of a connection, or nothing that is read here."""
    named = _text(_object(said.get("metadata")), "connectionId")
    return (Ignore(),) if named is None else _updates(said)


def _nothing(_: Mapping[str, Any]) -> Sequence[Reaction]:
    return (Ignore(),)


_REACTIONS: Final[Mapping[str, Callable[[Mapping[str, Any]], Sequence[Reaction]]]] = {
    "profile.created": _nothing,
    "profile.ready": _ready,
    "profile.deleted": _deleted,
    # Waits in the inbox until the browser has told which connection it has made.
    "connection.created": _initial,
    "connection.synced.successful": _updates,
    "connection.synced.successful.initial": _initial,
    "connection.synced.successful.historical": _historical,
    "connection.synced.errored.repairable": _repairable,
    "connection.synced.errored.institution": _look,
    "connection.synced.errored.provider": _look,
    "connection.synced.errored.service": _look,
    "connection.disconnected": _disconnected,
    "account.created": _updates,
    "account.owners_verified": _nothing,
    "account.reconnected": _reconnected,
    "account.verified": _nothing,
    "balance.created": _balance,
    "statement.ready": _nothing,
    "charge.execute": _nothing,
}


def _sync(kind: SyncKind, said: Mapping[str, Any]) -> Sync:
    days = _object(said.get("metadata"))
    return Sync(kind=kind, since=_day(days.get("startDate")), until=_day(days.get("endDate")))


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(of: Mapping[str, Any], name: str) -> str | None:
    value = of.get(name)
    return value if isinstance(value, str) and value else None


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _instant(value: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return None if at is None else (at if at.tzinfo else at.replace(tzinfo=UTC))
