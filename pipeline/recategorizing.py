"""Recategorizing: asks the evidence anew about the rows of a connection that stand."""

from __future__ import annotations

import time
from uuid import UUID

from core.jobs import JobStage, JobState
from core.models import Job
from db import category_evidence, ledger
from db.category_evidence import START, Page, RowKey
from db.ledger import Counts
from db.session import Tx
from pipeline.categorizing import Categorizer
from pipeline.following import follow
from pipeline.services import Services


async def recategorize(job: Job, services: Services) -> JobState:
    """Judges each row by the evidence as it is now, and writes what is judged otherwise.

    What members chose is in columns of its own and stays. May be repeated after a crash: rows that
    are as they are judged are left alone.
    """
    async with services.database.as_(services.scope(job)) as tx:
        await ledger.renew(tx, job, lease=services.lease, stage=JobStage.CATEGORIZE)
        await ledger.start_over(tx, job)
        total = await category_evidence.count_of_connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        mappings = await category_evidence.mappings_of_connection(
            tx, tenant_id=job.tenant_id, connection_id=job.connection_id
        )
        await ledger.renew(tx, job, lease=services.lease, total=total)
    await services.tell(job)
    categorizer = Categorizer(tenant_id=job.tenant_id)
    started, seen = time.monotonic(), 0
    for mapping_id in mappings:
        after: RowKey | None = START
        while after is not None:
            async with services.database.as_(services.scope(job)) as tx:
                page = await category_evidence.page_of_mapping(
                    tx,
                    tenant_id=job.tenant_id,
                    mapping_id=mapping_id,
                    after=after,
                    most=services.batch_records,
                )
                judged = await categorizer.decide(tx, [row.subject for row in page.rows])
                changed = await category_evidence.write(
                    tx,
                    tenant_id=job.tenant_id,
                    verdicts=[
                        (row.id, verdict)
                        for row, verdict in zip(page.rows, judged, strict=True)
                        if verdict != row.verdict
                    ],
                )
                seen += _standing(page)
                counts = Counts(processed=_standing(page), changed=changed)
                rate = round(seen / max(time.monotonic() - started, 0.001))
                # No checkpoint: rows that are judged already are quick to pass.
                await ledger.advance(
                    tx, job, lease=services.lease, checkpoint=0, counts=counts, rate=rate
                )
            after = page.last
            await services.tell(job)
    await follow(job, services)
    async with services.database.as_(services.scope(job)) as tx:
        state = await ledger.finish(tx, job)
    await services.tell_rows(job)
    return state


async def follow_account(
    tx: Tx, categorizer: Categorizer, *, tenant_id: UUID, mapping_id: UUID, after: RowKey, most: int
) -> None:
    """Judges rows anew that have moved to another account, where a rule asks for accounts: what it
    said of the one before does not hold here, and what it says of this one does. All else stays
    until somebody applies the rules."""
    asking = (await categorizer.judge(tx)).account_rules
    if not asking:
        return
    page = await category_evidence.page_of_mapping(
        tx, tenant_id=tenant_id, mapping_id=mapping_id, after=after, most=most
    )
    judged = await categorizer.decide(tx, [row.subject for row in page.rows])
    await category_evidence.write(
        tx,
        tenant_id=tenant_id,
        verdicts=[
            (row.id, verdict)
            for row, verdict in zip(page.rows, judged, strict=True)
            if verdict != row.verdict and asking & {verdict.rule_id, row.verdict.rule_id}
        ],
    )


def _standing(page: Page) -> int:
    return sum(row.stands for row in page.rows)
