"""Rules of reconciliation: admins make and change them, anybody reads them, members try them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from time import monotonic
from typing import Final
from uuid import UUID

from core.errors import BadInput, Forbidden
from core.models import Role
from core.reconciliation import (
    Proposal,
    ReconciliationRule,
    Rule,
    RuleMode,
    RuleShape,
    RuleTerms,
)
from db import accounts, audit, reconciliations, tenants
from db import reconciliation_rules as stored
from db.session import Tx
from matching.reconcile import DEFAULT_RULES, reconcile
from pipeline.auto_reconcile import concerned, rules_of
from pipeline.flow import in_thread
from resolvers import text
from resolvers.context import Context
from resolvers.refusing import conflict, invalid, limit, missing, refusable, require

RULES_MAX: Final = 50
DAYS_MAX: Final = 366
DRY_RUN_S: Final = 4  # after which no further rule is tried
PROPOSALS_MAX: Final = 100  # that a dry run shows
NAME_MAX: Final = 100
_WINDOW_MAX: Final = 90
_PERCENT_MAX: Final = Decimal(10)
_TOLERANCE_MAX: Final = Decimal(1_000_000)
_ACCOUNTS_MAX: Final = 50
_GROUP_MAX: Final = 8
_PLACES_MAX: Final = 4  # of a percentage


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What rules would find; `found` has the best of it."""

    groups: int
    automatic: int
    rows: int  # that were looked at
    found: Sequence[Proposal]
    since: date | None  # the first day of these where there are too many for all


async def every(context: Context) -> Sequence[ReconciliationRule]:
    """The tenant's rules in their order; none: the ones that everybody has count."""
    async with context.read() as tx:
        return await stored.current(tx, tenant_id=context.tenant)


async def by_ids(context: Context, ids: Sequence[UUID]) -> Mapping[UUID, ReconciliationRule]:
    """Rules by id."""
    async with context.read() as tx:
        return await stored.by_ids(tx, tenant_id=context.tenant, ids=ids)


def defaults() -> Sequence[RuleTerms]:
    """The rules of tenants that have none of their own."""
    return [replace(rule.terms, position=at) for at, rule in enumerate(DEFAULT_RULES)]


@refusable
async def create(context: Context, *, terms: RuleTerms) -> ReconciliationRule:
    """A new rule; from then on the tenant's own ones count alone."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        terms = await _checked(tx, context, terms)
        if len(await stored.current(tx, tenant_id=context.tenant)) >= RULES_MAX:
            raise limit(f"There are {RULES_MAX} rules at most.")
        rule_id = await stored.put(
            tx, tenant_id=context.tenant, terms=terms, user_id=context.user_id
        )
        await _audited(tx, "created", rule_id, 1)
        found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[rule_id])
    return found[rule_id]


@refusable
async def update(context: Context, *, rule_id: UUID, terms: RuleTerms) -> ReconciliationRule:
    """The rule in a new version; what older ones reconciled stays."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        terms = await _checked(tx, context, terms)
        rule = await _replaced(tx, context, rule_id)
        version = rule.version + 1
        await stored.put(
            tx,
            tenant_id=context.tenant,
            terms=terms,
            user_id=context.user_id,
            rule_id=rule_id,
            version=version,
        )
        await _audited(tx, "updated", rule_id, version)
        found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[rule_id])
    return found[rule_id]


@refusable
async def remove(context: Context, *, rule_id: UUID) -> UUID:
    """The id of a rule that counts no more; what it reconciled stays."""
    async with context.write() as tx:
        await require(tx, context, Role.ADMIN)
        rule = await _replaced(tx, context, rule_id)
        await _audited(tx, "removed", rule_id, rule.version)
    return rule_id


async def dry_run(context: Context, *, terms: RuleTerms | None, first: date, last: date) -> DryRun:
    """What one rule, or all of the tenant's, would find in rows of these days. Writes nothing.

    Raises BadInput, and Forbidden for viewers: it may take seconds.
    """
    if last < first or (last - first) >= timedelta(days=DAYS_MAX):
        raise BadInput(f"period: give 1 to {DAYS_MAX} days")
    async with context.services.turns.take(context.tenant):
        return await _dry_run(context, terms, first=first, last=last)


