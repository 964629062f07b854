"""Quiltt: one API over Plaid, MX, Finicity and Akoya, for banks of the United States.

Facts and their sources: docs/providers/quiltt.md. The application's API key speaks for the profile
that a persona has; GraphQL reads, REST refreshes, the Connector links, webhooks tell of news.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Final, Literal
from urllib.parse import quote

from core.provider_error import Action, ErrorKind, ProviderError
from core.records import Record
from providers.base import (
    AppSettings,
    Facts,
    Fetched,
    LinkAsk,
    Linked,
    LinkKind,
    LinkStep,
    Page,
    ProviderKind,
    Rate,
    Wanted,
)
from providers.credentials import Credentials
from providers.http import Client, Failures
from providers.quiltt import events, links, pages, queries
from providers.quiltt.access import QuilttApp, QuilttCredentials
from providers.quiltt.calls import ask, of_application
from providers.quiltt.errors import failure, inactive, refuse, unknown
from providers.quiltt.reading import Reading
from providers.webhooks import EndpointKind, Event, Incoming, Reaction, SecretOrigin

MINUTE: Final = timedelta(minutes=1)


class Quiltt:
    """The connector."""

    facts: ClassVar[Facts] = Facts(
        slug="quiltt",
        name="Quiltt",
        kind=ProviderKind.AGGREGATOR,
        countries=("US",),
        website="https://www.quiltt.io",
        stable_ids=True,
        history_days_max=730,
        sync_every=timedelta(hours=6),
        # Quiltt publishes no limits of its GraphQL API: these are what one should do anyway.
        app_rate=Rate(calls=1_200, per=MINUTE),
        connection_rate=Rate(calls=240, per=MINUTE),
    )
    credentials: ClassVar[type[Credentials]] = QuilttCredentials
    app: ClassVar[type[AppSettings]] = QuilttApp
    failures: ClassVar[Failures] = staticmethod(failure)

    link_kind: ClassVar[LinkKind] = LinkKind.TOKEN
    profile_of_persona: ClassVar[Literal[True]] = True

    endpoint_kind: ClassVar[EndpointKind] = EndpointKind.APPLICATION
    secret_origin: ClassVar[SecretOrigin] = SecretOrigin.PROVIDER
    kept_headers: ClassVar[tuple[str, ...]] = (events.TIMESTAMP,)
    media_types: ClassVar[tuple[str, ...]] = ("application/json",)

    async def fetch(
        self, client: Client, credentials: QuilttCredentials, wanted: Wanted
    ) -> AsyncIterator[Fetched]:
        """Accounts, balances, holdings and transactions of the connection."""
        reading = Reading(
            client,
            wanted,
            profile_id=credentials.profile_id,
            connection_id=credentials.connection_id,
        )
        async for item in reading.items():
            yield item

    def parse(self, page: Page) -> Iterator[Record]:
        """What an answer says."""
        return pages.records(page)

    def elements(self, page: Page) -> Iterator[str]:
        """Accounts, transactions and holdings of the page as JSON."""
        return pages.elements(page)

    async def test(self, client: Client, credentials: QuilttCredentials) -> None:
        """Raises ProviderError where the connection does not deliver."""
        connection = await self._connection(client, credentials)
        refuse(str(connection.get("status")))

    async def refresh(self, client: Client, credentials: QuilttCredentials) -> None:
        """Asks the provider behind Quiltt for transactions and balances; events tell of them."""
        connection = await self._connection(client, credentials)
        path = f"/v1/connections/{quote(credentials.connection_id, safe='')}/transactions/refresh"
        await self._refreshed(client, path, "transactions-refresh")
        features = connection.get("features")
        if not isinstance(features, list) or "ACCOUNT_BALANCE_REFRESHES" not in features:
            return
        for account in connection["accounts"]:
            if account.get("state") != "CLOSED":
                path = f"/v1/accounts/{quote(account['id'], safe='')}/balances/refresh"
                await self._refreshed(client, path, "balances-refresh")

    async def revoke(self, client: Client, credentials: QuilttCredentials) -> None:
        """Disconnects. What was read stays at Quiltt until the profile is deleted there."""
        try:
            answer = await ask(
                client,
                queries.DISCONNECT,
                {"connection": credentials.connection_id},
                profile_id=credentials.profile_id,
            )
        except ProviderError as error:
            if error.code == unknown().code:
                return
            raise
        done = answer.data.get("connectionDisconnect")
        if not isinstance(done, dict) or done.get("success") is not True:
            raise _not_disconnected()

    async def begin(self, client: Client, ask: LinkAsk) -> LinkStep:
        """A session of the persona's profile, for the Connector in their browser."""
        return await links.begin(client, ask)

    async def complete(
        self, client: Client, ask: LinkAsk, kept: Mapping[str, str], answers: Mapping[str, str]
    ) -> Linked:
        """The connection that the browser names, if it is the profile's."""
        return await links.complete(client, ask, kept, answers)

    async def verify(self, request: Incoming, secrets: Sequence[bytes], client: Client) -> None:
        """Raises BadSignature and Malformed."""
        events.verify(request, secrets)

    def events(self, request: Incoming) -> Sequence[Event]:
        """The events of a batch, which may be of several profiles."""
        return events.events(request.body)

    def reactions(self, event: Event) -> Sequence[Reaction]:
        """What an event asks for."""
        return events.reactions(event)

    async def _connection(
        self, client: Client, credentials: QuilttCredentials
    ) -> Mapping[str, Any]:
        variables = {"connection": credentials.connection_id, "balances": False}
        answer = await ask(client, queries.CONNECTION, variables, profile_id=credentials.profile_id)
        connection = answer.data.get("connection")
        if not isinstance(connection, dict):
            raise unknown()
        return connection

    async def _refreshed(self, client: Client, path: str, endpoint: str) -> None:
        try:
            await client.post(path, headers=of_application(client), endpoint=endpoint)
        except ProviderError as error:
            if error.code in _NEEDS_NO_REFRESH:
                return
            raise inactive() if error.code == "not-permitted" else error from None


# A kind of account that the provider cannot refresh; a product that the environment does not have;
# a refresh that runs already.
_NEEDS_NO_REFRESH: Final = frozenset({"request-refused", "not-found", "busy"})


def _not_disconnected() -> ProviderError:
    return ProviderError(
        action=Action.RETRY,
        kind=ErrorKind.BUSINESS,
        code="not-disconnected",
        message="Quiltt did not end the connection.",
        next_step="Disconnect it again, or in Quiltt's dashboard.",
    )


QUILTT: Final = Quiltt()
