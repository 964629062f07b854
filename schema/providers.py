"""Providers: what a connection can be made of."""

from __future__ import annotations

import strawberry

from resolvers import providers


@strawberry.type(description="A kind of source that a connection can be made of.")
class Provider:
    slug: str = strawberry.field(description="Its name in mutations.")
    name: str = strawberry.field(description="Its name for people.")
    kind: providers.ProviderKind = strawberry.field(description="How it delivers.")
    capabilities: list[providers.Capability] = strawberry.field(description="What it can do.")
    formats: list[str] = strawberry.field(description="The formats that it reads.")

    @staticmethod
    def of(provider: providers.Provider) -> Provider:
        """A provider."""
        return Provider(
            slug=provider.slug,
            name=provider.name,
            kind=provider.kind,
            capabilities=list(provider.capabilities),
            formats=list(provider.formats),
        )
