"""Rules of a tenant: made, changed, ordered, and applied to what stands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID, uuid4

from categories.conditions import InvalidConditions, checked, kept
from core.categories import CategoryRule, CategoryRuleVersion
from core.models import Job, Role
from core.page import Page
from db import audit
from db import category_rules as stored
from db.category_rules import RuleFilter
from resolvers import text
from resolvers.context import Context
from resolvers.jobs import announce_all
from resolvers.refusing import invalid, limit, missing, refusable, require

RULES_MAX: Final = 1_000
JOBS_MAX: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """A change of a rule; None leaves a value as it is."""

    name: str | None = None
    enabled: bool | None = None
    conditions: object | None = None
    category: str | None = None


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, CategoryRule]:
    """Rules by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


async def page(
    context: Context, *, wanted: RuleFilter, first: int, after: str | None
) -> Page[CategoryRule]:
    """Rules in the order in which they are tried."""
    async with context.read() as tx:
        return await stored.page(
            tx, tenant_id=context.tenant, wanted=wanted, first=first, after=after
        )


async def versions(
    context: Context, ids: Sequence[UUID]
) -> Mapping[UUID, Sequence[CategoryRuleVersion]]:
    """What each rule said, newest first."""
    async with context.read() as tx:
        return await stored.versions(tx, tenant_id=context.tenant, ids=ids)


@refusable
async def create(
    context: Context, *, name: str, enabled: bool, conditions: object, category: str
) -> CategoryRule:
    """A new rule, tried after all others. It counts for what comes from now on."""
    name = text.name(name, "name")
    category = text.name(category, "category")
    conditions = conditions_of(conditions)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if len(await stored.lock_every(tx, tenant_id=context.tenant)) >= RULES_MAX:
            raise limit(f"A tenant has {RULES_MAX:,} rules at most. Delete one.")
        made = await stored.create(
            tx,
            tenant_id=context.tenant,
            name=name,
            enabled=enabled,
            conditions=conditions,
            category=category,
            user_id=context.user_id,
        )
        await audit.record(
            tx, "category_rule.created", data={"ruleId": str(made.id), "version": made.version}
        )
    return made


@refusable
async def update(context: Context, *, rule_id: UUID, change: RuleChange) -> CategoryRule:
    """The changed rule; what it decided before stays until rules are applied again."""
    name = text.optional_name(change.name, "name")
    category = text.optional_name(change.category, "category")
    conditions = None if change.conditions is None else conditions_of(change.conditions)
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        changed = await stored.update(
            tx,
            tenant_id=context.tenant,
            rule_id=rule_id,
            name=name,
            enabled=change.enabled,
            conditions=conditions,
            category=category,
            user_id=context.user_id,
        )
        if changed is None:
            raise missing("category rule", "id")
        await audit.record(
            tx,
            "category_rule.updated",
            data={"ruleId": str(rule_id), "version": changed.version},
        )
    return changed


@refusable
async def delete(context: Context, *, rule_id: UUID) -> UUID:
    """Takes a rule away; what it said is kept among its versions."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        if not await stored.delete(tx, tenant_id=context.tenant, rule_id=rule_id):
            raise missing("category rule", "id")
        await audit.record(tx, "category_rule.deleted", data={"ruleId": str(rule_id)})
    return rule_id


@refusable
async def reorder(context: Context, *, ids: Sequence[UUID]) -> Sequence[CategoryRule]:
    """All rules in a new order, which names each of them once."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        rules = await stored.lock_every(tx, tenant_id=context.tenant)
        if set(ids) - {rule.id for rule in rules}:
            raise missing("category rule", "ids")
        if len(ids) != len(rules) or len(set(ids)) != len(rules):
            raise invalid(f"Name each of the {len(rules):,} rules once.", "ids")
        await stored.reorder(tx, tenant_id=context.tenant, ids=ids, user_id=context.user_id)
        await audit.record(tx, "category_rules.reordered", data={"rules": len(ids)})
        found = await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)
    return [found[rule_id] for rule_id in ids]


@refusable
async def apply(context: Context) -> Sequence[Job]:
    """Jobs that categorise anew what stands, one for each connection."""
    async with context.write() as tx:
        await require(tx, context, Role.MEMBER)
        jobs = await stored.request_apply(
            tx,
            tenant_id=context.tenant,
            created_by=context.user_id,
            batch_id=uuid4(),
            most=JOBS_MAX,
        )
        await audit.record(tx, "category_rules.applied", data={"jobs": len(jobs)})
    await announce_all(context, jobs)
    return jobs


def conditions_of(given: object) -> dict[str, Any]:
    """The conditions as they are stored. Raises Refusal, which says what is wrong with them."""
    try:
        return kept(checked(given))
    except InvalidConditions as error:
        raise invalid(str(error), "conditions") from error
