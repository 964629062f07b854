"""Rows that stand already under other ids of their source."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from core.models import RawDocument
from db.merge import plan_anew, plan_as_usual
from db.queries import load
from db.session import Tx

_SQL = load("renumbered")


class Named(NamedTuple):
    """A row that has an id of its source: where it goes, where it stands, and what it says."""

    mapping_id: UUID
    account_id: UUID
    raw_line: int
    external_id: str
    sort_date: date
    amount: Decimal
    currency: str
    description: str


class Renumbered(NamedTuple):
    """How many rows, and the line of the first."""

    line: int
    rows: int


async def renumbered(
    tx: Tx,
    *,
    tenant_id: UUID,
    document: RawDocument,
    rows: Sequence[Named],
    known: Sequence[bytes],
) -> Renumbered | None:
    """Those of these rows that another document has under another id; `known`: fingerprints that
    this document has too."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    await plan_anew(tx)
    found = await tx.row(_SQL["renumbered"], tenant_id, document.id, *columns, known)
    await plan_as_usual(tx)
    assert found is not None
    return Renumbered(found["raw_line"], found["rows"]) if found["rows"] else None
