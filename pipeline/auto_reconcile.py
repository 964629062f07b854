"""Reconciles rows by the tenant's rules after a job: the sure ones at once, others by asking.

All rows are read at once where they are few enough. Else each rule in its turn looks at one window
of days after the other, however many accounts and rows there are.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import partial
from typing import Any, Final
from uuid import UUID

from core.days import shifted
from core.errors import Conflict
from core.models import Job
from core.reconciliation import Candidate, Proposal, Rule
from core.records import Finding, Severity
from core.reviews import NewReviewItem, ReviewKind, ReviewState
from db import ledger, reconciliation_rules, reconciliations, review_items
from db.session import Tx
from matching.reconcile import DEFAULT_RULES, VERSION, is_open, reconcile, sides
from matching.reconcile_agreement import key_of
from matching.reconcile_groups import unsure
from matching.reconcile_windows import Window, windows
from pipeline.flow import in_thread
from pipeline.services import Services

log = logging.getLogger(__name__)

LOOKBACK: Final = timedelta(days=100)  # rows of jobs that nothing followed are looked at, too
MARGIN: Final = timedelta(days=90)  # the widest window of a rule
ROWS_AT_ONCE: Final = 50_000
HALVED_MOST: Final = 256  # parts that one part may come to
# Of one transaction. The first one of a session in new tables is how it goes on finding groups:
# by their key if they are many, else among all of the tenant's.
WRITTEN_AT_ONCE: Final = 500
WRITTEN_ROWS: Final = 5_000
ASKED_AT_ONCE: Final = 500
QUESTIONS_MAX: Final = 5_000  # that one job puts anew: the next one goes on
ASKED_ROWS_MAX: Final = 400  # a review item holds the ids of no more
SHOWN_ROWS_MAX: Final = 10
_TEXT_MAX: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """Rules, and the days that they look at together."""

    rules: Sequence[Rule]
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What there is to reconcile: rules with the rows that each may be about."""

    rules: Sequence[Rule]
    types: Mapping[UUID, str]
    first: date
    last: date
    days: Mapping[date, int]  # with how many rows each


@dataclass(slots=True)
class Done:
    """What has come of a job so far."""

    groups: int = 0
    asked: int = 0
    unasked: int = 0  # that the next job asks
    narrowed: set[date] = field(default_factory=set)  # days that had too many rows around them
    taken: set[UUID] = field(default_factory=set)  # rows of questions


async def auto_reconcile(
    job: Job, services: Services, *, most: int = ROWS_AT_ONCE, questions: int = QUESTIONS_MAX
) -> None:
    """Looks at the accounts that the job's connection feeds, and what may be opposite them.

    No more than `most` rows are read at once, and no more than so many questions are new.
    """
    async with services.database.as_(services.scope(job)) as tx:
        await _close_stale(tx, job)
        works = await _works(tx, job, today=services.clock().date())
        rejected = await reconciliations.rejected_keys(tx, tenant_id=job.tenant_id)
        await ledger.renew(tx, job, lease=services.lease)
    if not works:
        return
    done = Done()
    for work in works:
        async for turn in _turns(job, services, work, most=most):
            async for rows, window in _read(job, services, work, turn, most=most):
                found = await in_thread(partial(_found, turn.rules, rows, window, rejected))
                await _settle(job, services, found, done, questions=questions)
                if not window.whole:
                    done.narrowed.add(window.first)
    async with services.database.as_(services.scope(job)) as tx:
        await _close_stale(tx, job)
        start = await ledger.next_finding(tx, job)
        await ledger.put_findings(tx, job, start=start, findings=_findings(done))
        await ledger.renew(tx, job, lease=services.lease)


async def _close_stale(tx: Tx, job: Job) -> None:
    stale = await reconciliations.stale_keys(tx, tenant_id=job.tenant_id)
    await review_items.supersede(tx, tenant_id=job.tenant_id, keys=stale)


