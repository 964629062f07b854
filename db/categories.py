"""Categories of a tenant's own, and what it calls those of sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.categories import CategoryMapping, TenantCategory
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("categories")

LISTING: Final = Listing(source="app.categories as c", alias="c")
NEWEST: Final = Order(
    name="categories", keys=(select.by_instant("c.created_at"), select.by_id("c"))
)
MAPPINGS: Final = Listing(source="app.category_mappings as m", alias="m")
NEWEST_MAPPINGS: Final = Order(
    name="category-mappings", keys=(select.by_instant("m.created_at"), select.by_id("m"))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryFilter:
    """Which of the tenant's own categories; None asks nothing."""

    codes: tuple[str, ...] | None = None
    text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryMappingFilter:
    """Which mappings; None asks nothing."""

    categories: tuple[str, ...] | None = None
    text: str | None = None


def asked(wanted: CategoryFilter) -> Asked:
    """The tenant's own categories, newest first."""
    return Asked(where=_where(wanted), order=NEWEST)


def asked_mappings(wanted: CategoryMappingFilter) -> Asked:
    """What the tenant calls categories of others, newest first."""
    return Asked(where=_where_mappings(wanted), order=NEWEST_MAPPINGS)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, TenantCategory]:
    """Categories by id."""
    return await select.by_ids(tx, TenantCategory, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def mappings_by_ids(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, CategoryMapping]:
    """Mappings by id."""
    return await select.by_ids(tx, CategoryMapping, listing=MAPPINGS, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: CategoryFilter, first: int, after: str | None
) -> Page[TenantCategory]:
    """The tenant's own categories, newest first."""
    return await select.page(
        tx,
        TenantCategory,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=NEWEST,
        first=first,
        after=after,
    )


async def mappings(
    tx: Tx, *, tenant_id: UUID, wanted: CategoryMappingFilter, first: int, after: str | None
) -> Page[CategoryMapping]:
    """What the tenant calls categories of others, newest first."""
    return await select.page(
        tx,
        CategoryMapping,
        listing=MAPPINGS,
        tenant_id=tenant_id,
        where=_where_mappings(wanted),
        order=NEWEST_MAPPINGS,
        first=first,
        after=after,
    )


async def create(
    tx: Tx, *, tenant_id: UUID, name: str, code: str, description: str | None, created_by: UUID
) -> TenantCategory:
    """A new category. Raises Conflict where the tenant has one of that name."""
    row = await tx.row(_SQL["create"], tenant_id, name, code, description, created_by)
    assert row is not None
    return read(TenantCategory, row)


async def update(
    tx: Tx,
    *,
    tenant_id: UUID,
    category_id: UUID,
    name: str | None,
    code: str | None,
    describes: bool,
    description: str | None,
) -> TenantCategory | None:
    """The changed category, None where there is none. None leaves a value as it is.

    `describes`: the description is changed too, perhaps to none.
    """
    row = await tx.row(_SQL["update"], tenant_id, category_id, name, code, describes, description)
    return None if row is None else read(TenantCategory, row)


async def delete(tx: Tx, *, tenant_id: UUID, category_id: UUID) -> bool:
    """Whether there was one."""
    return await tx.run(_SQL["delete"], tenant_id, category_id) > 0


async def count(tx: Tx, *, tenant_id: UUID) -> int:
    """How many the tenant has."""
    return int(await tx.value(_SQL["count"], tenant_id))


async def codes(tx: Tx, *, tenant_id: UUID, names: Sequence[str]) -> Mapping[str, str]:
    """Where in the taxonomy the tenant's own categories of these names belong."""
    rows = await tx.rows(_SQL["codes"], tenant_id, list(names))
    return {row["name"]: row["code"] for row in rows}


async def map_category(
    tx: Tx, *, tenant_id: UUID, provider_category: str, category: str, updated_by: UUID
) -> CategoryMapping:
    """The mapping, new or changed."""
    row = await tx.row(_SQL["map"], tenant_id, provider_category, category, updated_by)
    assert row is not None
    return read(CategoryMapping, row)


async def unmap(tx: Tx, *, tenant_id: UUID, provider_category: str) -> bool:
    """Whether there was a mapping."""
    return await tx.run(_SQL["unmap"], tenant_id, provider_category) > 0


async def count_mappings(tx: Tx, *, tenant_id: UUID) -> int:
    """How many mappings the tenant has."""
    return int(await tx.value(_SQL["count_mappings"], tenant_id))


def _where(wanted: CategoryFilter) -> list[Condition]:
    where = []
    if wanted.codes is not None:
        where.append(Condition("c.code = any({}::text[])", (list(wanted.codes),)))
    if wanted.text is not None:
        where.append(Condition("c.name ilike {}", (select.containing(wanted.text),)))
    return where


def _where_mappings(wanted: CategoryMappingFilter) -> list[Condition]:
    where = []
    if wanted.categories is not None:
        where.append(Condition("m.category = any({}::text[])", (list(wanted.categories),)))
    if wanted.text is not None:
        pattern = select.containing(wanted.text)
        where.append(Condition("m.provider_category ilike {}", (pattern,)))
    return where
