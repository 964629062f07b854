"""What jobs leave for users to read: raw documents, findings, and previews of a review."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from core.models import JobFinding, Outcome, PreviewRow, RawDocument
from core.page import Page
from core.records import Severity
from db import select
from db.select import Asked, Condition, Listing, Order
from db.session import Tx

DOCUMENTS: Final = Listing(source="app.raw_ingestion_data as r", alias="r")
FINDINGS: Final = Listing(source="app.ingestion_findings as f", alias="f")
FINDINGS_ORDER: Final = Order(
    name="findings", keys=(select.by_number("f.position"),), descending=False
)
PREVIEWS: Final = Listing(source="app.ingestion_previews as p", alias="p")
PREVIEWS_ORDER: Final = Order(
    name="previews", keys=(select.by_number("p.position"),), descending=False
)


def asked_findings(severity: Severity | None) -> Asked:
    """Findings in the order of their document."""
    where = [] if severity is None else [Condition("f.severity = {}", (severity,))]
    return Asked(where=where, order=FINDINGS_ORDER)


def asked_previews(outcome: Outcome | None) -> Asked:
    """Rows of a preview in the order of their document."""
    where = [] if outcome is None else [Condition("p.outcome = {}", (outcome,))]
    return Asked(where=where, order=PREVIEWS_ORDER)


async def documents(tx: Tx, *, tenant_id: UUID, ids: Sequence[UUID]) -> Mapping[UUID, RawDocument]:
    """Raw documents by id."""
    return await select.by_ids(tx, RawDocument, listing=DOCUMENTS, tenant_id=tenant_id, ids=ids)


async def findings(
    tx: Tx,
    *,
    tenant_id: UUID,
    job_ids: Sequence[UUID],
    severity: Severity | None,
    first: int,
    after: str | None,
) -> Mapping[UUID, Page[JobFinding]]:
    """The findings of each job, in the order of its document."""
    asked = asked_findings(severity)
    return await select.pages(
        tx,
        JobFinding,
        listing=FINDINGS,
        tenant_id=tenant_id,
        parent="f.job_id",
        parent_ids=job_ids,
        where=asked.where,
        order=asked.order,
        first=first,
        after=after,
    )


async def previews(
    tx: Tx,
    *,
    tenant_id: UUID,
    job_ids: Sequence[UUID],
    outcome: Outcome | None,
    first: int,
    after: str | None,
) -> Mapping[UUID, Page[PreviewRow]]:
    """What each job under review would do, row by row, in the order of its document."""
    asked = asked_previews(outcome)
    return await select.pages(
        tx,
        PreviewRow,
        listing=PREVIEWS,
        tenant_id=tenant_id,
        parent="p.job_id",
        parent_ids=job_ids,
        where=asked.where,
        order=asked.order,
        first=first,
        after=after,
    )
