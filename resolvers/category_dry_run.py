"""A dry run of rules: what would change in rows that stand, without changing anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from time import monotonic
from typing import Any, Final
from uuid import UUID

from core.categories import CategoryOrigin, Verdict
from core.errors import InvalidCursor
from core.models import Role, Transaction
from core.page import decode_cursor, encode_cursor
from db import category_evidence, transactions
from db.category_evidence import Evidence, SeenRow
from db.session import Tx
from pipeline.categorizing import Categorizer
from resolvers import text
from resolvers.category_rules import conditions_of
from resolvers.context import Context
from resolvers.refusing import invalid, missing, refusable, require

ROWS_MAX: Final = 20_000  # looked at in one call
ROWS_AT_ONCE: Final = 1_000
LOOK_S: Final = 4  # after which a call stops where it is; `after` goes on
CHANGES_MAX: Final = 100
_ORDER: Final = "category-dry-run"
_LAST: Final = (date.max, UUID(int=(1 << 128) - 1))
_DRAFT: Final = UUID(int=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A rule that is not kept yet: a new one, or `rule_id` as it would be.

    Without a name it has that of its category.
    """

    name: str | None = None
    conditions: object | None
    category: str | None
    rule_id: UUID | None = None
    first: bool = False  # before all others; else after them, or where the rule is


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A row that would have another category."""

    transaction: Transaction
    before: str | None
    after: str | None
    suggested: str | None
    origin: CategoryOrigin | None
    reason: str | None
    rule_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What a call looked at; `after` goes on where it stopped, None where it saw everything."""

    looked_at: int
    fitting: int
    changing: int
    chosen: int
    changes: Sequence[Change]
    after: str | None


@dataclass(slots=True)
class _Tally:
    looked_at: int = 0
    fitting: int = 0
    changing: int = 0
    chosen: int = 0
    kept: list[tuple[SeenRow, Verdict]] | None = None


@refusable
async def dry_run(
    context: Context, *, draft: Draft | None, first: int, after: str | None
) -> DryRun:
    """What the evidence would say, with a draft among the rules or as they are; for members."""
    if not 1 <= first <= CHANGES_MAX:
        raise invalid(f"Give 1 to {CHANGES_MAX}.", "first")
    place = _LAST if after is None else _place(after)
    made = None if draft is None else _row(draft)
    async with context.services.turns.take(context.tenant), context.read() as tx:
        await require(tx, context, Role.MEMBER)
        evidence = await category_evidence.evidence(tx, tenant_id=context.tenant)
        if draft is not None and made is not None:
            evidence = _with(evidence, draft, made)
        categorizer = Categorizer(tenant_id=context.tenant, evidence=evidence)
        tally = _Tally(kept=[])
        found = await _look(tx, context, categorizer, tally, place=place, first=first, made=made)
        ids = [row.id for row, _ in tally.kept or ()]
        shown = await transactions.by_ids(tx, tenant_id=context.tenant, ids=ids)
    return DryRun(
        looked_at=tally.looked_at,
        fitting=tally.fitting,
        changing=tally.changing,
        chosen=tally.chosen,
        changes=[
            Change(
                transaction=shown[row.id],
                before=row.category,
                after=_after(row, verdict),
                suggested=verdict.suggested,
                origin=verdict.origin,
                reason=verdict.reason,
                rule_id=None if verdict.rule_id == _DRAFT else verdict.rule_id,
            )
            for row, verdict in tally.kept or ()
        ],
        after=None
        if found is None
        else encode_cursor(_ORDER, [found[0].isoformat(), str(found[1])]),
    )


async def _look(
    tx: Tx,
    context: Context,
    categorizer: Categorizer,
    tally: _Tally,
    *,
    place: tuple[date, UUID],
    first: int,
    made: dict[str, Any] | None,
) -> tuple[date, UUID] | None:
    """Looks at rows from a place on until there are enough changes; where it stopped, if it did."""
    kept: list[tuple[SeenRow, Verdict]] = []
    tally.kept = kept
    until = monotonic() + LOOK_S
    while tally.looked_at < ROWS_MAX and (tally.looked_at == 0 or monotonic() < until):
        rows = await category_evidence.newest(
            tx, tenant_id=context.tenant, before=place, most=ROWS_AT_ONCE
        )
        verdicts = await categorizer.decide(tx, [row.subject for row in rows])
        for row, verdict in zip(rows, verdicts, strict=True):
            place = (row.sort_date, row.id)
            tally.looked_at += 1
            tally.fitting += made is not None and str(verdict.rule_id) == made["id"]
            tally.chosen += row.chosen
            if row.chosen or _after(row, verdict) == row.category:
                continue
            tally.changing += 1
            kept.append((row, verdict))
            if len(kept) == first:
                return place
        if len(rows) < ROWS_AT_ONCE:
            return None
    return place


def _after(row: SeenRow, verdict: Verdict) -> str | None:
    return verdict.category or row.subject.source_category


def _row(draft: Draft) -> dict[str, Any]:
    """The draft as a rule. Raises Refusal where it is half of one: that would try nothing."""
    if draft.conditions is None:
        raise invalid("Say when the rule would fit, too.", "conditions")
    if draft.category is None:
        raise invalid("Say what the rule would say, too.", "category")
    category = text.name(draft.category, "category")
    return {
        "id": str(draft.rule_id or _DRAFT),
        "name": text.optional_name(draft.name, "name") or category,
        "category": category,
        "conditions": conditions_of(draft.conditions),
    }


def _with(evidence: Evidence, draft: Draft, made: dict[str, Any]) -> Evidence:
    """The evidence with the draft in its place. Raises Refusal where the rule is not there."""
    rules = list(evidence.rules)
    if draft.rule_id is None:
        return replace(evidence, rules=[made, *rules] if draft.first else [*rules, made])
    places = [number for number, rule in enumerate(rules) if rule["id"] == made["id"]]
    if not places:
        raise missing("enabled category rule", "ruleId")
    rules[places[0]] = made
    return replace(evidence, rules=rules)


def _place(after: str) -> tuple[date, UUID]:
    try:
        day, row_id = decode_cursor(after, order=_ORDER, size=2)
        return date.fromisoformat(day), UUID(row_id)
    except (InvalidCursor, ValueError) as error:
        raise invalid("This is no cursor of a dry run.", "after") from error
