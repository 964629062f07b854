"""Access to providers: the operator's applications, and clients that keep to the limits."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final
from uuid import UUID

import httpx

from core.provider_error import Action, ErrorKind, ProviderError
from db.provider_states import ProviderPolicy
from db.throttle import Throttle
from pipeline.pacing import Paced
from providers.base import AppSettings, Connector
from providers.http import Client, Retries

CONNECT_S: Final = 5
READ_S: Final = 30
CONNECTIONS_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderAccess:
    """Lives as long as the process."""

    http: httpx.AsyncClient
    apps: Mapping[str, AppSettings]
    throttle: Throttle
    retries: Retries = field(default_factory=Retries)

    def offers(self, slug: str) -> bool:
        """Whether the operator has an application at the provider."""
        return slug in self.apps

    def client(
        self, connector: Connector, *, connection_id: UUID | None, policy: ProviderPolicy
    ) -> Client:
        """A client for one connection, or for one that is to be. Raises ProviderError."""
        facts = connector.facts
        app = self.apps.get(facts.slug)
        if app is None:
            raise not_offered(facts.name)
        return Client(
            self.http,
            app=app,
            failures=connector.failures,
            pace=Paced(self.throttle, facts, connection_id=connection_id, policy=policy),
            retries=self.retries,
        )


@asynccontextmanager
async def open_http() -> AsyncIterator[httpx.AsyncClient]:
    """One pool of connections to all providers; it follows no redirects and keeps no cookies."""
    async with httpx.AsyncClient(
        timeout=httpx.Timeout(READ_S, connect=CONNECT_S),
        limits=httpx.Limits(max_connections=CONNECTIONS_MAX),
        follow_redirects=False,
        trust_env=False,
        # A jar would be shared by all tenants.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        headers={"User-Agent": "bankfeeds"},
    ) as client:
        yield client


def not_offered(name: str) -> ProviderError:
    """The operator has no application at the provider, or keeps it from the tenant."""
    return ProviderError(
        action=Action.STOP,
        kind=ErrorKind.BUSINESS,
        code="provider-not-offered",
        message=f"{name} is not offered here.",
        next_step="Ask the operator.",
    )
