"""What a connector is: facts, credentials, `fetch`, `parse`, and abilities that it may have.

A connector never sees a tenant, a row id or the database. It gets a client, credentials and a
cursor, and yields bytes; what the bytes say is told by `parse`, which does no I/O, so that the
same bytes can be read again years later.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import BaseModel, ConfigDict

from core.records import Record
from core.syncs import SyncPhase
from providers.credentials import Credentials, FormField
from providers.http import Client, Failures


class ProviderKind(StrEnum):
    """What stands behind a provider."""

    FILE = "file"
    AGGREGATOR = "aggregator"
    BANK = "bank"
    PAYMENTS = "payments"
    ACCOUNTING = "accounting"
    BROKER = "broker"
    TAX = "tax"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """At most `calls` in any `per`, spread evenly after a first burst."""

    calls: int
    per: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What cannot be derived from a connector's methods; published in GraphQL and in the docs."""

    slug: str
    name: str
    kind: ProviderKind
    countries: tuple[str, ...]  # ISO 3166-1 alpha-2; empty: not bound to countries
    website: str
    stable_ids: bool  # False: ids are reused or change, identity is of the content
    history_days_max: int
    sync_every: timedelta  # the default; a webhook comes sooner
    app_rate: Rate  # of the operator's application, all tenants together
    connection_rate: Rate
    rates: Mapping[str, Rate] = field(default_factory=dict)  # a connection's, by endpoint


class AppSettings(BaseModel):
    """Base of what the operator configures for a provider: `BANKFEEDS_PROVIDER_<SLUG>_<FIELD>`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    url: str  # where the provider answers; each connector gives its production host as default


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Bytes of one answer, as they came. `name` says which answer, such as `transactions/2`."""

    name: str
    body: bytes = field(repr=False)
    media_type: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart:
    """The pages since the last checkpoint are void: the provider's data changed under them."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Everything that an account has from one day to another was delivered since the last
    checkpoint: what is not in it has gone. For sources that tell of no removals."""

    account: str  # AccountRecord.key
    first: date
    last: date
    certain: bool = False  # one such reading is proof; else booked rows go when missed twice


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The pages since the last one belong together: they are applied at once, with the cursor."""

    cursor: str | None
    initial_complete: bool = True  # the newest 30 days are here
    history_complete: bool = True  # so is all that was wanted
    progress: int | None = None  # percent of the history
    again_after: timedelta | None = None  # the provider is not ready: ask again then
    windows: tuple[Window, ...] = ()


Fetched = Page | Restart | Checkpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a sync is asked for."""

    cursor: str | None  # of the last checkpoint; None: from the beginning
    phase: SyncPhase
    now: datetime
    since: date  # the first day that is wanted: 30 days back at first, the whole lookback later
    accounts: bool = True
    transactions: bool = True
    investments: bool = True
    changed_since: date | None = None  # a webhook says that days from this one on have changed


class Connector(Protocol):
    """One provider. `fetch` is the I/O of syncing; `parse` is pure."""

    facts: ClassVar[Facts]
    credentials: ClassVar[type[Credentials]]
    app: ClassVar[type[AppSettings]]
    failures: ClassVar[Failures]  # what the provider's error answers mean

    def fetch(
        self, client: Client, credentials: Any, wanted: Wanted
    ) -> AsyncIterator[Page | Restart | Checkpoint]:
        """Pages in the order in which they are to be applied, checkpoints where they are whole.

        Resumes from any cursor that a checkpoint gave. Raises ProviderError alone.
        """
        ...

    def parse(self, page: Page) -> Iterator[Record]:
        """What a page says; equal at every reading. A record's `line` is the ordinal of its element
        in the page, from 1. What cannot be read is a Finding; raises Unreadable for a hopeless
        page."""
        ...

    def elements(self, page: Page) -> Iterator[str]:
        """The texts of the page's elements in the order that `line` counts, as a person may see
        them: one line each."""
        ...


