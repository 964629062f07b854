"""Contradictions that a job's rows brought: settled by policy, or put to a person, both versions.

The merge keeps what is protected, also what is taken back, and notes what came; here the final
state is looked at, when whatever the job took back may have come again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from core.models import Job
from core.reconciliation import (
    ConflictKind,
    ConflictPolicy,
    ConflictState,
    TransactionConflict,
)
from core.records import Finding, Severity, TransactionStatus
from core.reviews import NewReviewItem, ReviewKind, ReviewReason, ReviewState
from db import audit, conflicts, ledger, reconciliations, review_items
from db.conflicts import NotedConflict
from db.session import Tx
from pipeline.services import Services

RULE_VERSION: Final = "conflict-1"
AT_ONCE: Final = 500
_TEXT_MAX: Final = 500
# What both versions are shown with; a review item holds no more.
_SHOWN: Final = {
    "amount": "amount",
    "currency": "currency",
    "sort_date": "day",
    "description": "description",
    "status": "status",
}


async def settle_conflicts(job: Job, services: Services) -> None:
    """Looks at every contradiction that is noted, whichever job brought it."""
    while True:
        async with services.database.as_(services.scope(job)) as tx:
            noted = await conflicts.noted(tx, tenant_id=job.tenant_id, most=AT_ONCE)
            if noted:
                await _settle(tx, job, noted)
            stale = await conflicts.open_keys(tx, tenant_id=job.tenant_id)
            await review_items.supersede(tx, tenant_id=job.tenant_id, keys=stale)
            await ledger.renew(tx, job, lease=services.lease)
        if len(noted) < AT_ONCE:
            return


def key_of(conflict: TransactionConflict) -> str:
    """Names a contradiction by what came, so that it is asked about once."""
    what = "removed" if conflict.kind is ConflictKind.REMOVED else str(conflict.content_key)
    return f"conflict:{conflict.transaction_id}:{what}"


async def _settle(tx: Tx, job: Job, noted: Sequence[NotedConflict]) -> None:
    keys = {conflict.transaction_id: key_of(conflict) for conflict in noted}
    answers = await review_items.answers(tx, tenant_id=job.tenant_id, keys=set(keys.values()))
    taken, kept, asked = [], [], []
    for conflict in noted:
        answer = answers.get(keys[conflict.transaction_id])
        if conflict.policy is ConflictPolicy.PROVIDER_WINS or answer is ReviewState.CONFIRMED:
            taken.append(conflict)
        elif conflict.policy is ConflictPolicy.USER_WINS or answer is ReviewState.REJECTED:
            kept.append(conflict)
        else:
            asked.append(conflict)
    await _take(tx, job, taken)
    gone = [
        one.transaction_id
        for one in (*kept, *asked)
        if one.kind is ConflictKind.REMOVED and one.status is TransactionStatus.REMOVED
    ]  # of a version before this one, in which such rows went first
    await conflicts.settle_noted(tx, ids=gone, take=False)
    for state, some in ((ConflictState.KEPT, kept), (ConflictState.ASKED, asked)):
        ids = [one.transaction_id for one in some]
        await conflicts.set_state(tx, tenant_id=job.tenant_id, ids=ids, state=state)
    await review_items.put(
        tx, tenant_id=job.tenant_id, job_id=job.id, items=[_question(one) for one in asked]
    )
    if asked:
        start = await ledger.next_finding(tx, job)
        await ledger.put_findings(tx, job, start=start, findings=[_finding(len(asked))])


async def _take(tx: Tx, job: Job, taken: Sequence[NotedConflict]) -> None:
    """The source's version counts; a group whose sum that changes holds no more."""
    await conflicts.settle_noted(tx, ids=[one.transaction_id for one in taken], take=True)
    broken = [one.transaction_id for one in taken if breaks(one.kind, one.stored, one.incoming)]
    groups = await reconciliations.of_transactions(tx, tenant_id=job.tenant_id, ids=broken)
    if groups:
        undone = set(groups.values())
        await reconciliations.undo_found(tx, tenant_id=job.tenant_id, ids=undone)
        data = [{"reconciliationId": str(one), "by": "conflict"} for one in sorted(undone)]
        await audit.record_each(tx, "reconciliation.undone", job=job, data=data)


def breaks(kind: ConflictKind, stored: Mapping[str, Any], incoming: Mapping[str, Any]) -> bool:
    """Whether a row is of its group no more once the source's version counts."""
    return kind is ConflictKind.REMOVED or any(
        stored.get(name) != incoming.get(name) for name in ("amount", "currency")
    )


def _question(conflict: NotedConflict) -> NewReviewItem:
    what = "takes this row back" if conflict.kind is ConflictKind.REMOVED else "changed this row"
    reason = ReviewReason(
        code=f"provider-{conflict.kind.value}",
        text=f"the source {what}, which somebody has vouched for or said something of",
        points=100,
    )
    return NewReviewItem(
        kind=ReviewKind.CONFLICT,
        key=key_of(conflict),
        score=100,
        rule_version=RULE_VERSION,
        transaction_id=conflict.transaction_id,
        account_id=conflict.account_id,
        reasons=(reason,),
        evidence={
            "conflict": conflict.kind.value,
            "stored": _version(conflict.stored),
            "incoming": _version(conflict.incoming),
        },
    )


def _version(version: Mapping[str, Any]) -> dict[str, str]:
    return {
        shown: str(version[name])[:_TEXT_MAX]
        for name, shown in _SHOWN.items()
        if version.get(name) is not None
    }


def _finding(rows: int) -> Finding:
    return Finding(
        Severity.WARNING,
        "conflict",
        f"The source contradicts {rows:,} transactions that are reconciled or that somebody said "
        "something of. They stay as they are: decide in the review which version counts.",
    )
