"""Reconciles rows by the tenant's rules after a job: the sure ones at once, others by asking."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from core.days import shifted
from core.errors import Conflict
from core.models import Job
from core.reconciliation import Candidate, Proposal, Rule
from core.records import Finding, Severity
from core.reviews import NewReviewItem, ReviewKind
from db import ledger, reconciliation_rules, reconciliations, review_items
from db.session import Tx
from matching.reconcile import DEFAULT_RULES, VERSION, is_open, reconcile, sides
from matching.reconcile_agreement import key_of
from pipeline.flow import in_thread
from pipeline.services import Services

log = logging.getLogger(__name__)

LOOKBACK: Final = timedelta(days=100)  # rows of jobs that nothing followed are looked at, too
MARGIN: Final = timedelta(days=90)  # the widest window of a rule
WRITTEN_AT_ONCE: Final = 100
QUESTIONS_MAX: Final = 500  # of one job
ASKED_ROWS_MAX: Final = 400  # a review item holds the ids of no more
SHOWN_ROWS_MAX: Final = 10
_TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What there is to reconcile."""

    rules: Sequence[Rule]
    rows: Sequence[Candidate]
    rejected: Collection[str]

    def found(self) -> list[Proposal]:
        """What the rules find. Takes a second or more where there are many rows."""
        return reconcile(self.rules, self.rows, rejected=self.rejected)


async def auto_reconcile(job: Job, services: Services) -> None:
    """Looks at the accounts that the job's connection feeds, and what may be opposite them."""
    async with services.database.as_(services.scope(job)) as tx:
        stale = await reconciliations.stale_keys(tx, tenant_id=job.tenant_id)
        await review_items.supersede(tx, tenant_id=job.tenant_id, keys=stale)
        work = await _work(tx, job, today=services.clock().date())
        await ledger.renew(tx, job, lease=services.lease)
    if work is None:
        return
    found = await in_thread(work.found)
    sure = [one for one in found if one.automatic]
    done = 0
    for start in range(0, len(sure), WRITTEN_AT_ONCE):
        done += await _write(job, services, sure[start : start + WRITTEN_AT_ONCE])
    questions = [_question(one) for one in found if not one.automatic and _can_be_asked(one)]
    async with services.database.as_(services.scope(job)) as tx:
        asked = await review_items.put(
            tx, tenant_id=job.tenant_id, job_id=job.id, items=questions[:QUESTIONS_MAX]
        )
        if done:
            finding = _finding(done, asked)
            start = await ledger.next_finding(tx, job)
            await ledger.put_findings(tx, job, start=start, findings=[finding])
        await ledger.renew(tx, job, lease=services.lease)


async def rules_of(tx: Tx, *, tenant_id: UUID) -> Sequence[Rule]:
    """The tenant's rules, or those that everybody has."""
    own = await reconciliation_rules.current(tx, tenant_id=tenant_id)
    return reconciliation_rules.as_rules(own) or DEFAULT_RULES


async def _work(tx: Tx, job: Job, *, today: date) -> Work | None:
    tenant_id = job.tenant_id
    fed = await reconciliations.reconcilable(
        tx, tenant_id=tenant_id, connection_id=job.connection_id
    )
    if not fed:
        return None
    types = await reconciliations.account_types(tx, tenant_id=tenant_id)
    every = await rules_of(tx, tenant_id=tenant_id)
    if await reconciliations.sources(tx, tenant_id=tenant_id) < 2:
        # A rule about all accounts pairs rows of different connections.
        every = [rule for rule in every if not is_open(rule.terms)]
    rules, accounts = concerned(every, types, fed)
    if len(accounts) < 2:
        return None
    span = await reconciliations.span(tx, tenant_id=tenant_id, job_id=job.id)
    first, last = today - LOOKBACK, today
    if span is not None:
        first, last = min(first, span[0]), max(last, span[1])
    rows = await reconciliations.candidates(
        tx,
        tenant_id=tenant_id,
        account_ids=accounts,
        first=shifted(first, -MARGIN),
        last=shifted(last, MARGIN),
        by_itself=True,
    )
    if not any(row.account_id in fed for row in rows):
        return None
    rejected = await reconciliations.rejected_keys(tx, tenant_id=tenant_id)
    return Work(rules=rules, rows=rows, rejected=rejected)


def concerned(
    rules: Sequence[Rule], types: Mapping[UUID, str], fed: Collection[UUID] | None
) -> tuple[list[Rule], set[UUID]]:
    """The rules that have something to do with some accounts (None: with any), and all accounts
    that these rules are about."""
    own, accounts = [], set[UUID]()
    for rule in rules:
        left, right = sides(rule.terms, types)
        both = left | right
        if left and right and len(both) > 1 and (fed is None or not both.isdisjoint(fed)):
            own.append(rule)
            accounts |= both
    return own, accounts


async def _write(job: Job, services: Services, some: Sequence[Proposal]) -> int:
    """Writes groups; where somebody was quicker with a row of one, each by itself."""
    try:
        async with services.database.as_(services.scope(job)) as tx:
            await reconciliations.put_found(tx, tenant_id=job.tenant_id, found=some)
            keys = {key_of(one.ids) for one in some}
            await review_items.supersede(tx, tenant_id=job.tenant_id, keys=keys)
            await ledger.renew(tx, job, lease=services.lease)
    except Conflict:
        if len(some) == 1:
            log.info("reconciliation.overtaken", extra={"job_id": str(job.id)})
            return 0
        return sum([await _write(job, services, [one]) for one in some])
    return len(some)


def _can_be_asked(found: Proposal) -> bool:
    return len(found.left) + len(found.right) <= ASKED_ROWS_MAX


def _question(found: Proposal) -> NewReviewItem:
    return NewReviewItem(
        kind=ReviewKind.RECONCILIATION,
        key=key_of(found.ids),
        score=found.score,
        rule_version=VERSION,
        transaction_id=found.left[0].id,
        other_id=found.right[0].id,
        account_id=found.right[0].account_id,
        reasons=found.reasons,
        evidence=evidence(found),
    )


def evidence(found: Proposal) -> dict[str, Any]:
    """Both sides as they are, and what would be reconciled."""
    return {
        "rule": found.rule.label,
        "ruleVersionId": None if found.rule.version_id is None else str(found.rule.version_id),
        "difference": str(found.difference),
        "currency": found.left[0].currency,
        "leftIds": [str(row.id) for row in found.left],
        "rightIds": [str(row.id) for row in found.right],
        "left": [_shown(row) for row in found.left[:SHOWN_ROWS_MAX]],
        "right": [_shown(row) for row in found.right[:SHOWN_ROWS_MAX]],
    }


def _shown(row: Candidate) -> dict[str, str]:
    return {
        "id": str(row.id),
        "accountId": str(row.account_id),
        "day": row.day.isoformat(),
        "amount": str(row.amount),
        "description": row.description[:_TEXT_MAX],
    }


def _finding(done: int, asked: int) -> Finding:
    text = f"{done:,} groups of transactions were reconciled by rules."
    if asked:
        text += f" {asked:,} more wait in the review."
    return Finding(Severity.INFO, "reconciled", text)