# ---------------------------------------------------------------------------------------------
# Abilities. Implementing one is its declaration.
# ---------------------------------------------------------------------------------------------
@runtime_checkable
class Testable(Connector, Protocol):
    """Can be asked whether credentials work."""

    async def test(self, client: Client, credentials: Any) -> None:
        """Raises ProviderError where they do not."""
        ...


@runtime_checkable
class Refreshable(Connector, Protocol):
    """Can ask the provider to look at the bank now; what is new comes with a later sync."""

    async def refresh(self, client: Client, credentials: Any) -> None:
        """Raises ProviderError where it refuses."""
        ...


@runtime_checkable
class Revocable(Connector, Protocol):
    """Can end the consent at the provider."""

    async def revoke(self, client: Client, credentials: Any) -> None:
        """Does nothing where it is ended already. Raises ProviderError."""
        ...


class LinkKind(StrEnum):
    """How a person links: on another page, with the provider's own widget, or by a form."""

    REDIRECT = "redirect"
    TOKEN = "token"  # noqa: S105 - a word
    FORM = "form"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAsk:
    """What a link is begun for."""

    now: datetime
    reference: str  # opaque, of the person or persona; the same for each of their links
    callback_url: str  # where the person comes back to
    state: str  # to be sent along and checked; single use
    credentials: Any = field(default=None, repr=False)  # of a connection that is linked again
    external_id: str | None = None  # the provider's id of that connection
    select_accounts: bool = False  # of such a connection: choose accounts anew
    session: Any = field(default=None, repr=False)  # of a `PersonaLinkable`, where one is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkStep:
    """What the person's browser is given; `kept` is sealed until they come back."""

    kind: LinkKind
    url: str | None = field(default=None, repr=False)  # the state is in it
    token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    fields: tuple[FormField, ...] = ()
    widget: Mapping[str, str] = field(default_factory=dict)  # what it needs beside the token
    kept: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """What a completed link gives. `external_id` is the provider's id of the connection."""

    credentials: Credentials = field(repr=False)
    external_id: str
    environment: str = ""  # where that id is unique, as events say it; empty: everywhere
    also_named: tuple[str, ...] = ()  # what events call it where they do not name the connection
    institution_id: str | None = None
    institution_name: str | None = None
    expires_at: datetime | None = None  # of the consent; None: it does not end by itself


@runtime_checkable
class Linkable(Connector, Protocol):
    """Can be linked by a person."""

    link_kind: ClassVar[LinkKind]

    async def begin(self, client: Client, ask: LinkAsk) -> LinkStep:
        """The first step. Raises ProviderError."""
        ...

    async def complete(
        self, client: Client, ask: LinkAsk, kept: Mapping[str, str], answers: Mapping[str, str]
    ) -> Linked:
        """The connection that the person linked. Raises ProviderError, BadInput."""
        ...


@runtime_checkable
class PersonaLinkable(Linkable, Protocol):
    """Links personas, each under a profile of its own; what is linked belongs to the persona.

    A link needs a session of the profile. The provider allows few, so that they are kept here
    (`resolvers.quiltt_sessions`), and `begin` is given one.
    """

    profile_of_persona: ClassVar[Literal[True]]


@runtime_checkable
class Renewable(Connector, Protocol):
    """Has access tokens that run out and can be renewed without a person."""

    def expires_at(self, credentials: Any) -> datetime | None:
        """When the access token ends; None: it does not."""
        ...

    async def renew(self, client: Client, credentials: Any, now: datetime) -> Credentials:
        """Fresh credentials. Raises ProviderError with REAUTH where the grant is gone."""
        ...


def of_window(windows: Sequence[Window], account: str, day: date | None) -> bool:
    """Whether a day of an account lies in one of the windows."""
    return day is not None and any(
        one.account == account and one.first <= day <= one.last for one in windows
    )
