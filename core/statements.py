"""Statements as the rest of the code sees them: what a source states, and what that proves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID


class Proof(StrEnum):
    """Whether the balances of a statement prove its rows."""

    HOLDS = "holds"
    FAILS = "fails"
    UNPROVEN = "unproven"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A source's statement of one account, as a document tells it."""

    id: UUID
    account_id: UUID
    mapping_id: UUID
    job_id: UUID
    raw_id: UUID
    raw_line: int
    raw_line_end: int
    ordinal: int  # among the statements of its document
    statement_number: str | None
    from_date: date | None
    to_date: date | None
    opening_balance: Decimal | None
    closing_balance: Decimal | None
    entries_sum: Decimal | None  # None: the rows are of several currencies
    entries_count: int
    currency: str
    proof: Proof
    difference: Decimal | None
    created_at: datetime
