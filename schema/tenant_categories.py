"""Categories: the taxonomy, a tenant's own, and what it calls those of sources."""

from __future__ import annotations

from datetime import datetime
from enum import Enum

import strawberry

from categories import taxonomy
from core import categories as core
from db import categories as stored
from resolvers import categories, text
from schema.columns import column, shown
from schema.ids import encode
from schema.node import Node


@strawberry.enum(description="What a category does to the books.")
class CategoryKind(Enum):
    INCOME = strawberry.enum_value("income", description="Money that was earned.")
    TRANSFER = strawberry.enum_value("transfer", description="Money that was moved.")
    EXPENSE = strawberry.enum_value("expense", description="Money that was spent.")
    OTHER = strawberry.enum_value("other", description="None of these, or nobody knows.")


@strawberry.type(description="A category of the taxonomy.")
class TaxonomyCategory:
    detailed: str = strawberry.field(description="Its name.")
    primary: str = strawberry.field(description="The name of the primary category above it.")
    kind: CategoryKind = strawberry.field(description="What it does to the books.")
    description: str = strawberry.field(description="What belongs to it.")

    @staticmethod
    def of(category: taxonomy.Category) -> TaxonomyCategory:
        """A category of the taxonomy."""
        return TaxonomyCategory(
            detailed=category.detailed,
            primary=category.primary,
            kind=CategoryKind(category.kind.value),
            description=category.description,
        )


@strawberry.type(description="A category in the tenant's own words.")
class TenantCategory(Node):
    name: str = column("c.name", description="What members call it.")
    code: str = column(
        "c.code", description="The primary or detailed category of the taxonomy above it."
    )
    description: str | None = column(
        "c.description", description="What belongs to it; null where nobody said."
    )
    created_at: datetime = column("c.created_at", description="When it was made.")
    updated_at: datetime = column("c.updated_at", description="When it was last changed.")

    @staticmethod
    def of(category: core.TenantCategory) -> TenantCategory:
        """A category of the tenant's."""
        return shown(
            TenantCategory, category, id=encode("TenantCategory", category.id), key=category.id
        )


@strawberry.type(description="What the tenant calls a category of a source or of the taxonomy.")
class CategoryMapping(Node):
    provider_category: str = column(
        "m.provider_category", description="The category in the source's words, to the letter."
    )
    category: str = column("m.category", description="What the tenant calls it.")
    created_at: datetime = column("m.created_at", description="When it was first mapped.")
    updated_at: datetime = column("m.updated_at", description="When it was last changed.")

    @staticmethod
    def of(mapping: core.CategoryMapping) -> CategoryMapping:
        """A mapping of the tenant's."""
        return shown(
            CategoryMapping, mapping, id=encode("CategoryMapping", mapping.id), key=mapping.id
        )


@strawberry.input(
    description="Which categories: all of these hold; what is left out or null asks nothing."
)
class TenantCategoryFilter:
    code: list[str] | None = strawberry.field(
        default=None,
        description="Of one of these categories of the taxonomy, or below it; 1,000 at most.",
    )
    text: str | None = strawberry.field(
        default=None,
        description="With this in the name, whatever the case; 1 to 200 characters.",
    )

    def wanted(self) -> stored.CategoryFilter:
        """The filter as reads take it. Raises BadInput."""
        codes = text.one_of("code", self.code)
        return stored.CategoryFilter(
            codes=None if codes is None else categories.below(codes),
            text=text.sought(self.text),
        )


@strawberry.input(
    description="Which mappings: all of these hold; what is left out or null asks nothing."
)
class CategoryMappingFilter:
    category: list[str] | None = strawberry.field(
        default=None, description="That say one of these, to the letter; 1,000 at most."
    )
    text: str | None = strawberry.field(
        default=None,
        description="With this in the source's words, whatever the case; 1 to 200 characters.",
    )

    def wanted(self) -> stored.CategoryMappingFilter:
        """The filter as reads take it. Raises BadInput."""
        return stored.CategoryMappingFilter(
            categories=text.one_of("category", self.category), text=text.sought(self.text)
        )
