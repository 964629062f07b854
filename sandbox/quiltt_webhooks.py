"""Webhooks of the simulated Quiltt: who subscribes to what, and the events on their way.

What one step of the service brings forth goes out as one payload for each subscriber, unless
events are held; what is held, or was sent before, can be sent in disorder and falsified.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sandbox.loopback import is_here
from sandbox.quiltt_answers import Refused, not_found, to_json
from sandbox.quiltt_courier import Courier, Parcel
from sandbox.quiltt_draw import Draw
from sandbox.quiltt_records import Profile, instant

BATCHES_KEPT_MAX: Final = 10_000  # each of what happened in one step
EVENT_TYPES: Final = (
    "profile.created",
    "profile.ready",
    "profile.deleted",
    "connection.created",
    "connection.synced.successful",
    "connection.synced.successful.initial",
    "connection.synced.successful.historical",
    "connection.synced.errored.repairable",
    "connection.synced.errored.institution",
    "connection.synced.errored.provider",
    "connection.synced.errored.service",
    "connection.disconnected",
    "account.created",
    "account.owners_verified",
    "account.reconnected",
    "account.verified",
    "balance.created",
    "statement.ready",
    "charge.execute",
)
SCOPES: Final = (
    "profile",
    "connection",
    "connection.synced",
    "connection.synced.errored",
    "account",
    "balance",
    "statement",
)

Event = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Subscription:
    """Who wants which events where."""

    id: str
    name: str
    target_url: str
    event_types: list[str]
    disabled: bool
    created_at: datetime
    updated_at: datetime

    def wants(self, event: Event) -> bool:
        """A type stands for all that begin with it."""
        return any(f"{event['type']}.".startswith(f"{scope}.") for scope in self.event_types)

    def shown(self) -> dict[str, Any]:
        """The subscription of the REST API."""
        return {
            "id": self.id,
            "name": self.name,
            "targetUrl": self.target_url,
            "eventTypes": self.event_types,
            "disabled": self.disabled,
            "createdAt": instant(self.created_at),
            "updatedAt": instant(self.updated_at),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Mischief:
    """How events are sent that were held or had been sent before."""

    times: int = 1
    is_reversed: bool = False
    is_together: bool = False  # one payload, also of several profiles
    delay_s: float = 0.0
    is_forged: bool = False
    age_s: float = 0.0
    is_without_status: bool = False


class Webhooks:
    """The subscriptions and the events of one environment."""

    def __init__(
        self,
        *,
        draw: Draw,
        now: Callable[[], datetime],
        courier: Courier,
        environment: Callable[[], dict[str, Any]],
    ) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.courier = courier
        self.sent: deque[list[Event]] = deque(maxlen=BATCHES_KEPT_MAX)
        self._draw = draw
        self._now = now
        self._environment = environment
        self._fresh: list[Event] = []
        self._held: list[list[Event]] | None = None  # None: nothing is held back

    def subscribe(self, wanted: dict[str, Any]) -> Subscription:
        """A new subscription; raises Refused with what is wrong for each field."""
        _check(wanted, required=("name", "targetUrl", "eventTypes"))
        made = Subscription(
            id=self._draw.id("wh"),
            name=wanted["name"],
            target_url=wanted["targetUrl"],
            event_types=list(wanted["eventTypes"]),
            disabled=bool(wanted.get("disabled", False)),
            created_at=self._now(),
            updated_at=self._now(),
        )
        self.subscriptions[made.id] = made
        return made

    def subscription(self, subscription_id: str) -> Subscription:
        if subscription_id not in self.subscriptions:
            raise not_found("Does the URL contain the ID of a Webhook Subscription?")
        return self.subscriptions[subscription_id]

    def resubscribe(self, subscription_id: str, wanted: dict[str, Any]) -> Subscription:
        """The subscription as it is changed; what is not said stays."""
        kept = self.subscription(subscription_id)
        _check(wanted, required=())
        kept.name = wanted.get("name", kept.name)
        kept.target_url = wanted.get("targetUrl", kept.target_url)
        kept.event_types = list(wanted.get("eventTypes", kept.event_types))
        kept.disabled = bool(wanted.get("disabled", kept.disabled))
        kept.updated_at = self._now()
        return kept

    def unsubscribe(self, subscription_id: str) -> None:
        self.subscriptions.pop(self.subscription(subscription_id).id)
        self.courier.drop(subscription_id)

    def emit(
        self, event_type: str, *, profile: Profile, record: Event, metadata: Event | None = None
    ) -> None:
        """Something happened; it goes out with what else happens in this step."""
        self._fresh.append(
            {
                "id": self._draw.id("evt"),
                "at": instant(self._now()),
                "type": event_type,
                "profile": profile.base(),
                "record": record,
                "metadata": metadata or {},
            }
        )

    def flush(self) -> None:
        """The end of a step."""
        batch, self._fresh = self._fresh, []
        if not batch:
            return
        if self._held is None:
            self.sent.append(batch)
            self._dispatch([batch], Mischief())
        else:
            self._held.append(batch)

    def hold(self) -> None:
        """Events stay here until they are sent."""
        self._held = [] if self._held is None else self._held

    def send(self, mischief: Mischief, *, event_ids: Sequence[str] | None = None) -> list[str]:
        """Sends what is held and holds nothing any more; or sends again what was sent before."""
        if event_ids is None:
            batches, self._held = self._held or [], None
            self.sent.extend(batches)
        else:
            batches = [
                chosen
                for batch in self.sent
                if (chosen := [event for event in batch if event["id"] in event_ids])
            ]
        if mischief.is_reversed:
            batches = [batch[::-1] for batch in reversed(batches)]
        if mischief.is_together and batches:
            batches = [[event for batch in batches for event in batch]]
        self._dispatch(batches, mischief)
        return [event["id"] for batch in batches for event in batch]

    def send_raw(self, payload: Event) -> None:
        """Any payload, rightly signed, to every subscriber; where nothing is said, without events:
        empty ones have been seen in production."""
        empty = {
            "environment": self._environment(),
            "eventTypes": ["connection.created"],
            "events": [],
        }
        body = to_json({**empty, **payload})
        parcels = [
            Parcel(subscription_id=each.id, url=each.target_url, body=body)
            for each in self.subscriptions.values()
        ]
        self.courier.take(parcels)

    def _dispatch(self, batches: Sequence[list[Event]], mischief: Mischief) -> None:
        parcels = [
            Parcel(
                subscription_id=subscription.id,
                url=subscription.target_url,
                body=to_json(self._payload(wanted, mischief)),
                is_forged=mischief.is_forged,
                age_s=mischief.age_s,
                due_s=time.monotonic() + mischief.delay_s,
            )
            for subscription in self.subscriptions.values()
            if not subscription.disabled
            for batch in batches
            if (wanted := [event for event in batch if subscription.wants(event)])
            for _ in range(mischief.times)
        ]
        self.courier.take(parcels)

    def _payload(self, events: list[Event], mischief: Mischief) -> Event:
        if mischief.is_without_status:
            events = [
                {**event, "record": {k: v for k, v in event["record"].items() if k != "status"}}
                for event in events
            ]
        return {
            "environment": self._environment(),
            "eventTypes": list(dict.fromkeys(event["type"] for event in events)),
            "events": events,
        }


def _check(wanted: dict[str, Any], *, required: Sequence[str]) -> None:
    problems = {name: ["can't be blank"] for name in required if not wanted.get(name)}
    types = wanted.get("eventTypes", [])
    known = {*EVENT_TYPES, *SCOPES}
    if not isinstance(types, list) or not set(map(str, types)) <= known:
        problems["eventTypes"] = ["is not included in the list"]
    url = str(wanted.get("targetUrl") or "http://localhost")
    if not is_here(url) or not url.startswith("http://"):
        problems["targetUrl"] = ["must be http on the loopback interface: this is a simulation"]
    if problems:
        raise Refused(422, problems)