async def _dry_run(context: Context, terms: RuleTerms | None, *, first: date, last: date) -> DryRun:
    async with context.read() as tx:
        role = await tenants.role(tx, tenant_id=context.tenant, user_id=context.user_id)
        if role is None or not role.covers(Role.MEMBER):
            raise Forbidden("a dry run needs the role MEMBER or a higher one")
        rules = await rules_of(tx, tenant_id=context.tenant)
        if terms is not None:
            rules = [Rule(label=terms.name, terms=_bounded(terms))]
        types = await reconciliations.account_types(tx, tenant_id=context.tenant)
        rules, account_ids = concerned(rules, types, None)
        days = await reconciliations.candidate_days(
            tx, tenant_id=context.tenant, account_ids=account_ids, first=first, last=last
        )
        since = _since(days)
        rows = await reconciliations.candidates(
            tx,
            tenant_id=context.tenant,
            account_ids=account_ids,
            first=since or first,
            last=last,
            by_itself=False,
        )
        rejected = await reconciliations.rejected_keys(tx, tenant_id=context.tenant)
    patience = _until(monotonic() + DRY_RUN_S)
    found = await in_thread(partial(reconcile, rules, rows, rejected=rejected, patience=patience))
    return DryRun(
        groups=len(found),
        automatic=sum(one.automatic for one in found),
        rows=len(rows),
        found=found[:PROPOSALS_MAX],
        since=since,
    )


def _until(end: float) -> Callable[[], None]:
    def ask() -> None:
        if monotonic() > end:
            raise BadInput("period: this takes too long; ask for fewer days, or try one rule alone")

    return ask


def _since(days: Mapping[date, int]) -> date | None:
    """The first day that is looked at where there are too many rows for all; None: all are."""
    rows, since = 0, None
    for day in sorted(days, reverse=True):
        rows += days[day]
        if rows > reconciliations.CANDIDATES_MAX:
            return since or day
        since = day
    return None


async def _replaced(tx: Tx, context: Context, rule_id: UUID) -> ReconciliationRule:
    found = await stored.by_ids(tx, tenant_id=context.tenant, ids=[rule_id])
    if rule_id not in found:
        raise missing("rule", "id")
    rule = found[rule_id]
    if not await stored.replace(tx, tenant_id=context.tenant, version_id=rule.version_id):
        raise conflict("Somebody changed the rule just now. Read it anew.", "id")
    return rule


async def _checked(tx: Tx, context: Context, terms: RuleTerms) -> RuleTerms:
    """The terms as they may be kept. Raises Refusal."""
    terms = replace(terms, name=text.name(terms.name, "name", most=NAME_MAX))
    try:
        terms = _bounded(terms)
    except BadInput as error:
        field, _, message = str(error).partition(": ")
        raise invalid(message, field) from error
    sides = (
        ("leftAccountIds", terms.left_account_ids),
        ("rightAccountIds", terms.right_account_ids),
    )
    for field, ids in sides:
        if ids is None:
            continue
        there = await accounts.by_ids(tx, tenant_id=context.tenant, ids=list(ids))
        if len(there) < len(set(ids)):
            raise missing("account", field)
    return terms


def _bounded(terms: RuleTerms) -> RuleTerms:
    """The terms. Raises BadInput, which names the field, for those that cannot be."""
    for field, ids in (
        ("leftAccountIds", terms.left_account_ids),
        ("rightAccountIds", terms.right_account_ids),
    ):
        if ids is not None and not 1 <= len(ids) <= _ACCOUNTS_MAX:
            raise BadInput(f"{field}: Name 1 to {_ACCOUNTS_MAX} accounts, or leave it out.")
    numbers = (
        ("position", terms.position, 0, 1_000),
        ("dayWindow", terms.day_window, 0, _WINDOW_MAX),
        ("groupMax", terms.group_max, 2, _GROUP_MAX),
        ("scoreMin", terms.score_min, 0, 100),
        ("amountTolerance", terms.amount_tolerance, 0, _TOLERANCE_MAX),
        ("tolerancePercent", terms.tolerance_percent, 0, _PERCENT_MAX),
    )
    for field, value, least, most in numbers:
        if not least <= value <= most:
            raise BadInput(f"{field}: Give {least} to {most}.")
    exponent = terms.tolerance_percent.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -_PLACES_MAX:
        raise BadInput(f"tolerancePercent: Give {_PLACES_MAX} decimal places at most.")
    selects = (terms.left_account_ids, terms.left_account_type) != (None, None) or (
        terms.right_account_ids,
        terms.right_account_type,
    ) != (None, None)
    if terms.shape is not RuleShape.ONE_TO_ONE and not selects:
        raise BadInput("leftAccountIds: Say which accounts are on one side.")
    if not selects and terms.mode is RuleMode.AUTO and not terms.by_reference:
        raise BadInput(
            "byReference: A rule about all accounts reconciles by itself only by reference."
        )
    if not selects and not terms.by_reference and not terms.text_needed:
        raise BadInput(
            "leftAccountIds: Say which accounts are on one side, or set byReference or textNeeded: "
            "equal amounts say too little."
        )
    return terms


async def _audited(tx: Tx, what: str, rule_id: UUID, version: int) -> None:
    data = {"ruleId": str(rule_id), "version": version}
    await audit.record(tx, f"reconciliation_rule.{what}", data=data)