async def rules_of(tx: Tx, *, tenant_id: UUID) -> Sequence[Rule]:
    """The tenant's rules, or those that everybody has."""
    own = await reconciliation_rules.current(tx, tenant_id=tenant_id)
    return reconciliation_rules.as_rules(own) or DEFAULT_RULES


async def _works(tx: Tx, job: Job, *, today: date) -> list[Work]:
    """The days around those of the job's rows and the last ones, span by span: between a few rows
    of years apart lies much that is no business of theirs."""
    tenant_id = job.tenant_id
    fed = await reconciliations.reconcilable(
        tx, tenant_id=tenant_id, connection_id=job.connection_id
    )
    if not fed:
        return []
    types = await reconciliations.account_types(tx, tenant_id=tenant_id)
    every = await rules_of(tx, tenant_id=tenant_id)
    if await reconciliations.sources(tx, tenant_id=tenant_id) < 2:
        # A rule about all accounts pairs rows of different connections.
        every = [rule for rule in every if not is_open(rule.terms)]
    rules, accounts = concerned([rule for rule in every if rule.terms.enabled], types, fed)
    if len(accounts) < 2:
        return []
    own = await reconciliations.days_of_job(tx, tenant_id=tenant_id, job_id=job.id)
    works = []
    for first, last in spans([(today - LOOKBACK, today), *((day, day) for day in own)]):
        if not await reconciliations.candidate_days(
            tx, tenant_id=tenant_id, account_ids=fed & accounts, first=first, last=last
        ):
            continue
        days = await reconciliations.candidate_days(
            tx, tenant_id=tenant_id, account_ids=accounts, first=first, last=last
        )
        works.append(Work(rules=rules, types=types, first=first, last=last, days=days))
    return works


