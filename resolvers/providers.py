"""Providers: what a connection can be made of, and how far it is offered here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from db import provider_states
from providers import registry
from providers.base import (
    Connector,
    Linkable,
    LinkKind,
    ProviderKind,
    Refreshable,
    Renewable,
    Revocable,
    Testable,
)
from providers.credentials import FormField
from providers.pickup import registry as sources
from providers.webhooks import Receiver
from resolvers.context import Context
from statements.registry import FORMATS


class Capability(StrEnum):
    """What a provider can do."""

    IMPORT = "import"
    REVIEW = "review"
    REVERT = "revert"
    SYNC = "sync"
    LINK = "link"
    TEST = "test"
    REFRESH = "refresh"
    REVOKE = "revoke"
    RENEW = "renew"
    WEBHOOKS = "webhooks"


_ABILITIES: Final = (
    (Linkable, Capability.LINK),
    (Testable, Capability.TEST),
    (Refreshable, Capability.REFRESH),
    (Revocable, Capability.REVOKE),
    (Renewable, Capability.RENEW),
    (Receiver, Capability.WEBHOOKS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One kind of source; `formats` are the names of what it can read."""

    slug: str
    name: str
    kind: ProviderKind
    capabilities: Sequence[Capability]
    formats: Sequence[str] = ()
    countries: Sequence[str] = ()
    website: str | None = None
    history_days: int | None = None
    form: Sequence[FormField] = ()
    link_kind: LinkKind | None = None
    offered: bool = True
    unavailable_until: datetime | None = None


FILES: Final = Provider(
    slug="file",
    name="Statement files",
    kind=ProviderKind.FILE,
    capabilities=(Capability.IMPORT, Capability.REVIEW, Capability.REVERT),
    formats=tuple(one.name for one in FORMATS),
)


SOURCES: Final = tuple(
    Provider(
        slug=slug,
        name=name,
        kind=ProviderKind.FILE,
        capabilities=(Capability.SYNC, Capability.TEST, Capability.REVIEW, Capability.REVERT),
        formats=FILES.formats,
    )
    for slug, name in sources.NAMES.items()
)
_WITHOUT_CONNECTOR: Final = {one.slug: one for one in (FILES, *SOURCES)}


def slugs() -> Sequence[str]:
    """The names of all providers."""
    return (*_WITHOUT_CONNECTOR, *sorted(registry.every()))


def able(capability: Capability) -> Sequence[str]:
    """The names of the providers that can do this."""
    return tuple(sorted(slug for slug in slugs() if capability in capabilities_of(slug)))


async def every(context: Context) -> Sequence[Provider]:
    """All providers, as the caller's tenant has them."""
    connectors = sorted(registry.every().values(), key=lambda one: one.facts.slug)
    async with context.read() as tx:
        policies = await provider_states.policies(
            tx,
            tenant_id=context.tenant_id,
            providers=[
                *sources.NAMES,
                *(connector.facts.slug for connector in connectors),
            ],
        )
    access = context.services.providers
    return (
        FILES,
        *(
            replace(one, offered=context.services.pickup is not None and policies[one.slug].enabled)
            for one in SOURCES
        ),
        *(
            described(
                connector,
                offered=access is not None and access.offers(slug) and policies[slug].enabled,
                unavailable_until=policies[slug].open_until,
            )
            for connector in connectors
            if (slug := connector.facts.slug)
        ),
    )


def described(
    connector: Connector, *, offered: bool, unavailable_until: datetime | None
) -> Provider:
    """What a connector's facts and abilities say."""
    facts = connector.facts
    return Provider(
        slug=facts.slug,
        name=facts.name,
        kind=facts.kind,
        capabilities=(Capability.SYNC, *abilities(connector)),
        countries=facts.countries,
        website=facts.website,
        history_days=facts.history_days_max,
        form=connector.credentials.form(),
        link_kind=connector.link_kind if isinstance(connector, Linkable) else None,
        offered=offered,
        unavailable_until=unavailable_until,
    )


def abilities(connector: Connector) -> Sequence[Capability]:
    """What the connector can do beside syncing: what it implements."""
    return tuple(capability for kind, capability in _ABILITIES if isinstance(connector, kind))


def capabilities_of(slug: str) -> Sequence[Capability]:
    """What a connection of this provider can do; nothing where the provider is gone."""
    if slug in _WITHOUT_CONNECTOR:
        return _WITHOUT_CONNECTOR[slug].capabilities
    connector = registry.every().get(slug)
    return () if connector is None else (Capability.SYNC, *abilities(connector))
