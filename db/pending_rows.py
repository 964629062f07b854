"""Rows that their source has not booked yet: which document says so last."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from uuid import UUID

from core.models import RawDocument
from db.merge import plan_anew, plan_as_usual
from db.queries import load
from db.session import Tx

_SQL = load("pending_rows")


class Pending(NamedTuple):
    """A row that is not booked yet: what it is known by, where it stands in its document, and until
    which day that tells of its account, where it says so."""

    mapping_id: UUID
    fingerprint: bytes
    occurrence: int
    content_key: int
    raw_line: int
    raw_line_end: int
    ends: date | None


async def seen_again(
    tx: Tx, *, tenant_id: UUID, document: RawDocument, rows: Sequence[Pending]
) -> None:
    """Lets rows that are pending, and come again as they stand, be of the document that says so."""
    await plan_anew(tx)
    columns = [list(column) for column in zip(*rows, strict=True)]
    await tx.run(_SQL["seen_again"], tenant_id, document.job_id, document.id, *columns)
    await plan_as_usual(tx)
