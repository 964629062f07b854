"""Asking: one question for each merchant whose category is suggested only; never one for each row.

What was looked at is noted by an instant, not by job: a job that failed or crashed after it had
written rows is looked at with the next one.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from core.models import Job
from core.reviews import NewReviewItem, ReviewKind, ReviewReason
from db import ledger, recurring, review_items
from db.recurring import Question
from pipeline.services import Services

QUESTIONS_MAX: Final = 500  # asked after one job: those of most rows
RULE_VERSION: Final = "categories-1"
KEY: Final = "category:{}"
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
# A transaction that began before the last look may have committed after it.
_OVERLAP: Final = timedelta(minutes=2)


async def since(job: Job, services: Services) -> datetime:
    """From when on rows of jobs are still to be looked at."""
    async with services.database.as_(services.scope(job)) as tx:
        looked_at = await recurring.looked_at(tx, tenant_id=job.tenant_id)
    return _NEVER if looked_at is None else looked_at - _OVERLAP


async def ask_categories(job: Job, services: Services) -> None:
    """Asks for merchants of new rows, and closes what was asked about those that have one now."""
    begun = await since(job, services)
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease)
        settled = await recurring.settled(tx, tenant_id=job.tenant_id, since=begun)
        await review_items.supersede(tx, tenant_id=job.tenant_id, keys=settled)
        questions = await recurring.questions(
            tx, tenant_id=job.tenant_id, since=begun, most=QUESTIONS_MAX
        )
        await review_items.put(
            tx,
            tenant_id=job.tenant_id,
            job_id=job.id,
            items=[_item(question) for question in questions],
        )


def _item(question: Question) -> NewReviewItem:
    return NewReviewItem(
        kind=ReviewKind.CATEGORY,
        key=KEY.format(question.merchant_key),
        score=question.confidence,
        rule_version=RULE_VERSION,
        transaction_id=question.transaction_id,
        account_id=question.account_id,
        reasons=(
            ReviewReason(code=question.origin, text=question.reason, points=question.confidence),
        ),
        evidence={
            "merchantKey": question.merchant_key,
            "merchant": question.merchant,
            "category": question.category,
            "code": question.code,
            "rows": question.rows,
        },
    )
