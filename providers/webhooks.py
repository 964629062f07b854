"""Webhooks of a provider: what a connector that receives them must tell, and the words for it.

A receiver sees one request and the endpoint's secrets. It never sees a tenant, a row or the
database: `verify` says whether the provider sent these bytes, `events` takes them apart, and
`reactions` says what one event asks of the engine. The last two do no I/O, so that an event can be
read again later.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import ClassVar, Final, Protocol, runtime_checkable

from core.errors import BankfeedsError
from providers.http import Client

TOLERANCE_S: Final = 300  # of a signed time, in both directions
KEY_CHARACTERS_MAX: Final = 200
TYPE_CHARACTERS_MAX: Final = 120
ITEM_CHARACTERS_MAX: Final = 300


class BadSignature(BankfeedsError):
    """The provider did not sign these bytes, or not now. `reason` is one of a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Malformed(BankfeedsError):
    """The request lacks what every request of the provider has. `reason` is one of a few words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class EndpointKind(StrEnum):
    """Whose an endpoint is: one for the operator's application, or one for each connection."""

    APPLICATION = "application"
    CONNECTION = "connection"


class SecretOrigin(StrEnum):
    """Who makes the secret that events are signed with."""

    OURS = "ours"  # made here, shown once, entered at the provider
    PROVIDER = "provider"  # made by the provider, entered here
    NONE = "none"  # the provider signs with a key that it publishes


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One request as it came. Header names are in lower case, several values are one text."""

    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received_at: datetime
    url: str  # as the provider knows it, which some of them sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that a provider tells. A request may tell several, of several customers."""

    key: str  # the provider's id of it, or a hash: an event with a known key is told again
    type: str
    item: str | None  # what the provider names its customer's connection by; None: of nobody
    at: datetime | None  # None: the provider does not say
    body: bytes = field(repr=False)  # its own part of the request, and nothing of another's
    environment: str = ""  # where the item's name is unique; empty: everywhere


class SyncKind(StrEnum):
    """Which sync an event asks for."""

    UPDATES = "updates"
    INITIAL = "initial"
    HISTORICAL = "historical"
    INVESTMENTS = "investments"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """There is something to fetch. Days are given where the provider says which changed."""

    kind: SyncKind = SyncKind.UPDATES
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reauth:
    """A person must connect again, now or by a time. `code` is stable, in kebab-case."""

    code: str
    by: datetime | None = None  # None: now


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """The consent is gone for good: nothing more can be fetched.

    `external_id` is the connection's at the provider, where the event names it: of one that has
    another by now it says nothing.
    """

    code: str
    external_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthy:
    """What was wrong is not any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something that the tenant should know; `kind` is one of the notifications' kinds."""

    kind: str
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relinked:
    """An account goes on under another id of the provider: the same account, not a second one.

    Where `account` names it, its own id stays, and the others are those of the connections that it
    left and joined.
    """

    from_id: str
    to_id: str
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignore:
    """Nothing is to be done. `known` tells what needs nothing from what nobody has heard of."""

    known: bool = True


Reaction = Sync | Reauth | Revoked | Healthy | Notice | Relinked | Ignore


@runtime_checkable
class Receiver(Protocol):
    """Tells of news by webhooks."""

    endpoint_kind: ClassVar[EndpointKind]
    secret_origin: ClassVar[SecretOrigin]
    kept_headers: ClassVar[tuple[str, ...]]  # in lower case: what is worth keeping, no secrets
    media_types: ClassVar[tuple[str, ...]]  # in lower case, without parameters

    async def verify(self, request: Incoming, secrets: Sequence[bytes], client: Client) -> None:
        """Returns where the provider signed this body now, with one of the secrets.

        Raises BadSignature (401) and Malformed (400), whatever the bytes are.
        """
        ...

    def events(self, request: Incoming) -> Sequence[Event]:
        """What a verified request tells, in its order; may be nothing. Raises Malformed."""
        ...

    def reactions(self, event: Event) -> Sequence[Reaction]:
        """What the event asks for; Ignore(known=False) for a type that is not known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reception:
    """A receiver in use, and whom it may ask about keys that its provider publishes."""

    receiver: Receiver
    client: Client
