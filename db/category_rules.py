"""Rules of a tenant, in their order, each with what it said before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.categories import CategoryRule, CategoryRuleVersion
from core.models import Job
from core.page import Page
from db import select
from db.queries import load
from db.rows import read
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

_SQL = load("category_rules")

LISTING: Final = Listing(source="app.category_rules as r", alias="r")
IN_ORDER: Final = Order(
    name="category-rules",
    keys=(select.by_number("r.position"), select.by_id("r")),
    descending=False,
)
VERSIONS_MAX: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFilter:
    """Which rules; None asks nothing."""

    enabled: bool | None = None
    categories: tuple[str, ...] | None = None
    text: str | None = None


def asked(wanted: RuleFilter) -> Asked:
    """Rules in the order in which they are tried."""
    return Asked(where=_where(wanted), order=IN_ORDER)


async def by_ids(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, CategoryRule]:
    """Rules by id."""
    return await select.by_ids(tx, CategoryRule, listing=LISTING, tenant_id=tenant_id, ids=ids)


async def page(
    tx: Tx, *, tenant_id: UUID, wanted: RuleFilter, first: int, after: str | None
) -> Page[CategoryRule]:
    """Rules in the order in which they are tried."""
    return await select.page(
        tx,
        CategoryRule,
        listing=LISTING,
        tenant_id=tenant_id,
        where=_where(wanted),
        order=IN_ORDER,
        first=first,
        after=after,
    )


async def create(
    tx: Tx,
    *,
    tenant_id: UUID,
    name: str,
    enabled: bool,
    conditions: dict[str, Any],
    category: str,
    user_id: UUID,
) -> CategoryRule:
    """A new rule, after all others."""
    row = await tx.row(_SQL["create"], tenant_id, name, enabled, conditions, category, user_id)
    assert row is not None
    return read(CategoryRule, row)


async def update(
    tx: Tx,
    *,
    tenant_id: UUID,
    rule_id: UUID,
    name: str | None,
    enabled: bool | None,
    conditions: dict[str, Any] | None,
    category: str | None,
    user_id: UUID,
) -> CategoryRule | None:
    """The changed rule, None where there is none; None leaves a value as it is."""
    row = await tx.row(
        _SQL["update"], tenant_id, rule_id, name, enabled, conditions, category, user_id
    )
    return None if row is None else read(CategoryRule, row)


async def delete(tx: Tx, *, tenant_id: UUID, rule_id: UUID) -> bool:
    """Whether there was one; its versions stay."""
    return await tx.run(_SQL["delete"], tenant_id, rule_id) > 0


async def lock_every(tx: Tx, *, tenant_id: UUID) -> list[CategoryRule]:
    """All rules in their order, which stays until this transaction ends."""
    return [read(CategoryRule, row) for row in await tx.rows(_SQL["every"], tenant_id)]


async def reorder(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID], user_id: UUID) -> None:
    """Puts all rules into this order."""
    await tx.run(_SQL["reorder"], tenant_id, list(ids), user_id)


async def versions(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[CategoryRuleVersion]]:
    """What each rule said, newest first, `VERSIONS_MAX` at most."""
    found: dict[UUID, list[CategoryRuleVersion]] = {rule_id: [] for rule_id in ids}
    for row in await tx.rows(_SQL["versions"], tenant_id, list(ids), VERSIONS_MAX):
        found[row["rule_id"]].append(read(CategoryRuleVersion, row))
    return found


async def request_apply(
    tx: Tx, *, tenant_id: UUID, created_by: UUID, batch_id: UUID, most: int
) -> Sequence[Job]:
    """Jobs that wait to categorise anew what stands: one for each connection, new or not."""
    await tx.run(_SQL["request_apply"], tenant_id, created_by, batch_id, most)
    return [read(Job, row) for row in await tx.rows(_SQL["waiting"], tenant_id, most)]


def _where(wanted: RuleFilter) -> list[Condition]:
    where = []
    if wanted.enabled is not None:
        where.append(Condition("r.enabled = {}", (wanted.enabled,)))
    if wanted.categories is not None:
        where.append(Condition("r.category = any({}::text[])", (list(wanted.categories),)))
    if wanted.text is not None:
        where.append(Condition("r.name ilike {}", (select.containing(wanted.text),)))
    return where
