"""A tenant's own categories, and what it calls those of sources and of the taxonomy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from categories import taxonomy
from core.categories import CategoryMapping, TenantCategory
from core.errors import Conflict
from core.models import Role
from core.page import Page
from db import audit
from db import categories as stored
from db.categories import CategoryFilter, CategoryMappingFilter
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import Refusal, conflict, invalid, limit, missing, refusable, require

CATEGORIES_MAX: Final = 1_000
MAPPINGS_MAX: Final = 1_000
DESCRIPTION_MAX: Final = 2_000
PROVIDER_CATEGORY_MAX: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryChange:
    """A change of a category; None leaves a value as it is."""

    name: str | None = None
    code: str | None = None
    describes: bool = False  # whether the description is changed, too
    description: str | None = None


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, TenantCategory]:
    """Categories by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def mappings_by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, CategoryMapping]:
    """Mappings by id."""
    async with context.read() as tx:
        return await stored.mappings_by_ids(tx, tenant_id=context.tenant, ids=ids)


def below(names: Sequence[str]) -> tuple[str, ...]:
    """Codes of these categories of the taxonomy; of a primary one also those below it."""
    return tuple(code for name in names for code in _below(name))


async def page(
    context: Context, *, wanted: CategoryFilter, first: int, after: str | None
) -> Page[TenantCategory]:
    """The tenant's own categories, newest first."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def mappings(
    context: Context, *, wanted: CategoryMappingFilter, first: int, after: str | None
) -> Page[CategoryMapping]:
    """What the tenant calls categories of others, newest first."""
    async with context.read() as tx:
        return await stored.mappings(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def codes(context: Context, names: Sequence[str]) -> Mapping[str, str]:
    """Where in the taxonomy the tenant's own categories of these names belong."""
    async with context.read() as tx:
        return await stored.codes(tx, tenant_id=context.tenant, names=names)


@refusable
async def create(
    context: Context, *, name: str, code: str, description: str | None
) -> TenantCategory:
    """A category in the tenant's own words."""
    name = text.name(name, "name")
    code = _placed(code)
    description = text.optional_name(description, "description", most=DESCRIPTION_MAX)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if await stored.count(tx, tenant_id=context.tenant) >= CATEGORIES_MAX:
            raise limit(f"A tenant has {CATEGORIES_MAX:,} categories at most. Delete one.")
        try:
            made = await stored.create(
                tx,
                tenant_id=context.tenant,
                name=name,
                code=code,
                description=description,
                created_by=context.user_id,
            )
        except Conflict as error:
            raise _taken() from error
        await audit.record(tx, "category.created", data={"categoryId": str(made.id)})
    return made


@refusable
async def update(context: Context, *, category_id: UUID, change: CategoryChange) -> TenantCategory:
    """The changed category. Rows keep the name that they were given."""
    name = text.optional_name(change.name, "name")
    code = None if change.code is None else _placed(change.code)
    description = text.optional_name(change.description, "description", most=DESCRIPTION_MAX)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        try:
            changed = await stored.update(
                tx,
                tenant_id=context.tenant,
                category_id=category_id,
                name=name,
                code=code,
                describes=change.describes,
                description=description,
            )
        except Conflict as error:
            raise _taken() from error
        if changed is None:
            raise missing("category", "id")
        await audit.record(tx, "category.updated", data={"categoryId": str(category_id)})
    return changed


@refusable
async def delete(context: Context, *, category_id: UUID) -> UUID:
    """Takes a category away. Rows keep its name, which belongs nowhere from then on."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if not await stored.delete(tx, tenant_id=context.tenant, category_id=category_id):
            raise missing("category", "id")
        await audit.record(tx, "category.deleted", data={"categoryId": str(category_id)})
    return category_id


@refusable
async def map_category(
    context: Context, *, provider_category: str, category: str | None
) -> CategoryMapping | None:
    """What the tenant calls a category of a source from now on; None: as the source does."""
    given = text.name(provider_category, "providerCategory", most=PROVIDER_CATEGORY_MAX)
    category = text.optional_name(category, "category")
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        mapped = None
        if category is None:
            if not await stored.unmap(tx, tenant_id=context.tenant, provider_category=given):
                raise missing("mapping", "providerCategory")
        else:
            if await stored.count_mappings(tx, tenant_id=context.tenant) >= MAPPINGS_MAX:
                raise limit(f"A tenant has {MAPPINGS_MAX:,} mappings at most. Take one back.")
            mapped = await stored.map_category(
                tx,
                tenant_id=context.tenant,
                provider_category=given,
                category=category,
                updated_by=context.user_id,
            )
        await audit.record(
            tx, "category.mapped", data={"providerCategory": given, "category": category}
        )
    return mapped


def _below(name: str) -> tuple[str, ...]:
    detailed = taxonomy.primaries().get(name)
    if detailed is not None:
        return (name, *detailed)
    place = taxonomy.place(name)
    return () if place is None or place.detailed is None else (place.detailed,)


def _placed(code: str) -> str:
    """The taxonomy's own name of a code of any of its versions. Raises Refusal for others."""
    place = taxonomy.place(code.strip())
    if place is None:
        raise invalid("Give a primary or detailed category of the taxonomy.", "code")
    return place.detailed or place.primary


def _taken() -> Refusal:
    return conflict("There is a category of this name already.", "name")
