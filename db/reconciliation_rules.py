"""Rules of reconciliation, in versions: a change writes a new one, and the old one stays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID, uuid4

from core.reconciliation import ReconciliationRule, Rule, RuleTerms
from db.queries import load
from db.rows import read
from db.session import Tx

_SQL = load("reconciliation_rules")


async def current(tx: Tx, *, tenant_id: UUID) -> list[ReconciliationRule]:
    """The tenant's rules in their order; none where it has the ones that everybody has."""
    return [read(ReconciliationRule, row) for row in await tx.rows(_SQL["current"], tenant_id)]


async def by_ids(
    tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]
) -> Mapping[UUID, ReconciliationRule]:
    """Rules by id, as they are now."""
    rows = await tx.rows(_SQL["find"], tenant_id, list(ids))
    return {row["id"]: read(ReconciliationRule, row) for row in rows}


async def replace(tx: Tx, *, tenant_id: UUID, version_id: UUID) -> bool:
    """Whether this version counted until now. It does no more."""
    return await tx.run(_SQL["replace"], tenant_id, version_id) > 0


async def put(
    tx: Tx,
    *,
    tenant_id: UUID,
    terms: RuleTerms,
    user_id: UUID,
    rule_id: UUID | None = None,
    version: int = 1,
) -> UUID:
    """Writes a rule, or another version of one; the id of the rule. Raises Conflict."""
    rule_id = rule_id or uuid4()
    await tx.run(
        _SQL["put"],
        tenant_id,
        rule_id,
        version,
        terms.position,
        terms.name,
        terms.enabled,
        terms.mode.value,
        terms.shape.value,
        terms.signs.value,
        _ids(terms.left_account_ids),
        terms.left_account_type,
        _ids(terms.right_account_ids),
        terms.right_account_type,
        terms.by_reference,
        terms.amount_tolerance,
        terms.tolerance_percent,
        terms.day_window,
        terms.text_needed,
        terms.group_max,
        terms.score_min,
        user_id,
    )
    return rule_id


def as_rules(rules: Sequence[ReconciliationRule]) -> list[Rule]:
    """Rules as the engine takes them."""
    return [Rule.of(rule) for rule in rules]


def _ids(ids: Sequence[UUID] | None) -> list[UUID] | None:
    return None if ids is None else list(ids)