def spans(days: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """Spans of days with `MARGIN` around each, in their order; those that meet are one."""
    found: list[tuple[date, date]] = []
    for first, last in sorted(days):
        begin, end = shifted(first, -MARGIN), shifted(last, MARGIN)
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


async def _turns(job: Job, services: Services, work: Work, *, most: int) -> AsyncIterator[Turn]:
    """What is looked at, one after the other: everything, or a window of one rule, whose accounts
    have what the rules before it left."""
    if sum(work.days.values()) <= most:
        whole = Window(
            first=work.first,
            last=work.last,
            read_first=work.first,
            read_last=work.last,
            parts=1,
        )
        yield Turn(rules=work.rules, window=whole)
        return
    for rule in sorted(work.rules, key=lambda one: one.terms.position):
        _, accounts = concerned([rule], work.types, None)
        async with services.database.as_(services.scope(job), read_only=True) as tx:
            days = await reconciliations.candidate_days(
                tx,
                tenant_id=job.tenant_id,
                account_ids=accounts,
                first=work.first,
                last=work.last,
            )
        for window in windows(days, rule.terms, most=most):
            yield Turn(rules=[rule], window=window)


async def _read(
    job: Job, services: Services, work: Work, turn: Turn, *, most: int
) -> AsyncIterator[tuple[list[Candidate], Window]]:
    """The rows of a turn, of the accounts that its rules are about, part by part. A part that has
    too many is halved; where all are of one amount, the newest of them are looked at."""
    window = turn.window
    _, accounts = concerned(turn.rules, work.types, None)
    waiting = [(part, window.parts) for part in range(window.parts)]
    while waiting:
        part, parts = waiting.pop()
        async with services.database.as_(services.scope(job), read_only=True) as tx:
            rows = await reconciliations.candidates(
                tx,
                tenant_id=job.tenant_id,
                account_ids=accounts,
                first=window.read_first,
                last=window.read_last,
                by_itself=True,
                most=most + 1,
                part=part,
                parts=parts,
            )
        if len(rows) <= most:
            yield rows, window
        elif 1 < parts < window.parts * HALVED_MOST:
            waiting += [(part, 2 * parts), (part + parts, 2 * parts)]
        else:
            yield rows[:most], replace(window, whole=False)


def _found(
    rules: Sequence[Rule], rows: Sequence[Candidate], window: Window, rejected: Collection[str]
) -> list[Proposal]:
    """What the rules find. Takes a second or more where there are many rows."""
    found = reconcile(rules, rows, rejected=rejected)
    own = [one for one in found if window.decides(one)]
    return own if window.whole else [unsure(one) for one in own]


async def _settle(
    job: Job, services: Services, found: Sequence[Proposal], done: Done, *, questions: int
) -> None:
    """Writes what is sure, and asks about the rest."""
    sure = [one for one in found if one.automatic]
    for batch in _batches(sure):
        done.groups += await _write(job, services, batch)
    unsure_ones = []
    for one in found:
        if not one.automatic and _can_be_asked(one) and done.taken.isdisjoint(one.ids):
            done.taken.update(one.ids)
            unsure_ones.append(_question(one))
    for start in range(0, len(unsure_ones), ASKED_AT_ONCE):
        some = unsure_ones[start : start + ASKED_AT_ONCE]
        async with services.database.as_(services.scope(job)) as tx:
            known = await review_items.known(
                tx, tenant_id=job.tenant_id, keys={one.key for one in some}
            )
            new = [one for one in some if one.key not in known]
            room = max(questions - done.asked, 0)
            done.asked += min(len(new), room)
            done.unasked += max(len(new) - room, 0)
            left_out = {one.key for one in new[room:]}
            some = [one for one in some if one.key not in left_out]
            await review_items.put(tx, tenant_id=job.tenant_id, job_id=job.id, items=some)
            await ledger.renew(tx, job, lease=services.lease)


def _batches(found: Sequence[Proposal]) -> Iterator[list[Proposal]]:
    """Proposals with so many rows as are written at once, in their order."""
    some: list[Proposal] = []
    rows = 0
    for one in found:
        if some and (len(some) == WRITTEN_AT_ONCE or rows + len(one.ids) > WRITTEN_ROWS):
            yield some
            some, rows = [], 0
        some.append(one)
        rows += len(one.ids)
    if some:
        yield some


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
    """Writes groups; where somebody was quicker with a row of one, all but that one."""
    try:
        async with services.database.as_(services.scope(job)) as tx:
            keys = {key_of(one.ids) for one in some}
            answers = await review_items.answers(tx, tenant_id=job.tenant_id, keys=keys)
            no = {key for key, state in answers.items() if state is ReviewState.REJECTED}
            some = [one for one in some if key_of(one.ids) not in no]
            if some:
                await reconciliations.put_found(tx, tenant_id=job.tenant_id, found=some)
            await review_items.supersede(tx, tenant_id=job.tenant_id, keys=keys)
            await ledger.renew(tx, job, lease=services.lease)
    except Conflict:
        if len(some) == 1:
            log.info("reconciliation.overtaken", extra={"job_id": str(job.id)})
            return 0
        middle = len(some) // 2
        halves = (some[:middle], some[middle:])
        return sum([await _write(job, services, half) for half in halves])
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


def _findings(done: Done) -> list[Finding]:
    found = []
    if done.groups:
        text = f"{done.groups:,} groups of transactions were reconciled by rules."
        if done.asked:
            text += f" {done.asked:,} more wait in the review."
        found.append(Finding(Severity.INFO, "reconciled", text))
    if done.unasked:
        found.append(
            Finding(
                Severity.INFO,
                "reconciling-goes-on",
                f"{done.unasked:,} more groups of transactions may belong together: the next job "
                "of the connection asks about them.",
            )
        )
    if done.narrowed:
        found.append(
            Finding(
                Severity.WARNING,
                "reconciling-narrowed",
                f"Around {len(done.narrowed):,} days, the first of them {min(done.narrowed)}, "
                "there are more transactions than a rule can look at together: it looked at fewer "
                "days, and asks about what it found. Give rules fewer days or accounts.",
            )
        )
    return found
