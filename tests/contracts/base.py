"""What the contract suite needs of a provider: its simulation on a socket, and what is special."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import import_module
from typing import Any, Final, Protocol
from urllib.parse import quote

from core.provider_error import Action, ErrorKind
from providers import registry
from providers.base import AppSettings, Connector, Linked, Page
from providers.credentials import Credentials
from providers.http import Client
from providers.webhooks import Incoming
from sandbox.faults import Faults

PLACES: Final = (b"", b"x", b"xx")
MIDDLE_MIN: Final = 8  # a shorter one may stand anywhere

Meaning = tuple[Action, ErrorKind]

# What failures mean where a provider does not tell more by codes of its own.
MEANINGS: Final[Mapping[str, Meaning]] = {
    "401": (Action.REAUTH, ErrorKind.AUTHENTICATION),
    "403": (Action.STOP, ErrorKind.AUTHENTICATION),
    "429": (Action.RETRY, ErrorKind.RATE_LIMIT),
    "429 with Retry-After": (Action.RETRY, ErrorKind.RATE_LIMIT),
    "500": (Action.RETRY, ErrorKind.NETWORK),
    "503": (Action.RETRY, ErrorKind.NETWORK),
    "cut": (Action.RETRY, ErrorKind.NETWORK),
    "garbage": (Action.RETRY, ErrorKind.NETWORK),
    "hang": (Action.RETRY, ErrorKind.NETWORK),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A webhook as it arrives, with the secrets of its endpoint."""

    request: Incoming
    signature: str  # the header that it is in
    secrets: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """A page of the provider's, and what it says: records as `repr` has them."""

    page: Page
    records: tuple[str, ...]


class Bank(Protocol):
    """One simulated provider, and what happens there."""

    url: str
    app: AppSettings
    faults: Faults

    async def link(self, client: Client) -> Linked:
        """A person links an account that has a history; its credentials are nobody else's."""
        ...

    def move(self, linked: Linked) -> None:
        """Transactions come, change and vanish."""
        ...

    def letter(self, linked: Linked) -> Letter:
        """A webhook about the connection, rightly signed now; of connectors that receive them."""
        ...

    def now(self) -> datetime:
        """The provider's time."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapter:
    """A provider in the suite; `meanings` are those that differ from the usual ones."""

    slug: str
    open: Callable[[], AbstractContextManager[Any]]  # of a Bank
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    golden: tuple[Golden, ...] = ()

    @property
    def connector(self) -> Connector:
        """The registered connector."""
        return registry.by_slug(self.slug)

    def meaning(self, case: str) -> Meaning:
        """What a failure means at this provider."""
        return self.meanings.get(case, MEANINGS[case])


def adapters() -> tuple[Adapter, ...]:
    """One for each connector of the registry: ADAPTER of the module with the connector's name."""
    return tuple(
        import_module(f"tests.contracts.{connector.facts.slug}").ADAPTER
        for connector in registry.CONNECTORS
    )


def secrets_of(*models: AppSettings | Credentials) -> tuple[str, ...]:
    """Every secret that these hold, also as headers of HTTP and addresses carry it."""
    plain = [
        value.get_secret_value()
        for model in models
        for value in vars(model).values()
        if hasattr(value, "get_secret_value")
    ]
    # In base64 of more, as Basic credentials are, the middle of a secret looks one of three ways.
    middles = [
        b64encode(before + one.encode())[4:-4].decode() for one in plain for before in PLACES
    ]
    encoded = [one for one in middles if len(one) >= MIDDLE_MIN]
    return tuple({*plain, *(quote(one, safe="") for one in plain), *encoded})
