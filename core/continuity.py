"""Balance continuity: what an account's days should come to, and what they do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from core.records import BalanceKind, TransactionStatus


class DayState(StrEnum):
    """Whether a day adds up."""

    PROVED = "proved"
    DIFFERS = "differs"
    UNSTATED = "unstated"  # no source states its end
    UNPROVED = "unproved"  # nothing states where it began


class Cause(StrEnum):
    """What may be the matter where a balance differs."""

    MISSING = "missing"
    EXTRA = "extra"
    DUPLICATE = "duplicate"
    SIGN = "sign"
    PENDING = "pending"
    REMOVED = "removed"
    REJECTED = "rejected"
    CONTRADICTION = "contradiction"
    SOURCE = "source"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySum:
    """What the booked rows of a day come to, without duplicates."""

    day: date
    amount: Decimal
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedBalance:
    """A balance as a document states it, the newest of its day first."""

    day: date
    kind: BalanceKind
    amount: Decimal
    raw_id: UUID
    job_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class DayProof:
    """A day: where it began, what was booked, where it should end and where it ends.

    `gap`: by how much the stated opening differs from where the days before ended. Whatever
    differs is of the days from `since` on.
    """

    day: date
    since: date
    opening: Decimal | None
    entries: Decimal
    rows: int
    stated: Decimal | None
    computed: Decimal | None
    difference: Decimal | None
    gap: Decimal | None
    state: DayState


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofRow:
    """A row as explanations look at it."""

    id: UUID
    day: date
    amount: Decimal
    status: TransactionStatus
    description: str
    raw_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """A row that stands as it was although its source says otherwise of it."""

    transaction_id: UUID
    day: date
    amount: Decimal
    said_day: date | None  # by the source; None: it has the row no more
    said_amount: Decimal | None
    said_currency: str | None
    is_kept: bool  # it was decided so
    review_item_id: UUID | None  # that asks who is right

    def effect(self, *, since: date, day: date, currency: str) -> Decimal:
        """What the days would come to more if its source were right."""
        said = Decimal(0)
        if self.said_day is not None and since <= self.said_day <= day:
            said = (self.said_amount or said) if self.said_currency == currency else said
        return said - self.amount if since <= self.day <= day else said


@dataclass(frozen=True, slots=True, kw_only=True)
class StatementProof:
    """What a document says of a span of days as a whole."""

    from_date: date | None
    to_date: date
    opening_balance: Decimal | None
    closing_balance: Decimal | None
    entries_sum: Decimal | None
    entries_count: int
    currency: str
    proof: str
    difference: Decimal | None
    raw_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """What would account for a difference, and the rows that it is about."""

    cause: Cause
    text: str
    amount: Decimal
    transaction_ids: tuple[UUID, ...] = ()
    review_item_id: UUID | None = None  # that asks about it


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference, in the days that it is of, and what may explain it, likeliest first."""

    since: date
    day: date
    expected: Decimal  # as it was stated
    found: Decimal  # as it comes out
    amount: Decimal
    explanations: tuple[Explanation, ...] = ()
