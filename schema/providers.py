"""Providers: what a connection can be made of."""

from __future__ import annotations

from datetime import datetime

import strawberry

from providers import base
from providers.credentials import FormField
from resolvers import providers


@strawberry.type(description="One question of the form that a connection is made with.")
class ProviderField:
    name: str = strawberry.field(description="Its name in answers.")
    label: str = strawberry.field(description="What a person is asked.")
    help: str = strawberry.field(description="What helps to answer; may be empty.")
    secret: bool = strawberry.field(description="Whether the answer is to be hidden.")
    required: bool = strawberry.field(description="Whether it must be answered.")

    @staticmethod
    def of(field: FormField) -> ProviderField:
        """A question."""
        return ProviderField(
            name=field.name,
            label=field.label,
            help=field.help,
            secret=field.secret,
            required=field.required,
        )


@strawberry.type(description="A kind of source that a connection can be made of.")
class Provider:
    slug: str = strawberry.field(description="Its name in mutations.")
    name: str = strawberry.field(description="Its name for people.")
    kind: base.ProviderKind = strawberry.field(description="What stands behind it.")
    capabilities: list[providers.Capability] = strawberry.field(description="What it can do.")
    formats: list[str] = strawberry.field(
        description="The formats of files that it reads; empty unless it is of files."
    )
    countries: list[str] = strawberry.field(
        description="Where it is, as ISO 3166-1 codes; empty: not bound to countries."
    )
    website: str | None = strawberry.field(description="Its page; null for files.")
    history_days: int | None = strawberry.field(
        description="How many days of history it gives at most; null: whatever a file has."
    )
    form: list[ProviderField] = strawberry.field(
        description="What a person is asked to make a connection; empty where linking does it."
    )
    link_kind: base.LinkKind | None = strawberry.field(
        description="How a person links; null: nothing is linked."
    )
    offered: bool = strawberry.field(description="Whether connections to it can be made here.")
    unavailable_until: datetime | None = strawberry.field(
        description="It did not answer, and is left alone until then; null: it answers."
    )

    @staticmethod
    def of(provider: providers.Provider) -> Provider:
        """A provider."""
        return Provider(
            slug=provider.slug,
            name=provider.name,
            kind=provider.kind,
            capabilities=list(provider.capabilities),
            formats=list(provider.formats),
            countries=list(provider.countries),
            website=provider.website,
            history_days=provider.history_days,
            form=[ProviderField.of(field) for field in provider.form],
            link_kind=provider.link_kind,
            offered=provider.offered,
            unavailable_until=provider.unavailable_until,
        )
