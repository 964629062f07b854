"""The connector of Plaid: its facts, and which module does what."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar, Final
from weakref import WeakKeyDictionary

from core.provider_error import ProviderError
from core.records import Record
from providers.base import (
    AppSettings,
    Checkpoint,
    Facts,
    LinkAsk,
    Linked,
    LinkKind,
    LinkStep,
    Page,
    ProviderKind,
    Rate,
    Restart,
    Wanted,
)
from providers.credentials import Credentials
from providers.http import Client, Failures
from providers.plaid import (
    accounts,
    elements,
    errors,
    fetching,
    investments,
    linking,
    transactions,
    webhooks,
)
from providers.plaid.api import ask_item, is_code
from providers.plaid.settings import COUNTRIES, PlaidApp, PlaidCredentials
from providers.plaid.signatures import HEADER, KeyRing
from providers.webhooks import EndpointKind, Event, Incoming, Reaction, SecretOrigin

# Half a minute at a time: no call waits longer for its turn, so that a reading of many pages, which
# counts as a whole, is slowed down and not given up.
HALF_MINUTE: Final = timedelta(seconds=30)


class Plaid:
    """Everything is asked of one Item at a time; what is common to all is kept nowhere but here."""

    facts: ClassVar[Facts] = Facts(
        slug="plaid",
        name="Plaid",
        kind=ProviderKind.AGGREGATOR,
        countries=COUNTRIES,
        website="https://plaid.com",
        stable_ids=True,
        history_days_max=730,
        sync_every=timedelta(hours=6),
        # Below Plaid's published limits: the client's for /transactions/sync is 2,500 a minute, and
        # those of an Item are 15 to 50 a minute.
        app_rate=Rate(calls=1_000, per=HALF_MINUTE),
        connection_rate=Rate(calls=40, per=HALF_MINUTE),
        rates={
            "/accounts/get": Rate(calls=6, per=HALF_MINUTE),
            "/item/get": Rate(calls=6, per=HALF_MINUTE),
            "/transactions/sync": Rate(calls=22, per=HALF_MINUTE),
            "/transactions/refresh": Rate(calls=1, per=HALF_MINUTE),
            "/investments/holdings/get": Rate(calls=6, per=HALF_MINUTE),
            "/investments/transactions/get": Rate(calls=13, per=HALF_MINUTE),
            "/item/remove": Rate(calls=12, per=HALF_MINUTE),
        },
    )
    credentials: ClassVar[type[Credentials]] = PlaidCredentials
    app: ClassVar[type[AppSettings]] = PlaidApp
    failures: ClassVar[Failures] = staticmethod(errors.failure)
    link_kind: ClassVar[LinkKind] = LinkKind.TOKEN
    endpoint_kind: ClassVar[EndpointKind] = EndpointKind.APPLICATION
    secret_origin: ClassVar[SecretOrigin] = SecretOrigin.NONE
    kept_headers: ClassVar[tuple[str, ...]] = (HEADER,)
    media_types: ClassVar[tuple[str, ...]] = ("application/json",)

    def __init__(self) -> None:
        self._rings: WeakKeyDictionary[Client, KeyRing] = WeakKeyDictionary()

    def fetch(
        self, client: Client, credentials: PlaidCredentials, wanted: Wanted
    ) -> AsyncIterator[Page | Restart | Checkpoint]:
        """One sync; see fetching.py."""
        return fetching.fetch(client, credentials, wanted)

    def parse(self, page: Page) -> Iterator[Record]:
        """What a page says. Raises Unreadable."""
        return {
            elements.ACCOUNTS: accounts.parse,
            elements.TRANSACTIONS: transactions.parse,
            elements.HOLDINGS: investments.holdings,
            elements.TRADES: investments.trades,
        }[elements.kind(page)](page)

    def elements(self, page: Page) -> Iterator[str]:
        """The page's elements as a person may see them."""
        return elements.texts(page)

    async def test(self, client: Client, credentials: PlaidCredentials) -> None:
        """Whether the Item works."""
        await linking.test(client, credentials)

    async def refresh(self, client: Client, credentials: PlaidCredentials) -> None:
        """Plaid looks at the bank now, and tells by webhook what it found."""
        await ask_item(client, credentials, "/transactions/refresh", once=True)

    async def revoke(self, client: Client, credentials: PlaidCredentials) -> None:
        """Ends the Item at Plaid, for good."""
        try:
            await ask_item(client, credentials, "/item/remove")
        except ProviderError as error:
            if not is_code(error, "ITEM_NOT_FOUND", "INVALID_ACCESS_TOKEN"):
                raise

    async def begin(self, client: Client, ask: LinkAsk) -> LinkStep:
        """A token for Plaid Link."""
        return await linking.begin(client, ask)

    async def complete(
        self, client: Client, ask: LinkAsk, kept: Mapping[str, str], answers: Mapping[str, str]
    ) -> Linked:
        """The Item that was linked or repaired."""
        return await linking.complete(client, ask, kept, answers)

    async def verify(self, request: Incoming, secrets: Sequence[bytes], client: Client) -> None:
        """Whether Plaid signed this; there are no secrets of ours."""
        ring = self._rings.setdefault(client, KeyRing())
        await ring.verify(request, client)

    def events(self, request: Incoming) -> Sequence[Event]:
        """What a verified request tells."""
        return webhooks.events(request)

    def reactions(self, event: Event) -> Sequence[Reaction]:
        """What an event asks for."""
        return webhooks.reactions(event)


PLAID: Final = Plaid()
