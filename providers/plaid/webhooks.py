"""Plaid's webhooks: what each of them tells, and what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final

from core.provider_error import Action
from providers.http import read_json
from providers.plaid.errors import of_error
from providers.plaid.signatures import claims
from providers.webhooks import (
    Event,
    Healthy,
    Ignore,
    Incoming,
    Malformed,
    Notice,
    Reaction,
    Reauth,
    Revoked,
    Sync,
    SyncKind,
)

WARNED_BEFORE: Final = timedelta(days=7)  # where the webhook names no day


def events(request: Incoming) -> Sequence[Event]:
    """The one event of a verified request.

    Plaid gives events no id, and equal bodies come again and again: only the time of the signature
    tells a second event from the first one that is sent twice.
    """
    told = _object(request.body)
    signed = claims(request)
    item, type_ = told.get("item_id"), _type(told)
    digest = sha256(request.body).hexdigest()
    key = sha256(f"{item}\n{type_}\n{int(signed.at.timestamp())}\n{digest}".encode()).hexdigest()
    return [
        Event(
            key=key,
            type=type_,
            item=item if isinstance(item, str) and item else None,
            at=signed.at,
            body=request.body,
        )
    ]


def reactions(event: Event) -> Sequence[Reaction]:
    """What the event asks for; syncs find out by themselves what there is."""
    told = _object(event.body)
    answer = _ANSWERS.get(_type(told))
    if answer is not None:
        return answer(told, event.at)
    return [Ignore(known=_type(told).partition("/")[0] == "LINK")]


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        value = read_json(body)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise Malformed("no-object")
    return value


def _type(told: Mapping[str, Any]) -> str:
    kind, code = told.get("webhook_type"), told.get("webhook_code")
    if not isinstance(kind, str) or not isinstance(code, str):
        raise Malformed("no-type")
    return f"{kind}/{code}"


_Answer = Callable[[Mapping[str, Any], datetime | None], Sequence[Reaction]]


def _nothing(_: Mapping[str, Any], __: datetime | None) -> Sequence[Reaction]:
    return [Ignore()]


def _updates(told: Mapping[str, Any], _: datetime | None) -> Sequence[Reaction]:
    is_all = told.get("historical_update_complete") is not False
    return [Sync(kind=SyncKind.UPDATES if is_all else SyncKind.INITIAL)]


def _investments(_: Mapping[str, Any], __: datetime | None) -> Sequence[Reaction]:
    return [Sync(kind=SyncKind.INVESTMENTS)]


def _error(told: Mapping[str, Any], _: datetime | None) -> Sequence[Reaction]:
    """An error that passes is nothing to do for; one that nobody knows, a sync finds out about."""
    error = of_error(told.get("error"))
    if error is None:
        return [Sync()]
    match error.action:
        case Action.REAUTH:
            return [Reauth(code=error.code)]
        case Action.RETRY:
            return [Ignore()]
        case Action.STOP:
            return [Revoked(code=error.code)] if error.code in _ENDS else [Sync()]


_ENDS: Final = frozenset(
    {
        "item-not-found",
        "item-concurrently-deleted",
        "user-permission-revoked",
        "invalid-access-token",
        "institution-no-longer-supported",
    }
)


def _repaired(_: Mapping[str, Any], __: datetime | None) -> Sequence[Reaction]:
    return [Healthy(), Sync()]


def _disconnects(told: Mapping[str, Any], at: datetime | None) -> Sequence[Reaction]:
    return [Reauth(code="pending-disconnect", by=_by(told.get("disconnect_time"), at))]


def _expires(told: Mapping[str, Any], at: datetime | None) -> Sequence[Reaction]:
    return [Reauth(code="pending-expiration", by=_by(told.get("consent_expiration_time"), at))]


def _revoked(_: Mapping[str, Any], __: datetime | None) -> Sequence[Reaction]:
    return [Revoked(code="user-permission-revoked")]


def _account_revoked(told: Mapping[str, Any], _: datetime | None) -> Sequence[Reaction]:
    account = told.get("account_id")
    data = {"code": "account-revoked"}
    if isinstance(account, str):
        data["account"] = account
    return [Notice(kind="data_anomaly", data=data), Sync()]


def _new_accounts(_: Mapping[str, Any], __: datetime | None) -> Sequence[Reaction]:
    return [Notice(kind="new_accounts_available")]


def _by(value: Any, at: datetime | None) -> datetime | None:
    if isinstance(value, str):
        try:
            stated = datetime.fromisoformat(value)
        except ValueError:
            stated = None
        if stated is not None and stated.tzinfo is not None:
            return stated
    return None if at is None else at + WARNED_BEFORE


_ANSWERS: Final[Mapping[str, _Answer]] = {
    "TRANSACTIONS/SYNC_UPDATES_AVAILABLE": _updates,
    # Sent beside the one above, for clients of the older endpoint.
    "TRANSACTIONS/INITIAL_UPDATE": _nothing,
    "TRANSACTIONS/HISTORICAL_UPDATE": _nothing,
    "TRANSACTIONS/DEFAULT_UPDATE": _nothing,
    "TRANSACTIONS/TRANSACTIONS_REMOVED": _nothing,
    "TRANSACTIONS/RECURRING_TRANSACTIONS_UPDATE": _nothing,
    "ITEM/ERROR": _error,
    "ITEM/LOGIN_REPAIRED": _repaired,
    "ITEM/PENDING_DISCONNECT": _disconnects,
    "ITEM/PENDING_EXPIRATION": _expires,
    "ITEM/USER_PERMISSION_REVOKED": _revoked,
    "ITEM/USER_ACCOUNT_REVOKED": _account_revoked,
    "ITEM/NEW_ACCOUNTS_AVAILABLE": _new_accounts,
    "ITEM/WEBHOOK_UPDATE_ACKNOWLEDGED": _nothing,
    "HOLDINGS/DEFAULT_UPDATE": _investments,
    "INVESTMENTS_TRANSACTIONS/DEFAULT_UPDATE": _investments,
    "INVESTMENTS_TRANSACTIONS/HISTORICAL_UPDATE": _investments,
}
